#include "aws/cognito/cognito_throttles.h"

#include "base/cache.h"
#include "base/mem.h"
#include "base/threads.h"

#include <assert.h>

/* About 8 MB when full. */
#define KEYS_MAX 65536u

static_assert(THROTTLE_KEY_BYTES == CACHE_KEY_BYTES, "throttles are cached by their keys");

struct cognito_throttles {
    struct lock lock; /* from reading a count to storing it */
    struct cache *counts;
};

struct cognito_throttles *cognito_throttles_create(void)
{
    struct cognito_throttles *throttles = mem_alloc(sizeof *throttles);
    lock_init(&throttles->lock);
    throttles->counts = cache_create(KEYS_MAX, sizeof(struct throttle_count));
    return throttles;
}

void cognito_throttles_destroy(struct cognito_throttles *throttles)
{
    if (throttles == NULL)
        return;
    cache_destroy(throttles->counts);
    lock_fini(&throttles->lock);
    mem_free(throttles);
}

static struct throttle_count read_count(struct cognito_throttles *throttles, const struct ctx *ctx,
                                        const struct throttle *key)
{
    struct throttle_count count = {0};
    if (cache_get(throttles->counts, key->key, ctx->now_unix_ms, &count))
        throttle_age(&count, ctx->now_unix_ms);
    return count;
}

enum err cognito_throttles_check(struct cognito_throttles *throttles, struct ctx *ctx,
                                 const struct throttle *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct throttle_count kept = read_count(throttles, ctx, &keys[i]);
        int64_t wait_s = throttle_wait_s(&kept, ctx->now_unix_ms);
        if (wait_s > 0) {
            ctx->retry_after_s = wait_s;
            return ERR_RATE_LIMITED;
        }
    }
    return ERR_OK;
}

void cognito_throttles_count(struct cognito_throttles *throttles, const struct ctx *ctx,
                             const struct throttle *keys, size_t count)
{
    lock_acquire(&throttles->lock);
    for (size_t i = 0; i < count; i++) {
        struct throttle_count kept = read_count(throttles, ctx, &keys[i]);
        throttle_add(&keys[i], &kept, ctx->now_unix_ms);
        cache_put(throttles->counts, keys[i].key, kept.since_unix_ms + THROTTLE_FORGET_MS, &kept);
    }
    lock_release(&throttles->lock);
}

void cognito_throttles_clear(struct cognito_throttles *throttles, const struct throttle *key)
{
    lock_acquire(&throttles->lock);
    cache_drop(throttles->counts, key->key);
    lock_release(&throttles->lock);
}
