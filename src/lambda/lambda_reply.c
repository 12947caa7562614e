#include "lambda/lambda_reply.h"

#include "base/encode.h"

#include <string.h>
#include <strings.h>

static const char *header_of(const struct api_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->header_count; i++) {
        if (strcasecmp(reply->headers[i].name, name) == 0)
            return reply->headers[i].value;
    }
    return "";
}

static bool is_text(const struct api_reply *reply, struct bytes body)
{
    const char *type = header_of(reply, "Content-Type");
    bool named = strncmp(type, "text/", 5) == 0 || strncmp(type, "application/json", 16) == 0 ||
                 strncmp(type, "application/problem+json", 24) == 0 ||
                 strncmp(type, "application/jwk-set+json", 24) == 0;
    return body.n == 0 ||
           (named && header_of(reply, "Content-Encoding")[0] == '\0' && bytes_is_utf8(body));
}

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

static void write_base64(struct buffer *out, struct bytes body)
{
    buffer_append_u8(out, '"');
    encode_base64(out, body);
    buffer_append_u8(out, '"');
}

void lambda_reply_write(struct buffer *out, enum lambda_payload payload,
                        const struct api_reply *reply, struct bytes body)
{
    bool text = is_text(reply, body);
    json_t *cookies = json_array();
    json_t *headers = payload == LAMBDA_PAYLOAD_1 ? headers_1(reply) : headers_2(reply, cookies);
    buffer_printf(out, "{\"statusCode\":%u,\"%s\":", reply->status,
                  payload == LAMBDA_PAYLOAD_1 ? "multiValueHeaders" : "headers");
    json_write(out, headers);
    if (payload == LAMBDA_PAYLOAD_2) {
        buffer_append_str(out, ",\"cookies\":");
        json_write(out, cookies);
    }
    buffer_printf(out, ",\"isBase64Encoded\":%s,\"body\":", text ? "false" : "true");
    if (text)
        json_write_string(out, body);
    else
        write_base64(out, body);
    buffer_append_u8(out, '}');
    json_decref(headers);
    json_decref(cookies);
}
