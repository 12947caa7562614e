#include "cli/cli_text.h"

#include <string.h>

static const uint32_t replacement = 0xFFFD;

/* Takes the next code point off text; a malformed byte is taken alone and gives U+FFFD. */
static uint32_t take_code_point(struct bytes *text, struct bytes *raw)
{
    uint8_t first = text->p[0];
    size_t n = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    *raw = bytes_slice(*text, 0, n);
    uint32_t code_point = replacement;
    if (raw->n == n && bytes_is_utf8(*raw)) {
        code_point = n == 1 ? first : first & (0xFFu >> (n + 1));
        for (size_t i = 1; i < n; i++)
            code_point = code_point << 6 | (raw->p[i] & 0x3Fu);
    } else {
        *raw = bytes_slice(*text, 0, 1);
    }
    *text = bytes_slice(*text, raw->n, text->n);
    return code_point;
}

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

/* Marks, embeddings, overrides and isolates of the bidirectional algorithm (UAX #9), and the line
 * separators: they make a text look like another one. */
static bool is_reordering(uint32_t c)
{
    return c == 0x61C || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069);
}

void cli_text_clean(struct buffer *out, struct bytes text, bool keep_lines)
{
    while (text.n > 0) {
        struct bytes raw;
        uint32_t c = take_code_point(&text, &raw);
        bool stays = c == '\t' || (c == '\n' && keep_lines);
        if (!stays && (c == replacement || is_control(c) || is_reordering(c)))
            buffer_append_str(out, "\xEF\xBF\xBD");
        else
            buffer_append(out, raw);
    }
}

size_t cli_text_length(struct bytes text)
{
    size_t count = 0;
    struct bytes raw;
    for (; text.n > 0; count++)
        take_code_point(&text, &raw);
    return count;
}

static struct bytes last_part(struct bytes name)
{
    size_t start = name.n;
    while (start > 0 && name.p[start - 1] != '/' && name.p[start - 1] != '\\')
        start--;
    return bytes_slice(name, start, name.n);
}

static bool is_edge(uint8_t c)
{
    return c == '.' || c == ' ';
}

static struct bytes without_edges(struct bytes name)
{
    while (name.n > 0 && (is_edge(name.p[0]) || name.p[0] == '-'))
        name = bytes_slice(name, 1, name.n);
    while (name.n > 0 && is_edge(name.p[name.n - 1]))
        name.n--;
    return name;
}

/* The longest start of at most n bytes that ends between code points. */
static struct bytes whole_prefix(struct bytes text, size_t n)
{
    if (n >= text.n)
        return text;
    while (n > 0 && (text.p[n] & 0xC0) == 0x80)
        n--;
    return bytes_slice(text, 0, n);
}

static struct bytes extension(struct bytes name)
{
    enum { EXTENSION_MAX = 16 };
    for (size_t n = 1; n <= EXTENSION_MAX && n < name.n; n++)
        if (name.p[name.n - n] == '.')
            return bytes_slice(name, name.n - n, n);
    return bytes_slice(name, name.n, 0);
}

void cli_text_file_name(struct buffer *out, struct bytes name, const char *fallback)
{
    struct buffer clean;
    buffer_init(&clean, 4096);
    struct bytes left = bytes_slice(last_part(name), 0, 1024);
    while (left.n > 0) {
        struct bytes raw;
        uint32_t c = take_code_point(&left, &raw);
        if (c == replacement)
            buffer_append_u8(&clean, '_');
        else if (!is_control(c) && !is_reordering(c))
            buffer_append(&clean, raw);
    }
    struct bytes result = without_edges(buffer_bytes(&clean));
    if (result.n == 0) {
        buffer_append_str(out, fallback);
    } else if (result.n <= CLI_TEXT_FILE_NAME_MAX) {
        buffer_append(out, result);
    } else {
        struct bytes end = extension(result);
        buffer_append(out, whole_prefix(result, CLI_TEXT_FILE_NAME_MAX - end.n));
        buffer_append(out, end);
    }
    buffer_fini(&clean);
}
