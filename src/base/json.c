#include "base/json.h"

#include "base/clock.h"
#include "base/mem.h"

#include <malloc.h>
#include <stdlib.h>

static void free_cleansed(void *p)
{
    mem_cleanse(p, malloc_usable_size(p));
    free(p);
}

void json_cleanse_freed(void)
{
    json_set_alloc_funcs(malloc, free_cleansed);
}

/* Jansson calls itself for every level, up to 2048, which is more than a small stack may hold.
 * Right as far as text is JSON, and Jansson reads no further. */
static bool is_too_deep(struct bytes text)
{
    size_t depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '[') && ++depth > JSON_DEPTH_MAX)
            return true;
        else if (!quoted && (c == '}' || c == ']') && depth > 0)
            depth--;
    }
    return false;
}

static json_t *parse_object(struct bytes text, size_t flags, json_error_t *error)
{
    if (is_too_deep(text))
        return NULL;
    json_t *value = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES | flags, error);
    if (value != NULL && !json_is_object(value)) {
        json_decref(value);
        return NULL;
    }
    return value;
}

json_t *json_parse_object(struct bytes text)
{
    return parse_object(text, 0, NULL);
}

json_t *json_parse_quoting(struct bytes text, bool *nul_in_name)
{
    json_error_t error = {0};
    json_t *value = parse_object(text, JSON_ALLOW_NUL, &error);
    *nul_in_name = value == NULL && json_error_code(&error) == json_error_null_byte_in_key;
    return value;
}

bool json_get_bytes(const json_t *object, const char *name, struct bytes *out)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_string(value))
        return false;
    *out = bytes_of(json_string_value(value), json_string_length(value));
    return true;
}

bool json_get_int(const json_t *object, const char *name, int64_t *out)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_integer(value))
        return false;
    *out = json_integer_value(value);
    return true;
}

bool json_has(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return value != NULL && !json_is_null(value);
}

static int append_chunk(const char *text, size_t n, void *out)
{
    buffer_append(out, bytes_of(text, n));
    return 0;
}

void json_write(struct buffer *out, const json_t *value)
{
    if (json_dump_callback(value, append_chunk, out, JSON_COMPACT | JSON_ENCODE_ANY) != 0)
        abort();
}

static bool is_escaped(uint8_t c)
{
    return c < 0x20 || c == '"' || c == '\\';
}

static void append_escape(struct buffer *out, uint8_t c)
{
    static const char names[0x20] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    if (c < 0x20 && names[c] == '\0') {
        buffer_printf(out, "\\u%04X", c);
        return;
    }
    buffer_append_u8(out, '\\');
    buffer_append_u8(out, c < 0x20 ? (uint8_t)names[c] : c);
}

void json_write_string(struct buffer *out, struct bytes text)
{
    size_t done = 0;
    buffer_append_u8(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        if (!is_escaped(text.p[i]))
            continue;
        buffer_append(out, bytes_slice(text, done, i - done));
        append_escape(out, text.p[i]);
        done = i + 1;
    }
    buffer_append(out, bytes_slice(text, done, SIZE_MAX));
    buffer_append_u8(out, '"');
}

void json_write_uuid(struct buffer *out, const struct uuid *u)
{
    char text[UUID_TEXT_BYTES];
    uuid_format(u, text);
    json_write_string(out, bytes_of(text, UUID_TEXT_BYTES - 1));
}

void json_write_time(struct buffer *out, int64_t unix_ms)
{
    char text[CLOCK_RFC3339_BYTES];
    if (unix_ms == 0) {
        buffer_append_str(out, "null");
        return;
    }
    clock_rfc3339(unix_ms, text);
    json_write_string(out, bytes_of(text, CLOCK_RFC3339_BYTES - 1));
}

json_t *json_from_bytes(struct bytes text)
{
    json_t *value = json_stringn((const char *)text.p, text.n);
    return value == NULL ? json_null() : value;
}

json_t *json_from_uuid(const struct uuid *u)
{
    char text[UUID_TEXT_BYTES];
    uuid_format(u, text);
    return json_stringn_nocheck(text, UUID_TEXT_BYTES - 1);
}

json_t *json_from_time(int64_t unix_ms)
{
    if (unix_ms == 0)
        return json_null();
    char text[CLOCK_RFC3339_BYTES];
    clock_rfc3339(unix_ms, text);
    return json_stringn_nocheck(text, CLOCK_RFC3339_BYTES - 1);
}
