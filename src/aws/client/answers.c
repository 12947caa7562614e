#include "aws/client/answers.h"

#include "base/ascii.h"
#include "base/buffer.h"
#include "base/json.h"

#include <curl/curl.h>
#include <string.h>

#define MS_PER_S 1000

/* "com.amazonaws.kms#NotFoundException:http://…" is NotFoundException. */
static void copy_code(struct bytes text, char code[ANSWERS_CODE_BYTES])
{
    text = bytes_slice(text, 0, bytes_find(text, ':', 0));
    size_t hash = bytes_find(text, '#', 0);
    if (hash != SIZE_MAX)
        text = bytes_slice(text, hash + 1, text.n);
    size_t n = text.n < ANSWERS_CODE_BYTES ? text.n : ANSWERS_CODE_BYTES - 1;
    if (n > 0)
        memcpy(code, text.p, n);
    code[n] = '\0';
}

/* --- XML --- */

/* The place behind the next "<name>" or "<name attributes>"; SIZE_MAX when there is none.
 * *empty: it was "<name/>". */
static size_t find_start(struct bytes text, struct bytes name, bool *empty)
{
    for (size_t at = bytes_find(text, '<', 0); at != SIZE_MAX; at = bytes_find(text, '<', at + 1)) {
        struct bytes tag = bytes_slice(text, at + 1, text.n);
        if (!bytes_starts_with(tag, name))
            continue;
        size_t end = bytes_find(tag, '>', name.n);
        if (end == SIZE_MAX)
            return SIZE_MAX;
        uint8_t c = tag.p[name.n];
        if (c != '>' && c != ' ' && c != '/' && c != '\t' && c != '\r' && c != '\n')
            continue;
        *empty = tag.p[end - 1] == '/';
        return at + 1 + end + 1;
    }
    return SIZE_MAX;
}

/* What stands between the tags of the first element of that name, as it is. */
static bool find_element(struct bytes xml, struct bytes name, struct bytes *inner)
{
    bool empty = false;
    size_t start = find_start(xml, name, &empty);
    if (start == SIZE_MAX)
        return false;
    struct bytes text = bytes_slice(xml, start, xml.n);
    size_t end = empty ? 0 : bytes_find(text, '<', 0);
    struct bytes tag = bytes_slice(text, end, text.n);
    bool closes = bytes_starts_with(tag, BYTES_LIT("</")) &&
                  bytes_starts_with(bytes_slice(tag, 2, tag.n), name) &&
                  bytes_equal_str(bytes_slice(tag, 2 + name.n, 1), ">");
    *inner = bytes_slice(text, 0, end);
    return empty || closes;
}

/* --- character references --- */

