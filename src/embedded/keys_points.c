#include "embedded/keys_points.h"

#include "base/digest.h"
#include "base/mem.h"
#include "embedded/session_ring.h"
#include "envelope/keyring_ecdh.h"

#include <string.h>

static void key_of_user(const struct uuid *user_id, uint8_t key[CACHE_KEY_BYTES])
{
    memset(key, 0, CACHE_KEY_BYTES);
    memcpy(key, user_id->b, UUID_BYTES);
}

struct read {
    struct ctx *ctx;
    const struct uuid *user_id;
    struct key_row *rows;
    size_t count;
};

static enum err read_rows(struct store_db *db, void *arg)
{
    struct read *r = arg;
    return key_rows_list(db, r->ctx->arena, r->user_id, &r->rows, &r->count);
}

static void fill(struct keys_points *out, struct arena *arena, const struct key_row *rows,
                 size_t count)
{
    *out = (struct keys_points){.count = count};
    out->items =
        count <= KEYS_POINTS_CACHED ? out->few : arena_calloc(arena, count, sizeof *out->items);
    for (size_t i = 0; i < count; i++) {
        out->items[i] = (struct keys_point){
            .point = rows[i].point,
            .id = rows[i].id,
            .state = rows[i].state,
            .created_unix_ms = rows[i].created_unix_ms,
            .lost_unix_ms = rows[i].lost_unix_ms,
        };
        if (!out->has_present && rows[i].state == KEY_ACTIVE &&
            ecdh_public_parse(&rows[i].point, &out->present_public) == ERR_OK) {
            out->has_present = true;
            out->present = i;
        }
    }
}

/* Another process may have changed anything. */
static void drop_when_stale(struct keys_service *service)
{
    unsigned now = store_foreign_changes(service->store);
    if (atomic_load(&service->foreign_changes) == now ||
        atomic_exchange(&service->foreign_changes, now) == now)
        return;
    atomic_fetch_add(&service->forgotten, 1);
    cache_clear(service->points);
}

enum err keys_points_get(struct keys_service *service, struct ctx *ctx, const struct uuid *user_id,
                         struct keys_points *out)
{
    uint8_t key[CACHE_KEY_BYTES];
    key_of_user(user_id, key);
    drop_when_stale(service);
    if (cache_get(service->points, key, ctx->now_unix_ms, out)) {
        out->items = out->few;
        return ERR_OK;
    }
    unsigned forgotten_before = atomic_load(&service->forgotten);
    struct read r = {.ctx = ctx, .user_id = user_id};
    enum err e = store_read(service->store, ctx, read_rows, &r);
    if (e != ERR_OK)
        return e;
    if (r.count == 0)
        return ERR_NOT_FOUND;
    fill(out, ctx->arena, r.rows, r.count);
    if (r.count > KEYS_POINTS_CACHED)
        return ERR_OK;
    cache_put(service->points, key, INT64_MAX, out);
    /* Keys that changed since they were read must not stay: letters would be sealed to a lost one.
     */
    if (atomic_load(&service->forgotten) != forgotten_before)
        cache_drop(service->points, key);
    return ERR_OK;
}

const struct keys_point *keys_points_find(const struct keys_points *points,
                                          const struct ecdh_point *point)
{
    for (size_t i = 0; i < points->count; i++) {
        if (ecdh_point_equal(&points->items[i].point, point))
            return &points->items[i];
    }
    return NULL;
}

/* --- shared secrets --- */

static void key_of_pair(const struct actor *actor, const struct ecdh_point *own,
                        const struct ecdh_point *peer, uint8_t key[CACHE_KEY_BYTES])
{
    uint8_t text[SECRET_BYTES + 2 * ECDH_POINT_BYTES];
    memcpy(text, actor->custody.b, SECRET_BYTES);
    memcpy(text + SECRET_BYTES, own->b, ECDH_POINT_BYTES);
    memcpy(text + SECRET_BYTES + ECDH_POINT_BYTES, peer->b, ECDH_POINT_BYTES);
    digest_sha256(bytes_of(text, sizeof text), key);
    mem_cleanse(text, sizeof text);
}

