#include "aws/kms/kms_keys.h"

#include "aws/kms/kms_calls.h"
#include "aws/kms/kms_provision.h"
#include "base/cache.h"
#include "base/digest.h"
#include "base/mem.h"
#include "envelope/keyring_kms.h"

#include <string.h>

#define KEYS_CACHED_MAX 16384u
#define KEYS_CACHED_MS (INT64_C(10) * 60 * 1000)

struct kms_keys {
    struct aws_client *client;
    struct owner_credentials *owners;
    struct cache *known; /* user -> struct kms_key, enabled ones only */
};

struct kms_keys *kms_keys_create(struct aws_client *client, struct owner_credentials *owners)
{
    struct kms_keys *keys = mem_alloc(sizeof *keys);
    keys->client = client;
    keys->owners = owners;
    keys->known = cache_create(KEYS_CACHED_MAX, sizeof(struct kms_key));
    return keys;
}

void kms_keys_destroy(struct kms_keys *keys)
{
    if (keys == NULL)
        return;
    cache_destroy(keys->known);
    mem_free(keys);
}

/* --- which key is whose --- */

static const struct aws_config *config_of(const struct kms_keys *keys)
{
    return aws_client_config(keys->client);
}

static void remember(struct kms_keys *keys, struct ctx *ctx, const struct uuid *user_id,
                     const struct kms_key *key)
{
    uint8_t id[CACHE_KEY_BYTES];
    digest_sha256(uuid_bytes(user_id), id);
    if (key->enabled)
        cache_put(keys->known, id, ctx->now_unix_ms + KEYS_CACHED_MS, key);
}

static void forget(struct kms_keys *keys, const struct uuid *user_id)
{
    uint8_t id[CACHE_KEY_BYTES];
    digest_sha256(uuid_bytes(user_id), id);
    cache_drop(keys->known, id);
}

/* The user's own key, in whatever state. ERR_NOT_FOUND. */
static enum err find_own(struct kms_keys *keys, struct ctx *ctx, const struct uuid *user_id,
                         struct kms_key *out)
{
    uint8_t id[CACHE_KEY_BYTES];
    digest_sha256(uuid_bytes(user_id), id);
    if (cache_get(keys->known, id, ctx->now_unix_ms, out))
        return ERR_OK;
    char alias[KMS_ALIAS_BYTES];
    kms_alias_of(user_id, alias);
    enum err e = kms_describe_key(keys->client, ctx, alias, out);
    if (e == ERR_OK)
        remember(keys, ctx, user_id, out);
    return e;
}

static void describe_key(const char *arn, int64_t created_unix_ms, struct key_description *out)
{
    *out = (struct key_description){.created_unix_ms = created_unix_ms};
    struct bytes text = bytes_slice(bytes_of_str(arn), 0, sizeof out->reference - 1);
    memcpy(out->reference, text.p, text.n);
}

static enum err describe(void *self, struct ctx *ctx, const struct uuid *user_id,
                         struct key_description *out)
{
    struct kms_keys *keys = self;
    struct kms_key key = {.enabled = true};
    enum err e = ERR_OK;
    if (config_of(keys)->shared_key)
        describe_key(config_of(keys)->shared_key_arn, 0, out);
    else if ((e = find_own(keys, ctx, user_id, &key)) == ERR_OK)
        describe_key(key.arn, key.created_unix_ms, out);
    /* Nothing can be wrapped under a key that an administrator disabled. */
    return e == ERR_OK && !key.enabled ? ERR_NOT_FOUND : e;
}

static enum err provision(void *self, struct ctx *ctx, const struct uuid *user_id,
                          struct key_description *out)
{
    struct kms_keys *keys = self;
    if (config_of(keys)->shared_key)
        return describe(self, ctx, user_id, out);
    struct kms_key key;
    enum err e = kms_provision(keys->client, ctx, user_id, &key);
    if (e != ERR_OK)
        return e;
    if (key.deleting)
        return ctx_fail(ctx, ERR_FORBIDDEN, "This account's key is about to be deleted.");
    remember(keys, ctx, user_id, &key);
    describe_key(key.arn, key.created_unix_ms, out);
    return ERR_OK;
}

