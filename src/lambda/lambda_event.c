#include "lambda/lambda_event.h"

#include "base/encode.h"

#include <string.h>

#define TARGET_MAX_BYTES 16384u

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

static bool read_method(struct bytes text, enum api_method *out)
{
    static const struct {
        const char *name;
        enum api_method method;
    } methods[] = {{"GET", API_GET},        {"HEAD", API_HEAD},   {"POST", API_POST},
                   {"PUT", API_PUT},        {"PATCH", API_PATCH}, {"DELETE", API_DELETE},
                   {"OPTIONS", API_OPTIONS}};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (bytes_equal_str(text, methods[i].name)) {
            *out = methods[i].method;
            return true;
        }
    }
    return false;
}

static struct bytes text_of(const json_t *value)
{
    return bytes_of(json_string_value(value), json_string_length(value));
}

static bool add_header(struct lambda_request *out, const char *name, const json_t *value)
{
    if (!json_is_string(value) || out->header_count == LAMBDA_HEADERS_MAX)
        return false;
    out->headers[out->header_count++] = (struct lambda_header){bytes_of_str(name), text_of(value)};
    return true;
}

/* Headers with one value each, or, of payload 1.0, with a list of them. */
static bool read_headers(const json_t *single, const json_t *multiple, struct lambda_request *out)
{
    const char *name;
    json_t *value;
    bool ok = true;
    if (json_is_object(multiple)) {
        void *i = json_object_iter((json_t *)(uintptr_t)multiple);
        for (; ok && i != NULL; i = json_object_iter_next((json_t *)(uintptr_t)multiple, i)) {
            json_t *values = json_object_iter_value(i);
            ok = json_is_array(values);
            for (size_t k = 0; ok && k < json_array_size(values); k++)
                ok = add_header(out, json_object_iter_key(i), json_array_get(values, k));
        }
        return ok;
    }
    if (single == NULL || json_is_null(single))
        return true;
    if (!json_is_object(single))
        return false;
    json_object_foreach((json_t *)(uintptr_t)single, name, value)
    {
        if (!add_header(out, name, value))
            return false;
    }
    return true;
}

/* --- the target --- */

/* Payload 1.0 brings the path decoded in part: what may not stand in a target is encoded, and an
 * encoding that is there stays. */
static void append_path(struct buffer *out, struct bytes path)
{
    for (size_t i = 0; i < path.n; i++) {
        uint8_t c = path.p[i];
        if (c == '%' || c == '/' || (c > ' ' && c < 0x7f && strchr("?#\"<>\\^`{|}", c) == NULL))
            buffer_append_u8(out, c);
        else
            encode_percent(out, bytes_of(&c, 1));
    }
}

static void append_parameter(struct buffer *out, bool *first, const char *name, struct bytes value)
{
    buffer_append_u8(out, *first ? '?' : '&');
    *first = false;
    encode_percent(out, bytes_of_str(name));
    buffer_append_u8(out, '=');
    encode_percent(out, value);
}

/* Payload 1.0 brings parameters decoded. */
static bool append_query(struct buffer *out, const json_t *single, const json_t *multiple)
{
    const json_t *all = json_is_object(multiple) ? multiple : single;
    const char *name;
    json_t *value;
    bool first = true;
    if (all == NULL || json_is_null(all))
        return true;
    if (!json_is_object(all))
        return false;
    json_object_foreach((json_t *)(uintptr_t)all, name, value)
    {
        if (json_is_string(value)) {
            append_parameter(out, &first, name, text_of(value));
        } else if (json_is_array(value)) {
            for (size_t i = 0; i < json_array_size(value); i++)
                append_parameter(out, &first, name, text_of(json_array_get(value, i)));
        } else {
            return false;
        }
    }
    return true;
}

static const char *finish_target(struct arena *arena, struct buffer *target, bool ok)
{
    const char *text = NULL;
    if (ok && buffer_ok(target) && target->n > 0 && target->p[0] == '/')
        text = arena_str(arena, buffer_bytes(target));
    buffer_fini(target);
    return text;
}

static const char *target_1(const json_t *event, struct arena *arena)
{
    struct buffer target;
    struct bytes path;
    buffer_init(&target, TARGET_MAX_BYTES);
    bool ok = json_get_bytes(event, "path", &path);
    if (ok) {
        append_path(&target, path);
        ok = append_query(&target, json_object_get(event, "queryStringParameters"),
                          json_object_get(event, "multiValueQueryStringParameters"));
    }
    return finish_target(arena, &target, ok);
}

