/* 256-bit secrets: keys, custody secrets. A type of their own, so that none is formatted, logged
 * or compared by accident. */
#ifndef LETTERLOCK_BASE_SECRET_H
#define LETTERLOCK_BASE_SECRET_H

#include "base/bytes.h"

#define SECRET_BYTES 32u

struct secret {
    uint8_t b[SECRET_BYTES];
};

/* Fills s with fresh random bytes from the system's generator (OpenSSL RAND_priv_bytes); aborts
 * when that fails. */
void secret_random(struct secret *s);

/* Cleanses s. A zeroed struct is legal. */
void secret_fini(struct secret *s);

/* Constant-time comparison. */
bool secret_equal(const struct secret *a, const struct secret *b);

/* The bytes of s, borrowed, for handing to a cryptographic function. */
struct bytes secret_bytes(const struct secret *s);

#endif
