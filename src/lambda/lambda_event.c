#include "lambda/lambda_event.h"

#include "base/encode.h"

#include <ctype.h>
#include <string.h>

/* More than the API takes, so that it is the API that refuses. */
#define TARGET_MAX_BYTES 16384u
#define COOKIES_MAX_BYTES 16384u

bool lambda_event_is_request(const json_t *event)
{
    return json_is_object(json_object_get(event, "requestContext")) &&
           (json_is_string(json_object_get(event, "httpMethod")) ||
            json_is_string(json_object_get(event, "rawPath")));
}

struct bytes lambda_request_header(const struct lambda_request *request, const char *name,
                                   bool *found)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (bytes_equal_nocase(request->headers[i].name, bytes_of_str(name))) {
            *found = true;
            return request->headers[i].value;
        }
    }
    *found = false;
    return (struct bytes){0};
}

static struct bytes text_of(const json_t *value)
{
    return bytes_of(json_string_value(value), json_string_length(value));
}

/* Maps may be null or absent. */
static bool is_map(const json_t *value)
{
    return value == NULL || json_is_null(value) || json_is_object(value);
}

/* Calls add for each text of a map of texts, or of lists of texts. False when it is anything else.
 */
static bool each_text(const json_t *map, void *arg,
                      void (*add)(void *arg, const char *name, struct bytes value))
{
    json_t *members = (json_t *)(uintptr_t)map; /* Jansson's iterators want it so */
    for (void *i = json_object_iter(members); i != NULL; i = json_object_iter_next(members, i)) {
        const json_t *value = json_object_iter_value(i);
        size_t count = json_is_array(value) ? json_array_size(value) : 1;
        for (size_t k = 0; k < count; k++) {
            const json_t *text = json_is_array(value) ? json_array_get(value, k) : value;
            if (!json_is_string(text))
                return false;
            add(arg, json_object_iter_key(i), text_of(text));
        }
    }
    return true;
}

/* The lists of payload 1.0 if they are there, else the single values. */
static const json_t *fuller_map(const json_t *event, const char *lists, const char *singles)
{
    const json_t *map = json_object_get(event, lists);
    return json_object_size(map) > 0 ? map : json_object_get(event, singles);
}

/* --- headers --- */

static bool is_field_value(struct bytes value)
{
    for (size_t i = 0; i < value.n; i++) {
        if ((value.p[i] < 0x20 && value.p[i] != '\t') || value.p[i] == 0x7f)
            return false;
    }
    return true;
}

static void add_header(void *arg, const char *name, struct bytes value)
{
    struct lambda_request *out = arg;
    if (out->header_count == LAMBDA_HEADERS_MAX)
        out->refusal = ERR_HEADERS_TOO_LARGE;
    else if (!is_field_value(value))
        out->refusal = ERR_INVALID_REQUEST;
    else
        out->headers[out->header_count++] =
            (struct lambda_header){bytes_of_str(name), bytes_trim(value)};
}

static bool read_headers(const json_t *event, struct lambda_request *out)
{
    const json_t *map = fuller_map(event, "multiValueHeaders", "headers");
    return is_map(map) && each_text(map, out, add_header);
}

/* Payload 2.0 takes cookies out of the headers. */
static bool read_cookie_list(const json_t *event, struct lambda_request *out)
{
    const json_t *cookies = json_object_get(event, "cookies");
    if (cookies != NULL && !json_is_null(cookies) && !json_is_array(cookies))
        return false;
    for (size_t i = 0; i < json_array_size(cookies); i++) {
        if (!json_is_string(json_array_get(cookies, i)))
            return false;
        add_header(out, "cookie", text_of(json_array_get(cookies, i)));
    }
    return true;
}

/* Several lines of cookies, which HTTP/2 allows, are one (RFC 9113 section 8.2.3). */
static void join_cookies(struct arena *arena, struct lambda_request *out)
{
    struct buffer joined;
    size_t first = LAMBDA_HEADERS_MAX;
    size_t count = 0;
    buffer_init(&joined, COOKIES_MAX_BYTES);
    for (size_t i = 0; i < out->header_count; i++) {
        if (!bytes_equal_nocase(out->headers[i].name, BYTES_LIT("cookie")))
            continue;
        if (count++ == 0)
            first = i;
        else
            buffer_append_str(&joined, "; ");
        buffer_append(&joined, out->headers[i].value);
    }
    if (count > 1)
        out->headers[first].value = arena_copy(arena, buffer_bytes(&joined));
    if (!buffer_ok(&joined))
        out->refusal = ERR_HEADERS_TOO_LARGE;
    buffer_fini(&joined);
}

/* --- the target --- */

static bool is_encoding(struct bytes text, size_t at)
{
    return text.n - at > 2 && isxdigit(text.p[at + 1]) && isxdigit(text.p[at + 2]);
}

/* API Gateway decodes paths, though not all of them: an encoding that is still there stays, and
 * what may not stand in a target is encoded. The same does for a raw query. */
