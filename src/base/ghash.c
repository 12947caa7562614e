#include "base/ghash.h"

#define BITS 128u
#define REDUCTION 0xe1u

struct ghash ghash_add(struct ghash a, struct ghash b)
{
    for (unsigned i = 0; i < GHASH_BYTES; i++)
        a.b[i] ^= b.b[i];
    return a;
}

/* Times x: one bit to the right, since the first bit is the coefficient of 1. */
static struct ghash shift(struct ghash v)
{
    uint8_t carry = 0;
    for (unsigned i = 0; i < GHASH_BYTES; i++) {
        uint8_t next = (uint8_t)(v.b[i] << 7);
        v.b[i] = (uint8_t)(v.b[i] >> 1 | carry);
        carry = next;
    }
    if (carry != 0)
        v.b[0] ^= REDUCTION;
    return v;
}

struct ghash ghash_multiply(struct ghash a, struct ghash b)
{
    struct ghash product = {{0}};
    for (unsigned i = 0; i < BITS; i++) {
        if ((b.b[i / 8] >> (7 - i % 8) & 1) != 0)
            product = ghash_add(product, a);
        a = shift(a);
    }
    return product;
}

/* By Fermat: a^(2^128 - 2), the product of a^2, a^4, … a^(2^127). */
struct ghash ghash_invert(struct ghash a)
{
    struct ghash inverse = {{0x80}};
    for (unsigned i = 1; i < BITS; i++) {
        a = ghash_multiply(a, a);
        inverse = ghash_multiply(inverse, a);
    }
    return inverse;
}