struct agree {
    struct ctx *ctx;
    const struct ecdh_point *own;
    const struct ecdh_point *peer;
    struct secret *z;
};

static enum err agree(struct store_db *db, void *arg)
{
    struct agree *a = arg;
    const struct actor *actor = a->ctx->actor;
    struct secret ring_key;
    struct key_row *rows;
    size_t count;
    enum err e = session_ring_open(db, actor, a->ctx->now_unix_ms, &ring_key);
    if (e != ERR_OK)
        return e;
    e = key_rows_list(db, a->ctx->arena, &actor->user_id, &rows, &count);
    const struct key_row *row = NULL;
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        if (ecdh_point_equal(&rows[i].point, a->own))
            row = &rows[i];
    }
    struct ecdh_key key = {0};
    if (e == ERR_OK)
        e = row == NULL ? ERR_NOT_FOR_US
                        : key_rows_open(a->ctx, &actor->user_id, &ring_key, row, &key);
    if (e == ERR_OK)
        e = keyring_ecdh_agree(&key, a->peer, a->z);
    ecdh_key_fini(&key);
    secret_fini(&ring_key);
    return e;
}

enum err keys_secret_get(struct keys_service *service, struct ctx *ctx,
                         const struct ecdh_point *own, const struct ecdh_point *peer,
                         struct secret *z)
{
    if (ctx->actor == NULL || !ctx->actor->has_custody)
        return ERR_ID_TOKEN_REQUIRED;
    uint8_t key[CACHE_KEY_BYTES];
    struct keys_secret cached;
    key_of_pair(ctx->actor, own, peer, key);
    bool hit = cache_get(service->secrets, key, ctx->now_unix_ms, &cached);
    enum err e = ERR_OK;
    if (hit) {
        *z = cached.z;
    } else {
        unsigned forgotten_before = atomic_load(&service->forgotten);
        struct agree a = {.ctx = ctx, .own = own, .peer = peer, .z = z};
        e = store_read(service->store, ctx, agree, &a);
        if (e == ERR_OK) {
            cached = (struct keys_secret){
                .z = *z, .user_id = ctx->actor->user_id, .session_id = ctx->actor->session_id};
            cache_put(service->secrets, key, ctx->now_unix_ms + KEYS_SECRET_LIFETIME_MS, &cached);
            /* The session may have been ended meanwhile, and nothing of its power may stay. */
            if (atomic_load(&service->forgotten) != forgotten_before)
                cache_drop(service->secrets, key);
        }
    }
    mem_cleanse(&cached, sizeof cached);
    mem_cleanse(key, sizeof key);
    return e;
}

/* --- the service itself --- */

struct keys_service *keys_service_create(struct store *store)
{
    struct keys_service *service = mem_alloc(sizeof *service);
    service->store = store;
    service->points = cache_create(KEYS_USERS_MAX, sizeof(struct keys_points));
    service->secrets = cache_create(KEYS_SECRETS_MAX, sizeof(struct keys_secret));
    return service;
}

void keys_service_destroy(struct keys_service *service)
{
    if (service == NULL)
        return;
    cache_destroy(service->points);
    cache_destroy(service->secrets);
    mem_free(service);
}

static bool is_of_session(const void *value, const void *arg)
{
    const struct keys_secret *secret = value;
    return uuid_equal(&secret->session_id, arg);
}

void keys_service_end_session(struct keys_service *service, const struct uuid *session_id)
{
    atomic_fetch_add(&service->forgotten, 1);
    cache_drop_if(service->secrets, is_of_session, session_id);
}

static bool is_of_user(const void *value, const void *arg)
{
    const struct keys_secret *secret = value;
    return uuid_equal(&secret->user_id, arg);
}

void keys_service_forget(struct keys_service *service, const struct uuid *user_id)
{
    uint8_t key[CACHE_KEY_BYTES];
    key_of_user(user_id, key);
    atomic_fetch_add(&service->forgotten, 1);
    cache_drop(service->points, key);
    cache_drop_if(service->secrets, is_of_user, user_id);
}
