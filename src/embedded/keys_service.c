#include "embedded/keys_points.h"
#include "embedded/keys_ring_json.h"
#include "embedded/session_ring.h"
#include "envelope/keyring_ecdh.h"

#include <string.h>

/* Where the points stand in an EDK's provider info (message format, section 5). */
#define INFO_RECIPIENT_OFFSET 5u
#define INFO_SENDER_OFFSET 42u

/* --- describing --- */

static enum err describe(void *self, struct ctx *ctx, const struct uuid *user_id,
                         struct key_description *out)
{
    struct keys_points points;
    enum err e = keys_points_get(self, ctx, user_id, &points);
    if (e != ERR_OK || !points.has_present)
        return e == ERR_OK ? ERR_NOT_FOUND : e;
    const struct keys_point *present = &points.items[points.present];
    *out = (struct key_description){.has_point = true, .created_unix_ms = present->created_unix_ms};
    uuid_format(&present->id, out->reference);
    memcpy(out->point, present->point.b, sizeof out->point);
    for (size_t i = 0; i < points.count; i++) {
        if (points.items[i].lost_unix_ms > out->lost_before_unix_ms)
            out->lost_before_unix_ms = points.items[i].lost_unix_ms;
    }
    return ERR_OK;
}

static enum err publish(struct store_db *db, void *arg)
{
    return key_rows_publish(db, arg);
}

static enum err provision(void *self, struct ctx *ctx, const struct uuid *user_id,
                          struct key_description *out)
{
    struct keys_service *service = self;
    struct uuid id = *user_id;
    enum err e = store_write(service->store, ctx, publish, &id);
    if (e != ERR_OK)
        return e;
    keys_service_forget(service, user_id);
    return describe(self, ctx, user_id, out);
}

/* --- wrapping --- */

static void store_edk(struct arena *arena, const struct keyring_ecdh_edk *edk,
                      struct key_wrapped *out)
{
    struct keyring_ecdh_edk *kept = arena_alloc(arena, sizeof *kept);
    *kept = *edk;
    out->edks[0] = keyring_ecdh_edk_view(kept);
    out->edk_count = 1;
}

static enum err wrap_static(struct keys_service *service, struct ctx *ctx,
                            const struct keys_points *recipient, struct bytes aad,
                            struct key_wrapped *out)
{
    struct keys_points own;
    struct secret z;
    struct keyring_ecdh_edk edk;
    enum err e = keys_points_get(service, ctx, &ctx->actor->user_id, &own);
    if (e != ERR_OK || !own.has_present)
        return e == ERR_OK ? ERR_NOT_FOUND : e;
    const struct ecdh_point *sender = &own.items[own.present].point;
    const struct ecdh_point *to = &recipient->present_public.point;
    e = keys_secret_get(service, ctx, sender, to, &z);
    if (e != ERR_OK)
        return e;
    keyring_ecdh_wrap(&z, sender, to, aad, &out->data_key, &edk);
    secret_fini(&z);
    store_edk(ctx->arena, &edk, out);
    out->sender_can_open = true;
    out->sender_verified = true;
    return ERR_OK;
}

static enum err wrap(void *self, struct ctx *ctx, const struct key_wrap *in,
                     struct key_wrapped *out)
{
    struct keys_service *service = self;
    struct keys_points recipient;
    enum err e = keys_points_get(service, ctx, in->recipient_id, &recipient);
    if (e == ERR_NOT_FOUND || (e == ERR_OK && !recipient.has_present))
        return ERR_UNKNOWN_RECIPIENT;
    if (e != ERR_OK)
        return e;
    *out = (struct key_wrapped){0};
    secret_random(&out->data_key);
    if (in->copy && ctx->actor != NULL && ctx->actor->has_custody) {
        e = wrap_static(service, ctx, &recipient, in->context, out);
    } else {
        struct keyring_ecdh_edk edk;
        keyring_ecdh_wrap_ephemeral(&recipient.present_public, in->context, &out->data_key, &edk);
        store_edk(ctx->arena, &edk, out);
    }
    if (e != ERR_OK)
        secret_fini(&out->data_key);
    return e;
}

