#include "aws/dynamo/dynamo_item.h"

#include "base/encode.h"

#include <inttypes.h>
#include <stdio.h>

#define NUMBER_BYTES 24u

static void set(json_t *item, const char *name, const char *type, json_t *value)
{
    json_t *attribute = json_object();
    json_object_set_new(attribute, type, value);
    json_object_set_new(item, name, attribute);
}

void dynamo_item_set_text(json_t *item, const char *name, struct bytes text)
{
    set(item, name, "S", json_from_bytes(text));
}

void dynamo_item_set_uuid(json_t *item, const char *name, const struct uuid *id)
{
    set(item, name, "S", json_from_uuid(id));
}

void dynamo_item_set_number(json_t *item, const char *name, int64_t number)
{
    char text[NUMBER_BYTES];
    (void)snprintf(text, sizeof text, "%" PRId64, number);
    set(item, name, "N", json_string(text));
}

void dynamo_item_set_flag(json_t *item, const char *name, bool flag)
{
    set(item, name, "BOOL", json_boolean(flag));
}

void dynamo_item_set_binary(json_t *item, const char *name, struct bytes data)
{
    struct buffer text;
    buffer_init(&text, data.n * 2 + 4);
    encode_base64(&text, data);
    set(item, name, "B", json_from_bytes(buffer_bytes(&text)));
    buffer_fini(&text);
}

void dynamo_item_set_map(json_t *item, const char *name, json_t *map)
{
    set(item, name, "M", map);
}

bool dynamo_item_has(const json_t *item, const char *name)
{
    return json_object_get(item, name) != NULL;
}

bool dynamo_item_text(const json_t *item, const char *name, struct bytes *out)
{
    return json_get_bytes(json_object_get(item, name), "S", out);
}

bool dynamo_item_uuid(const json_t *item, const char *name, struct uuid *out)
{
    struct bytes text;
    return dynamo_item_text(item, name, &text) && uuid_parse(text, out);
}

bool dynamo_item_number(const json_t *item, const char *name, int64_t *out)
{
    struct bytes text;
    uint64_t magnitude;
    if (!json_get_bytes(json_object_get(item, name), "N", &text))
        return false;
    bool negative = bytes_starts_with(text, BYTES_LIT("-"));
    if (!bytes_to_u64(bytes_slice(text, negative, text.n), INT64_MAX, &magnitude))
        return false;
    *out = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    return true;
}

bool dynamo_item_binary(const json_t *item, const char *name, struct arena *arena,
                        struct bytes *out)
{
    struct bytes text;
    return json_get_bytes(json_object_get(item, name), "B", &text) &&
           encode_base64_decode(arena, text, out);
}

bool dynamo_item_map(const json_t *item, const char *name, const json_t **out)
{
    const json_t *map = json_object_get(json_object_get(item, name), "M");
    if (!json_is_object(map))
        return false;
    *out = map;
    return true;
}

int64_t dynamo_item_number_or(const json_t *item, const char *name, int64_t otherwise)
{
    int64_t number = otherwise;
    (void)dynamo_item_number(item, name, &number);
    return number;
}

bool dynamo_item_flag(const json_t *item, const char *name)
{
    return json_is_true(json_object_get(json_object_get(item, name), "BOOL"));
}
