#include "envelope/manifest.h"

#include "base/cursor.h"
#include "base/json.h"

#include <assert.h>
#include <string.h>

static bool is_text(struct bytes b)
{
    return bytes_is_utf8(b) && bytes_find(b, 0, 0) == SIZE_MAX;
}

static bool is_file_valid(const struct manifest *m)
{
    return m->file_name.n > 0 && m->file_name.n <= MANIFEST_MAX_NAME_BYTES &&
           is_text(m->file_name) && m->media_type.n > 0 &&
           m->media_type.n <= MANIFEST_MAX_MEDIA_TYPE_BYTES && is_text(m->media_type) &&
           (!m->has_file_size || m->file_size_bytes <= INT64_MAX);
}

static enum err check(const struct manifest *m)
{
    if (m->has_text && m->text.n > MANIFEST_MAX_TEXT_BYTES)
        return ERR_TEXT_TOO_LONG;
    if ((m->has_text && !is_text(m->text)) || (m->has_file && !is_file_valid(m)))
        return ERR_INVALID_FIELD;
    return ERR_OK;
}

static void write_file_member(const struct manifest *m, struct buffer *out)
{
    buffer_append_str(out, "\"file\":{\"name\":");
    json_write_string(out, m->file_name);
    buffer_append_str(out, ",\"media_type\":");
    json_write_string(out, m->media_type);
    if (m->has_file_size)
        buffer_printf(out, ",\"size\":%llu", (unsigned long long)m->file_size_bytes);
    buffer_append_str(out, "}");
}

static void write_json(const struct manifest *m, struct buffer *out)
{
    const char *separator = "{";
    if (m->has_text) {
        buffer_append_str(out, "{\"text\":");
        json_write_string(out, m->text);
        separator = ",";
    }
    if (m->has_file) {
        buffer_append_str(out, separator);
        write_file_member(m, out);
        separator = ",";
    }
    if (m->has_sent_at)
        buffer_printf(out, "%s\"sent_at_ms\":%lld", separator, (long long)m->sent_at_unix_ms);
    else if (*separator == '{')
        buffer_append_str(out, separator);
    buffer_append_str(out, "}");
}

enum err manifest_write(const struct manifest *m, struct buffer *out)
{
    enum err e = check(m);
    if (e != ERR_OK)
        return e;
    size_t at = out->n;
    buffer_append_u32(out, 0);
    write_json(m, out);
    bool had_room = out->max - at >= MANIFEST_PREFIX_BYTES + MANIFEST_MAX_BYTES;
    if (!buffer_ok(out))
        return had_room ? ERR_TEXT_TOO_LONG : ERR_INTERNAL;
    size_t length = out->n - at - MANIFEST_PREFIX_BYTES;
    if (length > MANIFEST_MAX_BYTES)
        return ERR_TEXT_TOO_LONG;
    for (size_t i = 0; i < MANIFEST_PREFIX_BYTES; i++)
        out->p[at + i] = (uint8_t)(length >> (8 * (MANIFEST_PREFIX_BYTES - 1 - i)));
    return ERR_OK;
}

static bool copy_string(struct arena *arena, const json_t *object, const char *name,
                        struct bytes *out)
{
    struct bytes text;
    if (!json_get_bytes(object, name, &text))
        return false;
    *out = arena_copy(arena, text);
    return true;
}

static bool read_file(struct arena *arena, const json_t *file, struct manifest *out)
{
    if (!json_is_object(file) || !copy_string(arena, file, "name", &out->file_name) ||
        !copy_string(arena, file, "media_type", &out->media_type))
        return false;
    out->has_file = true;
    out->has_file_size = json_object_get(file, "size") != NULL;
    if (!out->has_file_size)
        return true;
    int64_t size = -1;
    bool ok = json_get_int(file, "size", &size) && size >= 0;
    out->file_size_bytes = ok ? (uint64_t)size : 0;
    return ok;
}

static bool read_members(struct arena *arena, const json_t *object, struct manifest *out)
{
    out->has_text = json_object_get(object, "text") != NULL;
    if (out->has_text && !copy_string(arena, object, "text", &out->text))
        return false;
    const json_t *file = json_object_get(object, "file");
    if (file != NULL && !read_file(arena, file, out))
        return false;
    out->has_sent_at = json_object_get(object, "sent_at_ms") != NULL;
    return !out->has_sent_at || json_get_int(object, "sent_at_ms", &out->sent_at_unix_ms);
}

enum err manifest_parse(struct arena *arena, struct bytes json, struct manifest *out)
{
    *out = (struct manifest){0};
    if (json.n > MANIFEST_MAX_BYTES)
        return ERR_SEALED_INVALID;
    json_t *object = json_parse_object(json);
    if (object == NULL)
        return ERR_SEALED_INVALID;
    bool ok = read_members(arena, object, out) && check(out) == ERR_OK;
    json_decref(object);
    return ok ? ERR_OK : ERR_SEALED_INVALID;
}

enum err manifest_file_size(uint64_t plaintext_length, size_t json_length, uint64_t *out)
{
    assert(json_length <= MANIFEST_MAX_BYTES);
    uint64_t head = MANIFEST_PREFIX_BYTES + json_length;
    if (plaintext_length < head)
        return ERR_SEALED_INVALID;
    *out = plaintext_length - head;
    return ERR_OK;
}

void manifest_splitter_init(struct manifest_splitter *s)
{
    buffer_init(&s->head, MANIFEST_PREFIX_BYTES + MANIFEST_MAX_BYTES);
    s->need = MANIFEST_PREFIX_BYTES;
}

void manifest_splitter_fini(struct manifest_splitter *s)
{
    buffer_fini(&s->head);
}

/* Moves what the head lacks from the piece into it. */
static void fill_head(struct manifest_splitter *s, struct bytes *piece)
{
    struct bytes part = bytes_slice(*piece, 0, s->need - s->head.n);
    buffer_append(&s->head, part);
    *piece = bytes_slice(*piece, part.n, SIZE_MAX);
}

static bool prefix_only(const struct manifest_splitter *s)
{
    return s->need == MANIFEST_PREFIX_BYTES;
}

enum err manifest_splitter_push(struct manifest_splitter *s, struct bytes plaintext,
                                struct bytes *file)
{
    *file = (struct bytes){0};
    if (prefix_only(s)) {
        fill_head(s, &plaintext);
        if (s->head.n < s->need)
            return ERR_OK;
        struct cursor c = cursor_of(buffer_bytes(&s->head));
        size_t length = cursor_u32(&c);
        /* The shortest JSON object is {}; an empty manifest would leave the prefix standing. */
        if (length == 0 || length > MANIFEST_MAX_BYTES)
            return ERR_SEALED_INVALID;
        s->need = MANIFEST_PREFIX_BYTES + length;
    }
    fill_head(s, &plaintext);
    *file = plaintext;
    return ERR_OK;
}

bool manifest_splitter_json(const struct manifest_splitter *s, struct bytes *json)
{
    if (prefix_only(s) || s->head.n < s->need)
        return false;
    *json = bytes_slice(buffer_bytes(&s->head), MANIFEST_PREFIX_BYTES, SIZE_MAX);
    return true;
}
