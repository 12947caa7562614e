/* Random bytes from OpenSSL's generators. Failure means that no safe operation is possible, so it
 * aborts the process. */
#ifndef LETTERLOCK_BASE_RANDOM_H
#define LETTERLOCK_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Fills n bytes at p with values that may become public: ids, nonces (RAND_bytes). */
void random_bytes(void *p, size_t n);

/* Fills n bytes at p with values that must stay secret (RAND_priv_bytes). */
void random_private_bytes(void *p, size_t n);

/* A uniform number in 0..bound-1, without modulo bias; bound > 0. */
uint32_t random_below(uint32_t bound);

#endif
