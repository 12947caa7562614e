#include "api/multipart_head.h"

#include "base/ascii.h"
#include "base/encode.h"

#include <string.h>

static size_t skip_space(struct bytes b, size_t i)
{
    while (i < b.n && (b.p[i] == ' ' || b.p[i] == '\t'))
        i++;
    return i;
}

/* The end of a quoted string whose content starts at i: the index of its closing quote, or
 * SIZE_MAX. */
static size_t quoted_end(struct bytes b, size_t i)
{
    for (; i < b.n; i++) {
        if (b.p[i] == '"')
            return i;
        /* Only these two are escapes: old browsers send Windows paths with bare backslashes. */
        if (b.p[i] == '\\' && i + 1 < b.n && (b.p[i + 1] == '"' || b.p[i + 1] == '\\'))
            i++;
    }
    return SIZE_MAX;
}

/* Reads a value at *i and moves behind it. An unquoted value ends at white space or ';' (boundaries
 * and file names hold more than token characters in practice). */
static bool take_value(struct bytes b, size_t *i, struct bytes *value)
{
    size_t start = *i;
    if (start < b.n && b.p[start] == '"') {
        size_t end = quoted_end(b, start + 1);
        if (end == SIZE_MAX)
            return false;
        *value = bytes_slice(b, start + 1, end - start - 1);
        *i = end + 1;
        return true;
    }
    size_t end = start;
    while (end < b.n && b.p[end] != ';' && b.p[end] != ' ' && b.p[end] != '\t' && b.p[end] != '"')
        end++;
    *value = bytes_slice(b, start, end - start);
    *i = end;
    return end > start;
}

bool multipart_head_parameters(struct bytes list,
                               bool (*on)(void *self, struct bytes name, struct bytes value),
                               void *self)
{
    size_t i = skip_space(list, 0);
    while (i < list.n) {
        if (list.p[i] != ';')
            return false;
        i = skip_space(list, i + 1);
        if (i == list.n)
            return true;
        size_t start = i;
        while (i < list.n && ascii_is_token(list.p[i]))
            i++;
        struct bytes name = bytes_slice(list, start, i - start);
        i = skip_space(list, i);
        if (name.n == 0 || i == list.n || list.p[i] != '=')
            return false;
        i = skip_space(list, i + 1);
        struct bytes value;
        if (!take_value(list, &i, &value) || !on(self, name, value))
            return false;
        i = skip_space(list, i);
    }
    return true;
}

struct disposition {
    struct bytes name;
    struct bytes filename;
    struct bytes filename_extended; /* RFC 5987 */
    bool has_name;
    bool has_filename;
    bool has_filename_extended;
};

static bool set_once(bool *has, struct bytes *field, struct bytes value)
{
    if (*has)
        return false;
    *has = true;
    *field = value;
    return true;
}

static bool take_parameter(void *self, struct bytes name, struct bytes value)
{
    struct disposition *d = self;
    if (bytes_equal_nocase(name, BYTES_LIT("name")))
        return set_once(&d->has_name, &d->name, value);
    if (bytes_equal_nocase(name, BYTES_LIT("filename")))
        return set_once(&d->has_filename, &d->filename, value);
    if (bytes_equal_nocase(name, BYTES_LIT("filename*")))
        return set_once(&d->has_filename_extended, &d->filename_extended, value);
    return true;
}

/* Browsers escape exactly these three (WHATWG HTML, multipart/form-data encoding). */
static bool html_escape_at(struct bytes b, size_t i, uint8_t *c)
{
    struct bytes code = bytes_slice(b, i, 3);
    if (bytes_equal(code, BYTES_LIT("%22")))
        *c = '"';
    else if (bytes_equal_nocase(code, BYTES_LIT("%0d")))
        *c = '\r';
    else if (bytes_equal_nocase(code, BYTES_LIT("%0a")))
        *c = '\n';
    else
        return false;
    return true;
}

static void append_unescaped(struct buffer *out, struct bytes value)
{
    for (size_t i = 0; i < value.n; i++) {
        uint8_t c = value.p[i];
        bool escapes = c == '\\' && i + 1 < value.n;
        if (escapes && (value.p[i + 1] == '"' || value.p[i + 1] == '\\'))
            c = value.p[++i];
        else if (html_escape_at(value, i, &c))
            i += 2;
        buffer_append_u8(out, c);
    }
}