/* --- unwrapping --- */

struct openable {
    struct keys_service *service;
    struct ctx *ctx;
    const struct ecdh_point *own;
};

static enum err agree_own(void *arg, size_t index, const struct ecdh_point *peer, struct secret *z)
{
    const struct openable *o = arg;
    return keys_secret_get(o->service, o->ctx, &o->own[index], peer, z);
}

/* True when the header names a key of ours that was lost. */
static bool names_lost_key(const struct header *header, const struct keys_points *points)
{
    for (size_t i = 0; i < header->edk_count; i++) {
        struct bytes info = header->edks[i].info;
        if (info.n != KEYRING_ECDH_INFO_BYTES)
            continue;
        struct ecdh_point named[2];
        memcpy(named[0].b, info.p + INFO_RECIPIENT_OFFSET, ECDH_POINT_BYTES);
        memcpy(named[1].b, info.p + INFO_SENDER_OFFSET, ECDH_POINT_BYTES);
        for (size_t j = 0; j < 2; j++) {
            const struct keys_point *ours = keys_points_find(points, &named[j]);
            if (ours != NULL && ours->state == KEY_LOST)
                return true;
        }
    }
    return false;
}

/* Looks among all keys of the user, past and lost ones too, or among those that still open. */
static enum err is_key_of(struct keys_service *service, struct ctx *ctx,
                          const struct ecdh_point *point, const struct uuid *user_id,
                          bool that_opens, bool *is)
{
    struct keys_points points;
    enum err e = keys_points_get(service, ctx, user_id, &points);
    const struct keys_point *key = e == ERR_OK ? keys_points_find(&points, point) : NULL;
    *is = key != NULL && !(that_opens && key->state == KEY_LOST);
    return e == ERR_NOT_FOUND ? ERR_OK : e; /* an erased account has no keys to compare with */
}

static enum err unwrap(void *self, struct ctx *ctx, const struct header *header,
                       const struct uuid *sender_id, struct secret *data_key, bool *sender_verified)
{
    struct keys_service *service = self;
    struct keys_points points;
    if (ctx->actor == NULL || !ctx->actor->has_custody)
        return ERR_ID_TOKEN_REQUIRED;
    enum err e = keys_points_get(service, ctx, &ctx->actor->user_id, &points);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_NOT_FOR_US : e;
    struct ecdh_point *own = arena_calloc(ctx->arena, points.count, sizeof *own);
    size_t count = 0;
    for (size_t i = 0; i < points.count; i++) {
        if (points.items[i].state != KEY_LOST)
            own[count++] = points.items[i].point;
    }
    struct openable openable = {.service = service, .ctx = ctx, .own = own};
    const struct keyring_ecdh_keys keys = {
        .own = own, .count = count, .agree = agree_own, .arg = &openable};
    struct keyring_ecdh_parties parties;
    e = keyring_ecdh_unwrap(header, &keys, data_key, &parties, NULL);
    if (e == ERR_NOT_FOR_US && names_lost_key(header, &points))
        return ERR_KEY_LOST;
    if (e != ERR_OK)
        return e == ERR_SEALED_INVALID ? ERR_LETTER_DAMAGED : e;
    e = is_key_of(service, ctx, &parties.sender, sender_id, false, sender_verified);
    if (e != ERR_OK)
        secret_fini(data_key);
    return e;
}

/* --- letters sealed by clients --- */

