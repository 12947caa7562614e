#include "base/json_flat.h"

#include <string.h>

#define INTEGER_DIGITS_MAX 18u

/* What is left of the text. */
struct reader {
    struct arena *arena;
    struct bytes left;
};

static void skip(struct reader *r, size_t n)
{
    r->left = (struct bytes){r->left.p + n, r->left.n - n};
}

static void skip_space(struct reader *r)
{
    while (r->left.n > 0 && (r->left.p[0] == ' ' || r->left.p[0] == '\t' || r->left.p[0] == '\n' ||
                             r->left.p[0] == '\r'))
        skip(r, 1);
}

static bool take(struct reader *r, uint8_t c)
{
    if (r->left.n == 0 || r->left.p[0] != c)
        return false;
    skip(r, 1);
    return true;
}

static bool take_word(struct reader *r, struct bytes word)
{
    if (!bytes_starts_with(r->left, word))
        return false;
    skip(r, word.n);
    return true;
}

/* --- strings --- */

/* The length of the string that begins behind a quote, up to the closing one; SIZE_MAX when there
 * is none. */
static size_t string_length(struct bytes text, bool *has_escapes)
{
    size_t end = bytes_find(text, '"', 0);
    if (end == SIZE_MAX)
        return SIZE_MAX;
    *has_escapes = bytes_find(bytes_slice(text, 0, end), '\\', 0) != SIZE_MAX;
    if (!*has_escapes)
        return end;
    for (size_t i = 0; i < text.n; i += text.p[i] == '\\' ? 2 : 1) {
        if (text.p[i] == '"')
            return i;
    }
    return SIZE_MAX;
}

static bool has_control_character(struct bytes text)
{
    bool found = false;
    for (size_t i = 0; i < text.n; i++)
        found |= text.p[i] < 0x20;
    return found;
}

static bool read_hex4(struct bytes text, unsigned *value)
{
    *value = 0;
    if (text.n != 4)
        return false;
    for (size_t i = 0; i < 4; i++) {
        uint8_t c = text.p[i];
        unsigned digit = 0;
        if (c >= '0' && c <= '9')
            digit = c - '0';
        else if (c >= 'a' && c <= 'f')
            digit = c - 'a' + 10u;
        else if (c >= 'A' && c <= 'F')
            digit = c - 'A' + 10u;
        else
            return false;
        *value = *value << 4 | digit;
    }
    return true;
}

/* Writes a code point below U+10000 as UTF-8. */
static size_t write_utf8(unsigned code, uint8_t *out)
{
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (uint8_t)(0xc0 | code >> 6);
        out[1] = (uint8_t)(0x80 | (code & 0x3f));
        return 2;
    }
    out[0] = (uint8_t)(0xe0 | code >> 12);
    out[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
    out[2] = (uint8_t)(0x80 | (code & 0x3f));
    return 3;
}

/* Reads the escape at the start of text (behind its backslash). Gives its length, 0 when it is one
 * that we do not take. */
static size_t read_escape(struct bytes text, uint8_t *out, size_t *written)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    *written = 1;
    if (text.n == 0)
        return 0;
    const char *known = text.p[0] == '\0' ? NULL : strchr(letters, text.p[0]);
    if (known != NULL) {
        out[0] = (uint8_t)values[known - letters];
        return 1;
    }
    unsigned code = 0;
    if (text.p[0] != 'u' || !read_hex4(bytes_slice(text, 1, 4), &code) || code == 0 ||
        (code >= 0xd800 && code <= 0xdfff))
        return 0;
    *written = write_utf8(code, out);
    return 5;
}

static bool unescape(struct arena *arena, struct bytes text, struct bytes *out)
{
    /* No escape is shorter than what it stands for. */
    uint8_t *to = arena_alloc(arena, text.n);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '\\') {
            to[n++] = text.p[i];
            continue;
        }
        size_t written = 0;
        size_t length = read_escape(bytes_slice(text, i + 1, SIZE_MAX), to + n, &written);
        if (length == 0)
            return false;
        i += length;
        n += written;
    }
    *out = bytes_of(to, n);
    return true;
}

static bool read_string(struct reader *r, bool takes_escapes, struct bytes *out)
{
    bool has_escapes = false;
    if (!take(r, '"'))
        return false;
    size_t n = string_length(r->left, &has_escapes);
    if (n == SIZE_MAX || (has_escapes && !takes_escapes))
        return false;
    *out = bytes_slice(r->left, 0, n);
    skip(r, n + 1);
    if (has_control_character(*out) || !bytes_is_utf8(*out))
        return false;
    return !has_escapes || unescape(r->arena, *out, out);
}

/* --- other values --- */

static bool read_integer(struct reader *r, int64_t *out)
{
    bool negative = take(r, '-');
    size_t n = 0;
    uint64_t value = 0;
    while (n < r->left.n && r->left.p[n] >= '0' && r->left.p[n] <= '9')
        n++;
    bool leading_zero = n > 1 && r->left.p[0] == '0';
    if (n > INTEGER_DIGITS_MAX || leading_zero ||
        !bytes_to_u64(bytes_slice(r->left, 0, n), INT64_MAX, &value))
        return false;
    skip(r, n);
    *out = negative ? -(int64_t)value : (int64_t)value;
    return r->left.n == 0 || (r->left.p[0] != '.' && (r->left.p[0] | 0x20) != 'e');
}

static bool read_value(struct reader *r, struct json_flat_member *member)
{
    if (r->left.n > 0 && r->left.p[0] == '"') {
        member->kind = JSON_FLAT_STRING;
        return read_string(r, true, &member->string);
    }
    member->kind = JSON_FLAT_BOOLEAN;
    member->boolean = take_word(r, BYTES_LIT("true"));
    if (member->boolean || take_word(r, BYTES_LIT("false")))
        return true;
    member->kind = JSON_FLAT_NULL;
    if (take_word(r, BYTES_LIT("null")))
        return true;
    member->kind = JSON_FLAT_INTEGER;
    return read_integer(r, &member->integer);
}

static bool is_taken(const struct json_flat *object, struct bytes name)
{
    for (size_t i = 0; i < object->count; i++) {
        if (bytes_equal(object->members[i].name, name))
            return true;
    }
    return false;
}

static bool read_member(struct reader *r, struct json_flat *out)
{
    if (out->count == JSON_FLAT_MEMBERS_MAX)
        return false;
    struct json_flat_member *member = &out->members[out->count];
    *member = (struct json_flat_member){0};
    if (!read_string(r, false, &member->name) || is_taken(out, member->name))
        return false;
    skip_space(r);
    if (!take(r, ':'))
        return false;
    skip_space(r);
    if (!read_value(r, member))
        return false;
    skip_space(r);
    out->count++;
    return true;
}

bool json_flat_read(struct arena *arena, struct bytes text, struct json_flat *out)
{
    struct reader r = {arena, text};
    out->count = 0;
    skip_space(&r);
    if (!take(&r, '{'))
        return false;
    skip_space(&r);
    if (!take(&r, '}')) {
        do {
            skip_space(&r);
            if (!read_member(&r, out))
                return false;
        } while (take(&r, ','));
        if (!take(&r, '}'))
            return false;
    }
    skip_space(&r);
    return r.left.n == 0;
}

const struct json_flat_member *json_flat_find(const struct json_flat *object, const char *name)
{
    for (size_t i = 0; i < object->count; i++) {
        if (bytes_equal_str(object->members[i].name, name))
            return &object->members[i];
    }
    return NULL;
}
