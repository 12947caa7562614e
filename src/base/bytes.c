#include "base/bytes.h"

#include "base/ascii.h"

#include <string.h>

struct bytes bytes_of(const void *p, size_t n)
{
    return (struct bytes){p, n};
}

struct bytes bytes_of_str(const char *s)
{
    return (struct bytes){(const uint8_t *)s, s == NULL ? 0 : strlen(s)};
}

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool bytes_equal_str(struct bytes b, const char *s)
{
    return bytes_equal(b, bytes_of_str(s));
}

bool bytes_equal_nocase(struct bytes a, struct bytes b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++) {
        if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
            return false;
    }
    return true;
}

bool bytes_equal_secret(struct bytes a, struct bytes b)
{
    if (a.n != b.n)
        return false;
    volatile uint8_t difference = 0;
    for (size_t i = 0; i < a.n; i++)
        difference = (uint8_t)(difference | (a.p[i] ^ b.p[i]));
    return difference == 0;
}

int bytes_compare(struct bytes a, struct bytes b)
{
    size_t common = a.n < b.n ? a.n : b.n;
    int order = common == 0 ? 0 : memcmp(a.p, b.p, common);
    if (order != 0)
        return order;
    return (a.n > b.n) - (a.n < b.n);
}

bool bytes_starts_with(struct bytes b, struct bytes prefix)
{
    return b.n >= prefix.n && bytes_equal(bytes_slice(b, 0, prefix.n), prefix);
}

struct bytes bytes_slice(struct bytes b, size_t offset, size_t n)
{
    if (offset >= b.n)
        return (struct bytes){0};
    size_t left = b.n - offset;
    return (struct bytes){b.p + offset, n < left ? n : left};
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

struct bytes bytes_trim(struct bytes b)
{
    while (b.n > 0 && is_blank(b.p[0]))
        b = (struct bytes){b.p + 1, b.n - 1};
    while (b.n > 0 && is_blank(b.p[b.n - 1]))
        b.n--;
    return b;
}

size_t bytes_find(struct bytes b, uint8_t c, size_t from)
{
    if (from >= b.n)
        return SIZE_MAX;
    const uint8_t *hit = memchr(b.p + from, c, b.n - from);
    return hit == NULL ? SIZE_MAX : (size_t)(hit - b.p);
}

size_t bytes_find_str(struct bytes b, const char *s, size_t from)
{
    if (from > b.n)
        return SIZE_MAX;
    if (s[0] == '\0')
        return from;
    if (from == b.n)
        return SIZE_MAX;
    const uint8_t *hit = memmem(b.p + from, b.n - from, s, strlen(s));
    return hit == NULL ? SIZE_MAX : (size_t)(hit - b.p);
}

/* The length of the well-formed sequence at the start of b, or 0 (Unicode 15, table 3-7). */
static size_t utf8_sequence(struct bytes b)
{
    uint8_t c = b.p[0];
    uint8_t low = 0x80;
    uint8_t high = 0xbf;
    size_t n;
    if (c < 0x80)
        return 1;
    if (c >= 0xc2 && c <= 0xdf) {
        n = 2;
    } else if (c >= 0xe0 && c <= 0xef) {
        n = 3;
        low = c == 0xe0 ? 0xa0 : low;
        high = c == 0xed ? 0x9f : high;
    } else if (c >= 0xf0 && c <= 0xf4) {
        n = 4;
        low = c == 0xf0 ? 0x90 : low;
        high = c == 0xf4 ? 0x8f : high;
    } else {
        return 0;
    }
    if (b.n < n || b.p[1] < low || b.p[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++) {
        if ((b.p[i] & 0xc0) != 0x80)
            return 0;
    }
    return n;
}

/* The length of the run of ASCII at the start of b, rounded down to a multiple of 8. */
static size_t ascii_run(struct bytes b)
{
    size_t n = 0;
    uint64_t word = 0;
    while (b.n - n >= sizeof word) {
        memcpy(&word, b.p + n, sizeof word);
        if ((word & 0x8080808080808080u) != 0)
            break;
        n += sizeof word;
    }
    return n;
}

bool bytes_is_utf8(struct bytes b)
{
    b = bytes_slice(b, ascii_run(b), SIZE_MAX);
    while (b.n > 0) {
        size_t n = utf8_sequence(b);
        if (n == 0)
            return false;
        b = (struct bytes){b.p + n, b.n - n};
    }
    return true;
}

bool bytes_to_u64(struct bytes b, uint64_t max, uint64_t *out)
{
    if (b.n == 0 || b.n > 19)
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < b.n; i++) {
        if (b.p[i] < '0' || b.p[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(b.p[i] - '0');
    }
    if (value > max)
        return false;
    *out = value;
    return true;
}
