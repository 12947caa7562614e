#include "lambda/lambda_reply.h"

#include "base/encode.h"

#include <string.h>
#include <strings.h>

/* Text that would become longer than base64 does goes as base64. */
#define QUOTED_MAX_BYTES (LAMBDA_REPLY_BODY_MAX / 3 * 4)

const char *lambda_reply_header(const struct api_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->header_count; i++) {
        if (strcasecmp(reply->headers[i].name, name) == 0)
            return reply->headers[i].value;
    }
    return NULL;
}

/* An upper bound of what json_write_string makes of it. */
static size_t quoted_bytes(struct bytes text)
{
    size_t n = 2;
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        bool is_short = c == '"' || c == '\\' || (c >= '\b' && c <= '\r' && c != '\v');
        n += is_short ? 2 : c < 0x20 ? strlen("\\u0000") : 1;
    }
    return n;
}

static bool is_named_text(const char *type)
{
    static const char *const prefixes[] = {"text/", "application/json", "application/problem+json",
                                           "application/jwk-set+json"};
    for (size_t i = 0; type != NULL && i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (strncasecmp(type, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    }
    return false;
}

static bool is_text(const struct api_reply *reply, struct bytes body)
{
    return body.n == 0 || (is_named_text(lambda_reply_header(reply, "Content-Type")) &&
                           bytes_is_utf8(body) && quoted_bytes(body) <= QUOTED_MAX_BYTES);
}

/* Lists of values, for Set-Cookie. */
static json_t *headers_1(const struct api_reply *reply)
{
    json_t *all = json_object();
    for (size_t i = 0; i < reply->header_count; i++) {
        json_t *values = json_object_get(all, reply->headers[i].name);
        if (values == NULL) {
            values = json_array();
            json_object_set_new(all, reply->headers[i].name, values);
        }
        json_array_append_new(values, json_string(reply->headers[i].value));
    }
    return all;
}

static json_t *headers_2(const struct api_reply *reply, json_t *cookies)
{
    json_t *all = json_object();
    for (size_t i = 0; i < reply->header_count; i++) {
        json_t *value = json_string(reply->headers[i].value);
        if (strcasecmp(reply->headers[i].name, "Set-Cookie") == 0)
            json_array_append_new(cookies, value);
        else
            json_object_set_new(all, reply->headers[i].name, value);
    }
    return all;
}

static void write_body(struct buffer *out, const struct api_reply *reply, struct bytes body)
{
    bool text = is_text(reply, body);
    buffer_printf(out, ",\"isBase64Encoded\":%s,\"body\":", text ? "false" : "true");
    if (text) {
        json_write_string(out, body);
        return;
    }
    buffer_append_u8(out, '"');
    encode_base64(out, body);
    buffer_append_u8(out, '"');
}

void lambda_reply_write(struct buffer *out, enum lambda_payload payload,
                        const struct api_reply *reply, struct bytes body)
{
    bool first = payload == LAMBDA_PAYLOAD_1;
    json_t *cookies = json_array();
    json_t *headers = first ? headers_1(reply) : headers_2(reply, cookies);
    buffer_printf(out, "{\"statusCode\":%u,\"%s\":", reply->status,
                  first ? "multiValueHeaders" : "headers");
    json_write(out, headers);
    if (json_array_size(cookies) > 0) {
        buffer_append_str(out, ",\"cookies\":");
        json_write(out, cookies);
    }
    write_body(out, reply, body);
    buffer_append_u8(out, '}');
    json_decref(headers);
    json_decref(cookies);
}
