/* A bounded, thread-safe map from 32-byte keys (digests, random ids) to small values of one size,
 * least recently used out first. Everything it drops is cleansed: it may hold secrets. */
#ifndef LETTERLOCK_BASE_CACHE_H
#define LETTERLOCK_BASE_CACHE_H

#include "base/uuid.h"

#define CACHE_KEY_BYTES 32u

struct cache;

/* The key that stands for an id of version 4, as users and sessions have. */
void cache_key_of_uuid(const struct uuid *id, uint8_t key[CACHE_KEY_BYTES]);

/* Gives a cache of at most capacity values of value_bytes each. Memory grows with use only. */
struct cache *cache_create(size_t capacity, size_t value_bytes) __attribute__((returns_nonnull));

/* Cleanses and frees; cache may be NULL. */
void cache_destroy(struct cache *cache);

/* Copies the value of key to out (value_bytes) and marks it used; false when it is absent or was
 * put with an end before now_unix_ms. */
bool cache_get(struct cache *cache, const uint8_t key[CACHE_KEY_BYTES], int64_t now_unix_ms,
               void *out);

/* Stores a copy of value until end_unix_ms, in place of any earlier one. */
void cache_put(struct cache *cache, const uint8_t key[CACHE_KEY_BYTES], int64_t end_unix_ms,
               const void *value);

/* Drops the value of key, if there is one. */
void cache_drop(struct cache *cache, const uint8_t key[CACHE_KEY_BYTES]);

/* Drops every value for which match(value, arg) is true. */
void cache_drop_if(struct cache *cache, bool (*match)(const void *value, const void *arg),
                   const void *arg);

/* Drops everything. */
void cache_clear(struct cache *cache);

#endif
