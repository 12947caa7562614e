#include "base/uuid.h"

#include "base/encode.h"
#include "base/random.h"

#include <string.h>

static void set_version(struct uuid *u, unsigned version)
{
    u->b[6] = (uint8_t)((u->b[6] & 0x0f) | version << 4);
    u->b[8] = (uint8_t)((u->b[8] & 0x3f) | 0x80);
}

struct uuid uuid_random(void)
{
    struct uuid u;
    random_bytes(u.b, sizeof u.b);
    set_version(&u, 4);
    return u;
}

struct uuid uuid_at(int64_t unix_ms)
{
    struct uuid u;
    random_bytes(u.b, sizeof u.b);
    for (size_t i = 0; i < 6; i++)
        u.b[i] = (uint8_t)((uint64_t)unix_ms >> (8 * (5 - i)));
    set_version(&u, 7);
    return u;
}

int64_t uuid_unix_ms(const struct uuid *u)
{
    int64_t ms = 0;
    for (size_t i = 0; i < 6; i++)
        ms = ms << 8 | u->b[i];
    return ms;
}

unsigned uuid_version(const struct uuid *u)
{
    return u->b[6] >> 4;
}

bool uuid_equal(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

bool uuid_is_nil(const struct uuid *u)
{
    static const struct uuid nil;
    return uuid_equal(u, &nil);
}

void uuid_format(const struct uuid *u, char out[UUID_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    size_t at = 0;
    for (size_t i = 0; i < sizeof u->b; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[at++] = '-';
        out[at++] = digits[u->b[i] >> 4];
        out[at++] = digits[u->b[i] & 0x0f];
    }
    out[at] = '\0';
}

bool uuid_parse(struct bytes text, struct uuid *out)
{
    if (text.n != UUID_TEXT_BYTES - 1)
        return false;
    uint8_t digits[32];
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash != (text.p[i] == '-'))
            return false;
        if (!dash)
            digits[n++] = text.p[i];
    }
    return encode_hex_decode(bytes_of(digits, n), out->b, sizeof out->b);
}

struct bytes uuid_bytes(const struct uuid *u)
{
    return bytes_of(u->b, sizeof u->b);
}