static void append_raw(struct buffer *out, struct bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        bool stays = c == '%' ? is_encoding(text, i)
                              : c > ' ' && c < 0x7f && strchr("?#\"<>\\^`{|}", c) == NULL;
        if (stays)
            buffer_append_u8(out, c);
        else
            encode_percent(out, bytes_of(&c, 1));
    }
}

static void append_path(struct buffer *out, struct bytes path, const char *stage_prefix)
{
    struct bytes prefix = bytes_of_str(stage_prefix);
    if (prefix.n > 0 && bytes_starts_with(path, prefix) &&
        (path.n == prefix.n || path.p[prefix.n] == '/'))
        path = bytes_slice(path, prefix.n, path.n);
    append_raw(out, path.n == 0 ? BYTES_LIT("/") : path);
}

struct query {
    struct buffer *out;
    bool begun;
};

static void append_parameter(void *arg, const char *name, struct bytes value)
{
    struct query *query = arg;
    buffer_append_u8(query->out, query->begun ? '&' : '?');
    query->begun = true;
    encode_percent(query->out, bytes_of_str(name));
    buffer_append_u8(query->out, '=');
    encode_percent(query->out, value);
}

/* Payload 1.0 brings the parameters decoded. */
static bool append_decoded_query(struct buffer *out, const json_t *event)
{
    struct query query = {.out = out};
    const json_t *map =
        fuller_map(event, "multiValueQueryStringParameters", "queryStringParameters");
    return is_map(map) && each_text(map, &query, append_parameter);
}

static void append_raw_query(struct buffer *out, const json_t *event)
{
    struct bytes query = {0};
    (void)json_get_bytes(event, "rawQueryString", &query);
    if (query.n == 0)
        return;
    buffer_append_u8(out, '?');
    append_raw(out, query);
}

static bool read_target(const json_t *event, const char *stage_prefix, struct arena *arena,
                        struct lambda_request *out)
{
    struct buffer target;
    struct bytes path;
    bool first = out->payload == LAMBDA_PAYLOAD_1;
    if (!json_get_bytes(event, first ? "path" : "rawPath", &path))
        return false;
    buffer_init(&target, TARGET_MAX_BYTES);
    append_path(&target, path, stage_prefix);
    bool ok = true;
    if (first)
        ok = append_decoded_query(&target, event);
    else
        append_raw_query(&target, event);
    if (buffer_ok(&target))
        out->target = arena_str(arena, buffer_bytes(&target));
    else
        out->refusal = ERR_URI_TOO_LONG;
    buffer_fini(&target);
    return ok;
}

/* --- the rest --- */

static bool method_from_text(struct bytes text, enum api_method *out)
{
    static const char *const names[] = {
        [API_GET] = "GET",         [API_HEAD] = "HEAD",   [API_POST] = "POST",
        [API_PUT] = "PUT",         [API_PATCH] = "PATCH", [API_DELETE] = "DELETE",
        [API_OPTIONS] = "OPTIONS",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (bytes_equal_str(text, names[i])) {
            *out = (enum api_method)i;
            return true;
        }
    }
    return false;
}

static bool read_context(const json_t *event, struct arena *arena, struct lambda_request *out)
{
    const json_t *context = json_object_get(event, "requestContext");
    const json_t *http = json_object_get(context, "http");
    const json_t *identity = json_object_get(context, "identity");
    struct bytes method;
    struct bytes address = {0};
    bool first = out->payload == LAMBDA_PAYLOAD_1;
    if (!json_get_bytes(first ? event : http, first ? "httpMethod" : "method", &method))
        return false;
    if (!method_from_text(method, &out->method))
        out->refusal = ERR_METHOD_NOT_ALLOWED;
    if (json_get_bytes(first ? identity : http, "sourceIp", &address))
        out->client_address = arena_str(arena, address);
    return true;
}

/* In the arena, as an exception: Lambda's payload limit is its ceiling. */
static bool read_body(const json_t *event, struct arena *arena, struct bytes *out)
{
    const json_t *body = json_object_get(event, "body");
    if (body == NULL || json_is_null(body))
        return true;
    if (!json_is_string(body))
        return false;
    if (json_is_true(json_object_get(event, "isBase64Encoded")))
        return encode_base64_decode(arena, text_of(body), out);
    *out = text_of(body);
    return true;
}

bool lambda_event_read(const json_t *event, const char *stage_prefix, struct arena *arena,
                       struct lambda_request *out, const char **fault)
{
    struct bytes version = {0};
    *out = (struct lambda_request){.payload = LAMBDA_PAYLOAD_1, .target = "/"};
    if (json_get_bytes(event, "version", &version) && bytes_equal_str(version, "2.0"))
        out->payload = LAMBDA_PAYLOAD_2;
    *fault = "the event names no method";
    if (!read_context(event, arena, out))
        return false;
    *fault = "the event's path or query is malformed";
    if (!read_target(event, stage_prefix, arena, out))
        return false;
    *fault = "the event's headers are malformed";
    if (!read_headers(event, out) || !read_cookie_list(event, out))
        return false;
    join_cookies(arena, out);
    *fault = "the event's body is malformed";
    return read_body(event, arena, &out->body);
}
