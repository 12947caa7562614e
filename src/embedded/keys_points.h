/* The public halves of a user's keys, cached. For keys_*.c only. */
#ifndef LETTERLOCK_EMBEDDED_KEYS_POINTS_H
#define LETTERLOCK_EMBEDDED_KEYS_POINTS_H

#include "base/cache.h"
#include "embedded/key_rows.h"
#include "embedded/keys_service.h"

#include <stdatomic.h>

/* Users with more keys than this are read from the database each time. */
#define KEYS_POINTS_CACHED 16u

struct keys_point {
    struct ecdh_point point;
    struct uuid id;
    enum key_state state;
    int64_t created_unix_ms;
    int64_t lost_unix_ms;
};

/* A user's keys, newest first. A value of fixed size; items is used when there are few. */
struct keys_points {
    size_t count;
    struct keys_point *items; /* points to few, or into an arena */
    struct keys_point few[KEYS_POINTS_CACHED];
    bool has_present;
    size_t present;                    /* index of the key that letters are sealed to */
    struct ecdh_public present_public; /* validated */
};

struct keys_service {
    struct store *store;
    struct cache *points;  /* user id -> struct keys_points */
    struct cache *secrets; /* digest of custody and points -> struct keys_secret */
    atomic_uint foreign_changes;
    atomic_uint forgotten; /* rises before points or secrets are dropped */
};

/* Z of a pair, with the user whose key made it and the session that had the power to. */
struct keys_secret {
    struct secret z;
    struct uuid user_id;
    struct uuid session_id;
};

/* All keys of a user, from the cache or the database. ERR_NOT_FOUND when there are none. out->items
 * lives as long as out and the arena. */
enum err keys_points_get(struct keys_service *service, struct ctx *ctx, const struct uuid *user_id,
                         struct keys_points *out) MUST_CHECK;

/* The key with that point, or NULL. */
const struct keys_point *keys_points_find(const struct keys_points *points,
                                          const struct ecdh_point *point);

/* Z of the actor's key own and peer, from the cache or by unsealing the private key with the
 * session's power. Errors of session_ring_open; ERR_INVALID_FIELD when peer is no point. */
enum err keys_secret_get(struct keys_service *service, struct ctx *ctx,
                         const struct ecdh_point *own, const struct ecdh_point *peer,
                         struct secret *z) MUST_CHECK;

#endif
