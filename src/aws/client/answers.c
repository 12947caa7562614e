#include "aws/client/answers.h"

#include "base/buffer.h"
#include "base/json.h"

#include <curl/curl.h>
#include <string.h>

#define MS_PER_S 1000

/* "com.amazonaws.kms#NotFoundException:http://…" is NotFoundException. */
static void copy_code(struct bytes text, char code[ANSWERS_CODE_BYTES])
{
    size_t hash = bytes_find(text, '#', 0);
    if (hash != SIZE_MAX)
        text = bytes_slice(text, hash + 1, text.n);
    size_t colon = bytes_find(text, ':', 0);
    text = bytes_slice(text, 0, colon == SIZE_MAX ? text.n : colon);
    size_t n = text.n < ANSWERS_CODE_BYTES ? text.n : ANSWERS_CODE_BYTES - 1;
    if (n > 0)
        memcpy(code, text.p, n);
    code[n] = '\0';
}

static struct bytes find(struct bytes body, const char *what, size_t from, size_t *at)
{
    size_t n = strlen(what);
    for (*at = from; body.n >= n && *at <= body.n - n; (*at)++) {
        if (memcmp(body.p + *at, what, n) == 0)
            return bytes_slice(body, *at + n, body.n);
    }
    *at = SIZE_MAX;
    return (struct bytes){0};
}

static void append_unescaped(struct buffer *out, struct bytes text)
{
    const struct {
        struct bytes name;
        uint8_t c;
    } entities[] = {{BYTES_LIT("&amp;"), '&'}, {BYTES_LIT("&lt;"), '<'},
                    {BYTES_LIT("&gt;"), '>'},  {BYTES_LIT("&quot;"), '"'},
                    {BYTES_LIT("&#34;"), '"'}, {BYTES_LIT("&apos;"), '\''},
                    {BYTES_LIT("&#39;"), '\''}};
    while (text.n > 0) {
        size_t n = 1;
        uint8_t c = text.p[0];
        for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++) {
            if (bytes_starts_with(text, entities[i].name)) {
                n = entities[i].name.n;
                c = entities[i].c;
                break;
            }
        }
        buffer_append_u8(out, c);
        text = bytes_slice(text, n, text.n);
    }
}

bool answers_xml_text(struct arena *arena, struct bytes body, const char *name, struct bytes *out)
{
    size_t at;
    struct bytes text = find(body, arena_printf(arena, "<%s>", name), 0, &at);
    if (at == SIZE_MAX)
        return false;
    (void)find(text, arena_printf(arena, "</%s>", name), 0, &at);
    if (at == SIZE_MAX)
        return false;
    struct buffer plain;
    buffer_init(&plain, at);
    append_unescaped(&plain, bytes_slice(text, 0, at));
    *out = arena_copy(arena, buffer_bytes(&plain));
    buffer_fini(&plain);
    return true;
}

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
    if (json_get_bytes(document, "__type", &type))
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
    } else if (answers_xml_text(arena, body, "Code", &found) &&
               answers_xml_text(arena, body, "Message", &text)) {
        message = arena_str(arena, text);
    }
    copy_code(error_type[0] != '\0' ? bytes_of_str(error_type) : found, code);
    return message;
}

bool answers_is_disguised_error(struct bytes body)
{
    size_t at;
    struct bytes head = bytes_slice(body, 0, 256);
    (void)find(head, "<Error>", 0, &at);
    return at != SIZE_MAX;
}

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
