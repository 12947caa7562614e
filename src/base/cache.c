#include "base/cache.h"

#include "base/mem.h"
#include "base/threads.h"

#include <assert.h>
#include <stdalign.h>
#include <stddef.h>
#include <string.h>

struct entry {
    struct entry *chain; /* next in the same bucket */
    struct entry *newer;
    struct entry *older;
    int64_t end_unix_ms;
    uint8_t key[CACHE_KEY_BYTES];
    alignas(max_align_t) uint8_t value[];
};

struct cache {
    struct lock lock;
    struct entry **buckets;
    size_t bucket_mask;
    struct entry *newest;
    struct entry *oldest;
    size_t count;
    size_t capacity;
    size_t value_bytes;
};

void cache_key_of_uuid(const struct uuid *id, uint8_t key[CACHE_KEY_BYTES])
{
    memset(key, 0, CACHE_KEY_BYTES);
    memcpy(key, id->b, UUID_BYTES);
}

struct cache *cache_create(size_t capacity, size_t value_bytes)
{
    assert(capacity > 0 && value_bytes > 0);
    size_t buckets = 16;
    while (buckets < capacity)
        buckets *= 2;
    struct cache *cache = mem_alloc(sizeof *cache);
    lock_init(&cache->lock);
    cache->buckets = mem_calloc(buckets, sizeof(struct entry *));
    cache->bucket_mask = buckets - 1;
    cache->capacity = capacity;
    cache->value_bytes = value_bytes;
    return cache;
}

/* Keys are digests or random ids, so their first bits spread well. */
static struct entry **bucket_of(struct cache *cache, const uint8_t key[CACHE_KEY_BYTES])
{
    size_t h;
    memcpy(&h, key, sizeof h);
    return &cache->buckets[h & cache->bucket_mask];
}

static void unlink_age(struct cache *cache, struct entry *e)
{
    *(e->newer != NULL ? &e->newer->older : &cache->newest) = e->older;
    *(e->older != NULL ? &e->older->newer : &cache->oldest) = e->newer;
}

static void link_newest(struct cache *cache, struct entry *e)
{
    e->newer = NULL;
    e->older = cache->newest;
    *(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) = e;
    cache->newest = e;
}

static void remove_entry(struct cache *cache, struct entry *e)
{
    struct entry **at = bucket_of(cache, e->key);
    while (*at != e)
        at = &(*at)->chain;
    *at = e->chain;
    unlink_age(cache, e);
    cache->count--;
    mem_cleanse(e, sizeof *e + cache->value_bytes);
    mem_free(e);
}

static struct entry *find(struct cache *cache, const uint8_t key[CACHE_KEY_BYTES])
{
    struct entry *e = *bucket_of(cache, key);
    while (e != NULL && memcmp(e->key, key, CACHE_KEY_BYTES) != 0)
        e = e->chain;
    return e;
}

bool cache_get(struct cache *cache, const uint8_t key[CACHE_KEY_BYTES], int64_t now_unix_ms,
               void *out)
{
    lock_acquire(&cache->lock);
    struct entry *e = find(cache, key);
    if (e != NULL && e->end_unix_ms <= now_unix_ms) {
        remove_entry(cache, e);
        e = NULL;
    }
    if (e != NULL) {
        memcpy(out, e->value, cache->value_bytes);
        unlink_age(cache, e);
        link_newest(cache, e);
    }
    lock_release(&cache->lock);
    return e != NULL;
}

void cache_put(struct cache *cache, const uint8_t key[CACHE_KEY_BYTES], int64_t end_unix_ms,
               const void *value)
{
    lock_acquire(&cache->lock);
    struct entry *e = find(cache, key);
    if (e != NULL)
        remove_entry(cache, e);
    if (cache->count == cache->capacity)
        remove_entry(cache, cache->oldest);
    e = mem_alloc(sizeof *e + cache->value_bytes);
    memcpy(e->key, key, CACHE_KEY_BYTES);
    memcpy(e->value, value, cache->value_bytes);
    e->end_unix_ms = end_unix_ms;
    struct entry **bucket = bucket_of(cache, key);
    e->chain = *bucket;
    *bucket = e;
    link_newest(cache, e);
    cache->count++;
    lock_release(&cache->lock);
}

void cache_drop(struct cache *cache, const uint8_t key[CACHE_KEY_BYTES])
{
    lock_acquire(&cache->lock);
    struct entry *e = find(cache, key);
    if (e != NULL)
        remove_entry(cache, e);
    lock_release(&cache->lock);
}

void cache_drop_if(struct cache *cache, bool (*match)(const void *value, const void *arg),
                   const void *arg)
{
    lock_acquire(&cache->lock);
    struct entry *e = cache->newest;
    while (e != NULL) {
        struct entry *older = e->older;
        if (match(e->value, arg))
            remove_entry(cache, e);
        e = older;
    }
    lock_release(&cache->lock);
}

static bool match_all(const void *value, const void *arg)
{
    (void)value;
    (void)arg;
    return true;
}

void cache_clear(struct cache *cache)
{
    cache_drop_if(cache, match_all, NULL);
}

void cache_destroy(struct cache *cache)
{
    if (cache == NULL)
        return;
    cache_clear(cache);
    mem_free(cache->buckets);
    lock_fini(&cache->lock);
    mem_free(cache);
}