/* --- wrapping --- */

/* What the record says, or what the user's key is called now. */
static enum err reference_of(struct kms_keys *keys, struct ctx *ctx, const char *recorded,
                             const struct uuid *user_id, const char **out)
{
    *out = recorded;
    if (recorded[0] != '\0')
        return ERR_OK;
    struct key_description *key = arena_alloc(ctx->arena, sizeof *key);
    *out = key->reference;
    return describe(keys, ctx, user_id, key);
}

/* A sender without a usable key gets no copy. */
static enum err wrap_copy(struct kms_keys *keys, struct ctx *ctx, const struct key_wrap *in,
                          const json_t *context, struct key_wrapped *out)
{
    const char *sender;
    enum err e = reference_of(keys, ctx, in->sender_reference, &ctx->actor->user_id, &sender);
    if (e == ERR_OK && !bytes_equal_str(out->edks[0].info, sender)) {
        e = kms_encrypt(keys->client, ctx, sender, context, &out->data_key, &out->edks[1]);
        out->edk_count += e == ERR_OK;
    }
    if (e == ERR_NOT_FOUND) {
        forget(keys, &ctx->actor->user_id);
        return ERR_OK;
    }
    out->sender_can_open = e == ERR_OK;
    return e;
}

static enum err wrap(void *self, struct ctx *ctx, const struct key_wrap *in,
                     struct key_wrapped *out)
{
    struct kms_keys *keys = self;
    const char *recipient;
    *out = (struct key_wrapped){0};
    enum err e = reference_of(keys, ctx, in->recipient_reference, in->recipient_id, &recipient);
    json_t *context = kms_context_of(ctx, in->context);
    if (e == ERR_OK)
        e = kms_generate_data_key(keys->client, ctx, recipient, context, &out->data_key,
                                  &out->edks[0]);
    if (e == ERR_NOT_FOUND) {
        forget(keys, in->recipient_id);
        e = ERR_UNKNOWN_RECIPIENT;
    }
    if (e == ERR_OK) {
        out->edk_count = 1;
        if (in->copy && ctx->actor != NULL)
            e = wrap_copy(keys, ctx, in, context, out);
    }
    json_decref(context);
    if (e != ERR_OK)
        secret_fini(&out->data_key);
    return e;
}

/* --- unwrapping --- */

/* One attempt of unwrapping, and what became of the EDKs that name a key of the actor's. */
struct opening {
    struct kms_keys *keys;
    struct ctx *ctx;
    const struct header *header;
    json_t *context;
    struct secret *data_key;
    bool opened;
    bool lost;
    bool damaged;
};

/* Decrypt with the actor's credentials; those that have expired are fetched anew, once. */
static enum err decrypt(struct opening *o, const struct edk *edk)
{
    struct owner_credentials *owners = o->keys->owners;
    enum err e = ERR_TOKEN_EXPIRED;
    for (unsigned attempt = 0; attempt < 2 && e == ERR_TOKEN_EXPIRED; attempt++) {
        struct aws_credentials owner;
        if (attempt > 0)
            owner_credentials_drop(owners, o->ctx);
        e = owner_credentials_get(owners, o->ctx, &owner);
        if (e != ERR_OK)
            return e;
        e = kms_decrypt(o->keys->client, o->ctx, &owner, edk, o->context, o->data_key);
        aws_credentials_fini(&owner);
    }
    return e;
}

/* Tries the EDKs of one key, until one opens. */
static enum err open_under(struct opening *o, const char *arn)
{
    size_t index = 0;
    struct edk edk;
    while (!o->opened && keyring_kms_find(o->header, bytes_of_str(arn), &index, &edk)) {
        enum err e = decrypt(o, &edk);
        o->opened = e == ERR_OK;
        o->lost |= e == ERR_KEY_LOST;
        o->damaged |= e == ERR_LETTER_DAMAGED;
        if (!o->opened && e != ERR_NOT_FOR_US && e != ERR_KEY_LOST && e != ERR_LETTER_DAMAGED)
            return e;
    }
    return ERR_OK;
}