static enum err check_sealed(void *self, struct ctx *ctx, const struct header *header,
                             const struct uuid *recipient_id, bool *sender_can_open,
                             bool *sender_verified)
{
    struct keys_service *service = self;
    struct keys_points recipient;
    enum err e = keys_points_get(service, ctx, recipient_id, &recipient);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_UNKNOWN_RECIPIENT : e;
    if (!recipient.has_present)
        return ERR_UNKNOWN_RECIPIENT;
    *sender_can_open = false;
    *sender_verified = false;
    bool for_recipient = false;
    for (size_t i = 0; i < header->edk_count; i++) {
        const struct edk *edk = &header->edks[i];
        if (!bytes_equal_str(edk->provider, "raw-ecdh") || edk->info.n != KEYRING_ECDH_INFO_BYTES ||
            edk->ciphertext.n != KEYRING_ECDH_CIPHERTEXT_BYTES)
            continue;
        struct ecdh_point to;
        struct ecdh_point from;
        memcpy(to.b, edk->info.p + INFO_RECIPIENT_OFFSET, ECDH_POINT_BYTES);
        memcpy(from.b, edk->info.p + INFO_SENDER_OFFSET, ECDH_POINT_BYTES);
        if (!ecdh_point_equal(&to, &recipient.present_public.point))
            continue;
        for_recipient = true;
        bool ours;
        e = is_key_of(service, ctx, &from, &ctx->actor->user_id, true, &ours);
        if (e != ERR_OK)
            return e;
        *sender_can_open |= ours;
        *sender_verified |= ours;
    }
    return for_recipient ? ERR_OK
                         : ctx_fail(ctx, ERR_SEALED_INVALID,
                                    "it is not sealed to the recipient's present key");
}

/* --- changing --- */

struct rotation {
    struct ctx *ctx;
    struct secret ring_key;
    struct key_row fresh;
};

static enum err read_ring_key(struct store_db *db, void *arg)
{
    struct rotation *r = arg;
    return session_ring_open(db, r->ctx->actor, r->ctx->now_unix_ms, &r->ring_key);
}

/* The ring key is read again inside the task: a reset in between would have replaced it. */
static enum err add_fresh(struct store_db *db, void *arg)
{
    struct rotation *r = arg;
    struct secret now;
    enum err e = session_ring_open(db, r->ctx->actor, r->ctx->now_unix_ms, &now);
    if (e != ERR_OK)
        return e;
    bool same = secret_equal(&now, &r->ring_key);
    secret_fini(&now);
    if (!same)
        return ERR_CONFLICT;
    struct key_row *rows;
    size_t count;
    e = key_rows_list(db, r->ctx->arena, &r->ctx->actor->user_id, &rows, &count);
    if (e == ERR_OK && count >= KEYS_PER_USER_MAX)
        e = ctx_fail(r->ctx, ERR_CONFLICT, "there are %u keys already", KEYS_PER_USER_MAX);
    return e == ERR_OK ? key_rows_add(db, &r->ctx->actor->user_id, &r->fresh) : e;
}

static enum err rotate(void *self, struct ctx *ctx, struct key_description *out)
{
    struct keys_service *service = self;
    struct rotation r = {.ctx = ctx};
    enum err e = store_read(service->store, ctx, read_ring_key, &r);
    if (e == ERR_OK)
        e = key_rows_generate(ctx, &ctx->actor->user_id, &r.ring_key, KEY_ACTIVE, &r.fresh);
    if (e == ERR_OK)
        e = store_write(service->store, ctx, add_fresh, &r);
    secret_fini(&r.ring_key);
    if (e != ERR_OK)
        return e;
    keys_service_forget(service, &ctx->actor->user_id);
    return describe(self, ctx, &ctx->actor->user_id, out);
}

static enum err key_ring(void *self, struct ctx *ctx, struct bytes *json)
{
    struct keys_service *service = self;
    return keys_ring_json(service->store, ctx, json);
}

static enum err erase(struct store_db *db, void *arg)
{
    return key_rows_erase(db, arg);
}

static enum err destroy(void *self, struct ctx *ctx, const struct uuid *user_id)
{
    struct keys_service *service = self;
    struct uuid id = *user_id;
    enum err e = store_write(service->store, ctx, erase, &id);
    keys_service_forget(service, user_id);
    return e;
}

struct keys keys_service_port(struct keys_service *service)
{
    return (struct keys){
        .self = service,
        .nonblocking = true,
        .provision = provision,
        .describe = describe,
        .wrap = wrap,
        .unwrap = unwrap,
        .check_sealed = check_sealed,
        .rotate = rotate,
        .key_ring = key_ring,
        .destroy = destroy,
    };
}
