#include "base/encode.h"

#include "base/ascii.h"

#include <string.h>

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char base32_digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
static const char base32_standard_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

void encode_hex(struct buffer *out, struct bytes data)
{
    for (size_t i = 0; i < data.n; i++) {
        buffer_append_u8(out, (uint8_t)hex_digits[data.p[i] >> 4]);
        buffer_append_u8(out, (uint8_t)hex_digits[data.p[i] & 0x0f]);
    }
}

bool encode_hex_decode(struct bytes text, uint8_t *out, size_t n)
{
    if (text.n != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int high = ascii_hex_value(text.p[2 * i]);
        int low = ascii_hex_value(text.p[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static void append_base64(struct buffer *out, struct bytes data, const char *digits, bool padded)
{
    for (size_t i = 0; i < data.n; i += 3) {
        size_t have = data.n - i < 3 ? data.n - i : 3;
        uint32_t v = (uint32_t)data.p[i] << 16;
        v |= have > 1 ? (uint32_t)data.p[i + 1] << 8 : 0;
        v |= have > 2 ? data.p[i + 2] : 0;
        uint8_t quad[4];
        for (size_t j = 0; j < 4; j++)
            quad[j] = j <= have ? (uint8_t)digits[v >> (18 - 6 * j) & 0x3f] : '=';
        buffer_append(out, bytes_of(quad, padded ? 4 : have + 1));
    }
}

void encode_base64(struct buffer *out, struct bytes data)
{
    append_base64(out, data, base64_digits, true);
}

void encode_base64url(struct buffer *out, struct bytes data)
{
    append_base64(out, data, base64url_digits, false);
}

/* The position of c in digits, or -1. */
static int digit_value(const char *digits, uint8_t c)
{
    const char *hit = c == '\0' ? NULL : strchr(digits, c);
    return hit == NULL ? -1 : (int)(hit - digits);
}

/* text holds digits only, without padding. */
static bool decode_base64(struct arena *arena, struct bytes text, const char *digits,
                          struct bytes *out)
{
    if (text.n % 4 == 1)
        return false;
    uint8_t *p = arena_alloc(arena, text.n / 4 * 3 + 3);
    size_t n = 0;
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < text.n; i++) {
        int v = digit_value(digits, text.p[i]);
        if (v < 0)
            return false;
        bits = bits << 6 | (uint32_t)v;
        held += 6;
        if (held >= 8) {
            held -= 8;
            p[n++] = (uint8_t)(bits >> held);
            bits &= (1u << held) - 1;
        }
    }
    if (bits != 0)
        return false;
    *out = bytes_of(p, n);
    return true;
}

bool encode_base64_decode(struct arena *arena, struct bytes text, struct bytes *out)
{
    if (text.n % 4 != 0)
        return false;
    size_t n = text.n;
    for (int i = 0; i < 2 && n > 0 && text.p[n - 1] == '='; i++)
        n--;
    return decode_base64(arena, bytes_of(text.p, n), base64_digits, out);
}

bool encode_base64url_decode(struct arena *arena, struct bytes text, struct bytes *out)
{
    return decode_base64(arena, text, base64url_digits, out);
}

void encode_percent(struct buffer *out, struct bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (ascii_is_unreserved(text.p[i]))
            buffer_append_u8(out, text.p[i]);
        else
            buffer_printf(out, "%%%02X", text.p[i]);
    }
}

static void append_base32(struct buffer *out, struct bytes data, const char *digits, size_t group)
{
    size_t characters = (data.n * 8 + 4) / 5;
    for (size_t i = 0; i < characters; i++) {
        size_t bit = i * 5;
        uint32_t pair = (uint32_t)data.p[bit / 8] << 8;
        pair |= bit / 8 + 1 < data.n ? data.p[bit / 8 + 1] : 0;
        if (group > 0 && i > 0 && i % group == 0)
            buffer_append_u8(out, '-');
        buffer_append_u8(out, (uint8_t)digits[pair >> (11 - bit % 8) & 0x1f]);
    }
}

void encode_base32_standard(struct buffer *out, struct bytes data)
{
    append_base32(out, data, base32_standard_digits, 0);
}

void encode_base32(struct buffer *out, struct bytes data, size_t group)
{
    append_base32(out, data, base32_digits, group);
}

static int base32_value(uint8_t c)
{
    if (c >= 'a' && c <= 'z')
        c = (uint8_t)(c - 'a' + 'A');
    if (c == 'O')
        c = '0';
    if (c == 'I' || c == 'L')
        c = '1';
    return digit_value(base32_digits, c);
}

bool encode_base32_decode(struct bytes text, uint8_t *out, size_t n)
{
    uint32_t bits = 0;
    unsigned held = 0;
    size_t at = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '-' || text.p[i] == ' ')
            continue;
        int v = base32_value(text.p[i]);
        if (v < 0 || at == n)
            return false;
        bits = bits << 5 | (uint32_t)v;
        held += 5;
        if (held >= 8) {
            held -= 8;
            out[at++] = (uint8_t)(bits >> held);
            bits &= (1u << held) - 1;
        }
    }
    return at == n && held < 5 && bits == 0;
}