/* Appends the decoded form of charset'language'value (RFC 5987); false unless it is UTF-8. */
static bool append_extended(struct buffer *out, struct bytes value)
{
    size_t first = bytes_find(value, '\'', 0);
    size_t second = first == SIZE_MAX ? SIZE_MAX : bytes_find(value, '\'', first + 1);
    if (second == SIZE_MAX || !bytes_equal_nocase(bytes_slice(value, 0, first), BYTES_LIT("utf-8")))
        return false;
    for (size_t i = second + 1; i < value.n; i++) {
        uint8_t c = value.p[i];
        if (c == '%') {
            if (!encode_hex_decode(bytes_slice(value, i + 1, 2), &c, 1))
                return false;
            i += 2;
        }
        buffer_append_u8(out, c);
    }
    return true;
}

static enum err parse_disposition(struct bytes value, struct buffer *text,
                                  struct multipart_part *part)
{
    size_t semicolon = bytes_find(value, ';', 0);
    struct disposition d = {0};
    if (semicolon == SIZE_MAX ||
        !bytes_equal_nocase(bytes_trim(bytes_slice(value, 0, semicolon)), BYTES_LIT("form-data")) ||
        !multipart_head_parameters(bytes_slice(value, semicolon, value.n), take_parameter, &d) ||
        !d.has_name)
        return ERR_INVALID_MULTIPART;
    append_unescaped(text, d.name);
    size_t name_n = text->n;
    part->has_filename = d.has_filename || d.has_filename_extended;
    if (d.has_filename_extended) {
        if (!append_extended(text, d.filename_extended))
            return ERR_INVALID_MULTIPART;
    } else {
        append_unescaped(text, d.filename);
    }
    if (!buffer_ok(text))
        return ERR_INVALID_MULTIPART;
    part->name = bytes_slice(buffer_bytes(text), 0, name_n);
    part->filename = bytes_slice(buffer_bytes(text), name_n, text->n);
    return ERR_OK;
}

/* RFC 7578 section 4.7 drops Content-Transfer-Encoding; identity forms of old clients pass. */
static bool is_identity(struct bytes encoding)
{
    return bytes_equal_nocase(encoding, BYTES_LIT("binary")) ||
           bytes_equal_nocase(encoding, BYTES_LIT("8bit")) ||
           bytes_equal_nocase(encoding, BYTES_LIT("7bit"));
}

static enum err parse_line(struct bytes line, bool *has_disposition, struct buffer *text,
                           struct multipart_part *part)
{
    size_t colon = 0;
    while (colon < line.n && ascii_is_token(line.p[colon]))
        colon++;
    if (colon == 0 || colon == line.n || line.p[colon] != ':')
        return ERR_INVALID_MULTIPART;
    struct bytes name = bytes_slice(line, 0, colon);
    struct bytes value = bytes_trim(bytes_slice(line, colon + 1, line.n));
    if (bytes_find(value, 0, 0) != SIZE_MAX || bytes_find(value, '\n', 0) != SIZE_MAX ||
        bytes_find(value, '\r', 0) != SIZE_MAX)
        return ERR_INVALID_MULTIPART;
    if (bytes_equal_nocase(name, BYTES_LIT("content-disposition"))) {
        if (*has_disposition)
            return ERR_INVALID_MULTIPART;
        *has_disposition = true;
        return parse_disposition(value, text, part);
    }
    if (bytes_equal_nocase(name, BYTES_LIT("content-type")))
        part->content_type = value;
    else if (bytes_equal_nocase(name, BYTES_LIT("content-transfer-encoding")) &&
             !is_identity(value))
        return ERR_INVALID_MULTIPART;
    return ERR_OK;
}

enum err multipart_head_parse(struct bytes block, struct buffer *text, struct multipart_part *part)
{
    *part = (struct multipart_part){0};
    buffer_clear(text);
    bool has_disposition = false;
    while (block.n > 0) {
        size_t n = bytes_find_str(block, "\r\n", 0);
        if (n == SIZE_MAX)
            return ERR_INVALID_MULTIPART;
        enum err e = parse_line(bytes_slice(block, 0, n), &has_disposition, text, part);
        if (e != ERR_OK)
            return e;
        block = bytes_slice(block, n + 2, block.n);
    }
    return has_disposition ? ERR_OK : ERR_INVALID_MULTIPART;
}
