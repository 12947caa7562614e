#include "base/cursor.h"

struct cursor cursor_of(struct bytes data)
{
    return (struct cursor){.left = data};
}

struct bytes cursor_take(struct cursor *c, size_t n)
{
    if (c->failed || n > c->left.n) {
        c->failed = true;
        return (struct bytes){0};
    }
    struct bytes taken = {c->left.p, n};
    if (n > 0)
        c->left = (struct bytes){c->left.p + n, c->left.n - n};
    return taken;
}

static uint64_t take_big_endian(struct cursor *c, size_t width)
{
    struct bytes raw = cursor_take(c, width);
    uint64_t v = 0;
    for (size_t i = 0; i < raw.n; i++)
        v = v << 8 | raw.p[i];
    return v;
}

uint8_t cursor_u8(struct cursor *c)
{
    return (uint8_t)take_big_endian(c, 1);
}

uint16_t cursor_u16(struct cursor *c)
{
    return (uint16_t)take_big_endian(c, 2);
}

uint32_t cursor_u32(struct cursor *c)
{
    return (uint32_t)take_big_endian(c, 4);
}

uint64_t cursor_u64(struct cursor *c)
{
    return take_big_endian(c, 8);
}

struct bytes cursor_take_u16_prefixed(struct cursor *c)
{
    return cursor_take(c, cursor_u16(c));
}

struct bytes cursor_take_u32_prefixed(struct cursor *c)
{
    return cursor_take(c, cursor_u32(c));
}

bool cursor_at_end(const struct cursor *c)
{
    return !c->failed && c->left.n == 0;
}
