#include "base/random.h"

#include <assert.h>
#include <limits.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

/* A call of the generator costs a microsecond whatever its size, and a letter takes four ids and
 * nonces. What is left in the pool would come twice after a fork: no process of ours forks. */
static _Thread_local struct {
    uint8_t bytes[256];
    size_t left;
} pool;

static void generate(void *p, size_t n)
{
    assert(n <= INT_MAX);
    if (RAND_bytes(p, (int)n) != 1)
        abort();
}

void random_bytes(void *p, size_t n)
{
    if (n > sizeof pool.bytes / 4) {
        generate(p, n);
        return;
    }
    if (n > pool.left) {
        generate(pool.bytes, sizeof pool.bytes);
        pool.left = sizeof pool.bytes;
    }
    pool.left -= n;
    memcpy(p, pool.bytes + pool.left, n);
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
