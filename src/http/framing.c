#include "http/framing.h"

#include "base/ascii.h"

#include <string.h>

#define PORT_MAX 65535u

static bool is_one_of(uint8_t c, const char *set)
{
    return c != 0 && strchr(set, c) != NULL;
}

/* RFC 9110 section 5.6.2. */
static bool is_token(struct bytes b)
{
    for (size_t i = 0; i < b.n; i++) {
        if (!ascii_is_token(b.p[i]))
            return false;
    }
    return b.n > 0;
}

static bool is_field_value(struct bytes b)
{
    for (size_t i = 0; i < b.n; i++) {
        if ((b.p[i] < 0x20 && b.p[i] != '\t') || b.p[i] == 0x7f)
            return false;
    }
    return true;
}

/* The end of the host part that begins value, 0 when there is none. */
static size_t host_end(struct bytes value)
{
    if (value.n > 0 && value.p[0] == '[') {
        size_t close = bytes_find(value, ']', 1);
        if (close == SIZE_MAX || close == 1)
            return 0;
        for (size_t i = 1; i < close; i++) {
            if (!is_one_of(value.p[i], "0123456789abcdefABCDEF:."))
                return 0;
        }
        return close + 1;
    }
    size_t i = 0;
    while (i < value.n && (ascii_is_alphanumeric(value.p[i]) || is_one_of(value.p[i], "-._~")))
        i++;
    return i;
}

bool framing_is_host(struct bytes value)
{
    size_t end = host_end(value);
    if (end == 0)
        return false;
    if (end == value.n)
        return true;
    uint64_t port;
    return value.p[end] == ':' &&
           bytes_to_u64(bytes_slice(value, end + 1, value.n), PORT_MAX, &port);
}

const uint8_t *framing_next_line(const char *text)
{
    const uint8_t *end = (const uint8_t *)text + strlen(text);
    return end[1] == 0 ? end + 2 : NULL;
}

const uint8_t *framing_next_field(const uint8_t *line, struct bytes name, struct bytes value)
{
    if (line == NULL || name.p != line)
        return NULL;
    const uint8_t *q = name.p + name.n + 1;
    while (q < value.p && (*q == ' ' || *q == '\t'))
        q++;
    bool plain = q == value.p && value.p[value.n] == 0 && value.p[value.n + 1] == 0;
    return plain ? value.p + value.n + 2 : NULL;
}

void framing_init(struct framing *f, bool http_1_1)
{
    *f = (struct framing){.http_1_1 = http_1_1};
}

void framing_add(struct framing *f, struct bytes name, struct bytes value)
{
    struct bytes trimmed = bytes_trim(value);
    if (!is_token(name) || !is_field_value(value)) {
        f->bad = true;
    } else if (bytes_equal_nocase(name, BYTES_LIT("host"))) {
        f->hosts++;
        f->bad |= !framing_is_host(trimmed);
    } else if (bytes_equal_nocase(name, BYTES_LIT("content-length"))) {
        f->lengths++;
        f->bad |= !bytes_to_u64(trimmed, INT64_MAX, &f->length);
    } else if (bytes_equal_nocase(name, BYTES_LIT("transfer-encoding"))) {
        f->codings++;
        f->bad |= !f->http_1_1 || !bytes_equal_nocase(trimmed, BYTES_LIT("chunked"));
    }
}

bool framing_finish(const struct framing *f, int64_t *content_length)
{
    if (f->bad || f->hosts != 1 || f->lengths + f->codings > 1)
        return false;
    *content_length = f->codings == 1 ? -1 : (int64_t)f->length;
    return true;
}
