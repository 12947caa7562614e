/* Arithmetic in the field of GHASH, GF(2^128) as GCM writes it (NIST SP 800-38D section 6.3). Slow
 * and not in constant time: for sums that keep no secret. */
#ifndef LETTERLOCK_BASE_GHASH_H
#define LETTERLOCK_BASE_GHASH_H

#include <stdint.h>

#define GHASH_BYTES 16u

struct ghash {
    uint8_t b[GHASH_BYTES];
};

/* a + b, which is also a - b. */
struct ghash ghash_add(struct ghash a, struct ghash b);

struct ghash ghash_multiply(struct ghash a, struct ghash b);

/* The element that gives 1 with a; 0 for 0. */
struct ghash ghash_invert(struct ghash a);

#endif