static const char *target_2(const json_t *event, const char *stage_prefix, struct arena *arena)
{
    struct buffer target;
    struct bytes path;
    struct bytes query = {0};
    struct bytes prefix = bytes_of_str(stage_prefix);
    buffer_init(&target, TARGET_MAX_BYTES);
    bool ok = json_get_bytes(event, "rawPath", &path);
    (void)json_get_bytes(event, "rawQueryString", &query);
    if (ok && prefix.n > 0 && bytes_starts_with(path, prefix) &&
        (path.n == prefix.n || path.p[prefix.n] == '/'))
        path = bytes_slice(path, prefix.n, path.n);
    if (ok && path.n == 0)
        path = BYTES_LIT("/");
    append_path(&target, path);
    if (query.n > 0)
        buffer_append_u8(&target, '?');
    append_path(&target, query);
    return finish_target(arena, &target, ok);
}

/* --- the rest --- */

static bool read_body(const json_t *event, struct arena *arena, struct bytes *out)
{
    const json_t *body = json_object_get(event, "body");
    *out = (struct bytes){0};
    if (body == NULL || json_is_null(body))
        return true;
    if (!json_is_string(body))
        return false;
    if (!json_is_true(json_object_get(event, "isBase64Encoded"))) {
        *out = text_of(body);
        return true;
    }
    return encode_base64_decode(arena, text_of(body), out);
}

/* Payload 2.0 takes cookies out of the headers. */
static bool read_cookies(const json_t *cookies, struct arena *arena, struct lambda_request *out)
{
    struct buffer joined;
    bool ok = true;
    if (cookies == NULL || json_is_null(cookies) || json_array_size(cookies) == 0)
        return true;
    buffer_init(&joined, TARGET_MAX_BYTES);
    for (size_t i = 0; ok && i < json_array_size(cookies); i++) {
        ok = json_is_string(json_array_get(cookies, i));
        if (ok && i > 0)
            buffer_append_str(&joined, "; ");
        if (ok)
            buffer_append(&joined, text_of(json_array_get(cookies, i)));
    }
    ok = ok && buffer_ok(&joined) && out->header_count < LAMBDA_HEADERS_MAX;
    if (ok)
        out->headers[out->header_count++] =
            (struct lambda_header){BYTES_LIT("cookie"), arena_copy(arena, buffer_bytes(&joined))};
    buffer_fini(&joined);
    return ok;
}

static bool read_context(const json_t *event, struct arena *arena, struct lambda_request *out)
{
    const json_t *context = json_object_get(event, "requestContext");
    const json_t *http = json_object_get(context, "http");
    const json_t *identity = json_object_get(context, "identity");
    struct bytes method;
    struct bytes address = {0};
    bool first = out->payload == LAMBDA_PAYLOAD_1;
    (void)json_get_bytes(first ? identity : http, "sourceIp", &address);
    out->client_address = address.n == 0 ? NULL : arena_str(arena, address);
    return json_get_bytes(first ? event : http, first ? "httpMethod" : "method", &method) &&
           read_method(method, &out->method);
}

bool lambda_event_read(const json_t *event, const char *stage_prefix, struct arena *arena,
                       struct lambda_request *out, const char **fault)
{
    struct bytes version = {0};
    *out = (struct lambda_request){.payload = LAMBDA_PAYLOAD_1};
    if (json_get_bytes(event, "version", &version) && bytes_equal_str(version, "2.0"))
        out->payload = LAMBDA_PAYLOAD_2;
    bool first = out->payload == LAMBDA_PAYLOAD_1;
    *fault = "the method is not one that is known";
    if (!read_context(event, arena, out))
        return false;
    *fault = "the path or the query is malformed";
    out->target = first ? target_1(event, arena) : target_2(event, stage_prefix, arena);
    if (out->target == NULL)
        return false;
    *fault = "the headers are malformed, or too many";
    if (!read_headers(json_object_get(event, "headers"),
                      first ? json_object_get(event, "multiValueHeaders") : NULL, out) ||
        !read_cookies(json_object_get(event, "cookies"), arena, out))
        return false;
    *fault = "the body is malformed";
    return read_body(event, arena, &out->body);
}