static bool names(const struct header *header, const char *arn)
{
    size_t index = 0;
    struct edk edk;
    return keyring_kms_find(header, bytes_of_str(arn), &index, &edk);
}

static enum err open_own(struct opening *o)
{
    struct kms_key own;
    enum err e = find_own(o->keys, o->ctx, &o->ctx->actor->user_id, &own);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    if (own.enabled)
        return open_under(o, own.arn);
    o->lost |= names(o->header, own.arn);
    return ERR_OK;
}

static enum err unwrap(void *self, struct ctx *ctx, const struct header *header,
                       const struct uuid *sender_id, struct secret *data_key, bool *sender_verified)
{
    struct kms_keys *keys = self;
    const char *shared = config_of(keys)->shared_key_arn;
    (void)sender_id; /* KMS tells nothing of who had a data key wrapped */
    if (keys->owners == NULL || ctx->actor == NULL || ctx->actor->power != ACTOR_ID)
        return ERR_ID_TOKEN_REQUIRED;
    struct opening o = {.keys = keys,
                        .ctx = ctx,
                        .header = header,
                        .context = kms_context_of(ctx, header->aad),
                        .data_key = data_key};
    /* The shared key first: it is known without asking. */
    enum err e = shared[0] == '\0' ? ERR_OK : open_under(&o, shared);
    if (e == ERR_OK && !o.opened)
        e = open_own(&o);
    json_decref(o.context);
    *sender_verified = false;
    if (e != ERR_OK || o.opened)
        return e;
    if (o.damaged)
        return ERR_LETTER_DAMAGED;
    if (o.lost)
        return ctx_fail(ctx, ERR_KEY_LOST, "Its KMS key is disabled, or deleted or about to be.");
    return ERR_NOT_FOR_US;
}

/* --- letters sealed by clients --- */

static enum err check_sealed(void *self, struct ctx *ctx, const struct header *header,
                             const struct uuid *recipient_id, bool *sender_can_open,
                             bool *sender_verified)
{
    struct key_description key;
    *sender_can_open = false;
    *sender_verified = false;
    enum err e = describe(self, ctx, recipient_id, &key);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_UNKNOWN_RECIPIENT : e;
    if (!names(header, key.reference))
        return ctx_fail(ctx, ERR_SEALED_INVALID, "it is not sealed to the recipient's present key");
    e = describe(self, ctx, &ctx->actor->user_id, &key);
    *sender_can_open = e == ERR_OK && names(header, key.reference);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* --- changing --- */

/* KMS renews the material of a key behind its ARN, which protects nothing that a user's own new key
 * pair would: saying that the key was replaced would not be true. */
static enum err rotate(void *self, struct ctx *ctx, struct key_description *out)
{
    (void)self;
    (void)out;
    return ctx_fail(ctx, ERR_FORBIDDEN,
                    "AWS KMS keeps the key and renews it every year; it cannot be replaced.");
}

static enum err key_ring(void *self, struct ctx *ctx, struct bytes *json)
{
    (void)self;
    (void)ctx;
    (void)json;
    return ERR_NOT_FOUND;
}

/* The alias goes last: as long as it is there, a destruction that was interrupted can be repeated.
 */
static enum err destroy(void *self, struct ctx *ctx, const struct uuid *user_id)
{
    struct kms_keys *keys = self;
    if (config_of(keys)->shared_key)
        return ERR_OK;
    char alias[KMS_ALIAS_BYTES];
    struct kms_key key;
    kms_alias_of(user_id, alias);
    forget(keys, user_id);
    enum err e = kms_describe_key(keys->client, ctx, alias, &key);
    if (e == ERR_OK)
        e = kms_schedule_deletion(keys->client, ctx, key.arn);
    if (e == ERR_OK)
        e = kms_delete_alias(keys->client, ctx, alias);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

struct keys kms_keys_port(struct kms_keys *keys)
{
    return (struct keys){
        .self = keys,
        .nonblocking = false,
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
