#include "base/random.h"

#include <assert.h>
#include <limits.h>
#include <openssl/rand.h>
#include <stdlib.h>

void random_bytes(void *p, size_t n)
{
    assert(n <= INT_MAX);
    if (RAND_bytes(p, (int)n) != 1)
        abort();
}

void random_private_bytes(void *p, size_t n)
{
    assert(n <= INT_MAX);
    if (RAND_priv_bytes(p, (int)n) != 1)
        abort();
}

uint32_t random_below(uint32_t bound)
{
    assert(bound > 0);
    /* Values below 2^32 mod bound would make small results likelier. */
    uint32_t reject_below = (uint32_t)(-bound) % bound;
    uint32_t v;
    do {
        random_private_bytes(&v, sizeof v);
    } while (v < reject_below);
    return v % bound;
}