static void append_utf8(struct buffer *out, uint32_t c)
{
    if (c < 0x80) {
        buffer_append_u8(out, (uint8_t)c);
    } else if (c < 0x800) {
        buffer_append_u8(out, (uint8_t)(0xc0 | c >> 6));
        buffer_append_u8(out, (uint8_t)(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        buffer_append_u8(out, (uint8_t)(0xe0 | c >> 12));
        buffer_append_u8(out, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
        buffer_append_u8(out, (uint8_t)(0x80 | (c & 0x3f)));
    } else {
        buffer_append_u8(out, (uint8_t)(0xf0 | c >> 18));
        buffer_append_u8(out, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
        buffer_append_u8(out, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
        buffer_append_u8(out, (uint8_t)(0x80 | (c & 0x3f)));
    }
}

/* "#34" or "#x22" as a character that XML and UTF-8 allow; 0 for anything else. */
static uint32_t numeric_reference(struct bytes name)
{
    bool hex = name.n > 1 && name.p[1] == 'x';
    uint32_t value = 0;
    size_t at = hex ? 2 : 1;
    if (at == name.n)
        return 0;
    for (; at < name.n; at++) {
        int digit = ascii_hex_value(name.p[at]);
        if (digit < 0 || (!hex && digit > 9))
            return 0;
        value = value * (hex ? 16 : 10) + (uint32_t)digit;
        if (value > 0x10ffff)
            return 0;
    }
    return value >= 0xd800 && value <= 0xdfff ? 0 : value;
}

static uint32_t reference(struct bytes name)
{
    static const struct {
        const char *name;
        uint8_t c;
    } named[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        if (bytes_equal_str(name, named[i].name))
            return named[i].c;
    }
    return name.n > 0 && name.p[0] == '#' ? numeric_reference(name) : 0;
}

static void resolve(struct buffer *out, struct bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        size_t end = text.p[i] == '&' ? bytes_find(text, ';', i) : SIZE_MAX;
        uint32_t c = end == SIZE_MAX ? 0 : reference(bytes_slice(text, i + 1, end - i - 1));
        if (c == 0) {
            buffer_append_u8(out, text.p[i]);
            continue;
        }
        append_utf8(out, c);
        i = end;
    }
}

bool answers_xml_text(struct arena *arena, struct bytes body, const char *name, struct bytes *out)
{
    struct bytes inner;
    struct buffer text;
    if (!find_element(body, bytes_of_str(name), &inner))
        return false;
    buffer_init(&text, inner.n);
    resolve(&text, inner); /* a reference is never shorter than its character */
    *out = arena_copy(arena, buffer_bytes(&text));
    buffer_fini(&text);
    return true;
}

/* --- errors --- */

static struct bytes json_code(struct arena *arena, struct bytes body, const char **message)
{
    json_t *document = json_parse_object(body);
    struct bytes type = {0};
    struct bytes text = {0};
    if (document == NULL)
        return type;
    if (!json_get_bytes(document, "message", &text))
        (void)json_get_bytes(document, "Message", &text);
    *message = arena_str(arena, text);
    if (json_get_bytes(document, "__type", &type) || json_get_bytes(document, "code", &type))
        type = arena_copy(arena, type);
    json_decref(document);
    return type;
}

const char *answers_code(struct arena *arena, const char *error_type, struct bytes body,
                         char code[ANSWERS_CODE_BYTES])
{
    const char *message = "";
    struct bytes found = {0};
    struct bytes text;
    if (body.n > 0 && body.p[0] == '{') {
        found = json_code(arena, body, &message);
    } else {
        (void)answers_xml_text(arena, body, "Code", &found);
        if (answers_xml_text(arena, body, "Message", &text))
            message = arena_str(arena, text);
    }
    copy_code(error_type[0] != '\0' ? bytes_of_str(error_type) : found, code);
    return message;
}

static struct bytes skip_space(struct bytes text)
{
    while (text.n > 0 && text.p[0] <= ' ')
        text = bytes_slice(text, 1, text.n);
    return text;
}

bool answers_is_disguised_error(struct bytes body)
{
    struct bytes root = skip_space(body); /* S3 sends some to keep the connection alive */
    if (bytes_starts_with(root, BYTES_LIT("<?xml"))) {
        size_t end = bytes_find(root, '>', 0);
        root = end == SIZE_MAX ? root : skip_space(bytes_slice(root, end + 1, root.n));
    }
    return bytes_starts_with(root, BYTES_LIT("<Error>")) ||
           bytes_starts_with(root, BYTES_LIT("<Error "));
}

/* --- the rest --- */

bool answers_date(const char *text, int64_t *unix_ms)
{
    time_t seconds = curl_getdate(text, NULL);
    if (text[0] == '\0' || seconds < 0)
        return false;
    *unix_ms = (int64_t)seconds * MS_PER_S;
    return true;
}

uint32_t answers_crc32(struct bytes data)
{
    static const uint32_t table[16] = {0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC,
                                       0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
                                       0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
                                       0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < data.n; i++) {
        crc ^= data.p[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

bool answers_range_size(const char *content_range, uint64_t *size)
{
    const char *slash = strrchr(content_range, '/');
    return slash != NULL && bytes_to_u64(bytes_of_str(slash + 1), INT64_MAX, size);
}
