#include "embedded/keys_ring_json.h"

#include "base/encode.h"
#include "base/json.h"
#include "embedded/account_rows.h"
#include "embedded/key_rows.h"
#include "ports/actor.h"

#define KEY_RING_JSON_MAX_BYTES (4u << 20)

struct ring {
    struct ctx *ctx;
    struct account account;
    bool found;
    struct key_row *keys;
    size_t count;
};

static enum err read_ring(struct store_db *db, void *arg)
{
    struct ring *ring = arg;
    const struct uuid *id = &ring->ctx->actor->user_id;
    enum err e = account_by_id(db, ring->ctx->arena, id, &ring->account, &ring->found);
    if (e != ERR_OK || !ring->found)
        return e;
    return key_rows_list(db, ring->ctx->arena, id, &ring->keys, &ring->count);
}

/* null for the empty run. */
static json_t *base64(struct bytes data)
{
    if (data.n == 0)
        return json_null();
    struct buffer text;
    buffer_init(&text, 1024);
    encode_base64(&text, data);
    json_t *value = json_from_bytes(buffer_bytes(&text));
    buffer_fini(&text);
    return value;
}

static json_t *keys_of(const struct ring *ring)
{
    json_t *keys = json_array();
    for (size_t i = 0; i < ring->count; i++) {
        const struct key_row *key = &ring->keys[i];
        if (key->state == KEY_LOST)
            continue;
        json_array_append_new(keys, json_pack("{s:o,s:o,s:o,s:o}", "id", json_from_uuid(&key->id),
                                              "created_at", json_from_time(key->created_unix_ms),
                                              "public_key", base64(ecdh_point_bytes(&key->point)),
                                              "private_key", base64(key->sealed_private_key)));
    }
    return keys;
}

enum err keys_ring_json(struct store *store, struct ctx *ctx, struct bytes *json)
{
    struct ring ring = {.ctx = ctx};
    enum err e = store_read(store, ctx, read_ring, &ring);
    if (e != ERR_OK || !ring.found)
        return e == ERR_OK ? ERR_NOT_FOUND : e;
    const struct account *account = &ring.account;
    json_t *kdf =
        json_pack("{s:s,s:o,s:I,s:I,s:I}", "algorithm", "argon2id", "salt",
                  base64(bytes_of(account->kdf.salt, sizeof account->kdf.salt)), "memory_kib",
                  (json_int_t)account->kdf.memory_kib, "passes", (json_int_t)account->kdf.passes,
                  "lanes", (json_int_t)account->kdf.lanes);
    json_t *wrap = json_pack("{s:o,s:o}", "password", base64(account->ring_by_password), "recovery",
                             base64(account->ring_by_recovery));
    json_t *object = json_pack("{s:i,s:o,s:o,s:o}", "version", 1, "kdf", kdf, "wrap", wrap, "keys",
                               keys_of(&ring));
    struct buffer text;
    buffer_init(&text, KEY_RING_JSON_MAX_BYTES);
    json_write(&text, object);
    json_decref(object);
    *json = arena_copy(ctx->arena, buffer_bytes(&text));
    bool ok = buffer_ok(&text);
    buffer_fini(&text);
    return ok ? ERR_OK : ERR_INTERNAL;
}
