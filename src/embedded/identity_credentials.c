#include "embedded/identity_calls.h"

#include "base/encode.h"
#include "base/mem.h"
#include "base/random.h"
#include "embedded/throttle_rows.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#define RECOVERY_KEY_BYTES 25u /* 200 bits: 40 characters */
#define RECOVERY_KEY_GROUP 5u
#define LABEL_RECOVERY "letterlock recovery key v1"

static void hmac_sha256(struct bytes key, struct bytes data, uint8_t out[SECRET_BYTES])
{
    unsigned n = 0;
    if (HMAC(EVP_sha256(), key.p, (int)key.n, data.p, data.n, out, &n) == NULL || n != SECRET_BYTES)
        abort();
}

/* Fresh ones for a new password. */
static struct kdf_parameters kdf_parameters_of(const struct identity_config *config)
{
    struct kdf_parameters kdf = kdf_parameters_new();
    if (config->stretch_memory_kib != 0)
        kdf.memory_kib = config->stretch_memory_kib;
    if (config->stretch_passes != 0)
        kdf.passes = config->stretch_passes;
    return kdf;
}

bool identity_is_weakly_stretched(const struct identity_service *service,
                                  const struct account *account)
{
    const struct kdf_parameters wanted = kdf_parameters_of(service->config);
    return account->kdf.memory_kib < wanted.memory_kib || account->kdf.passes < wanted.passes;
}

/* --- who --- */

void identity_made_up_account(const struct identity_service *service, struct bytes login,
                              struct account *out)
{
    uint8_t digest[SECRET_BYTES];
    hmac_sha256(secret_bytes(&service->made_up), login, digest);
    *out = (struct account){.kdf = kdf_parameters_of(service->config)};
    memcpy(out->id.b, digest, UUID_BYTES);
    memcpy(out->kdf.salt, digest + UUID_BYTES, KEY_RING_SALT_BYTES);
}

struct lookup {
    const struct identity_service *service;
    struct ctx *ctx;
    struct bytes login; /* or, when empty, */
    const struct uuid *id;
    struct account *account;
    bool found;
};

static enum err check_throttles(struct store_db *db, struct ctx *ctx, const struct uuid *account_id)
{
    const struct throttle throttles[] = {
        throttle_of_guess(uuid_bytes(account_id), ctx->client_address),
        throttle_of_account(uuid_bytes(account_id)),
        throttle_of_address(ctx->client_address),
    };
    for (size_t i = 0; i < sizeof throttles / sizeof throttles[0]; i++) {
        enum err e = throttle_rows_check(db, &throttles[i], ctx->now_unix_ms, &ctx->retry_after_s);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

static enum err look_up(struct store_db *db, void *arg)
{
    struct lookup *l = arg;
    struct arena *arena = l->ctx->arena;
    enum err e = l->id != NULL ? account_by_id(db, arena, l->id, l->account, &l->found)
                               : account_by_login(db, arena, l->login, l->account, &l->found);
    if (e == ERR_OK && !l->found)
        identity_made_up_account(l->service, l->login, l->account);
    return e == ERR_OK ? check_throttles(db, l->ctx, &l->account->id) : e;
}

enum err identity_find_login(struct identity_service *service, struct ctx *ctx, struct bytes login,
                             struct account *out, bool *found)
{
    struct lookup l = {.service = service, .ctx = ctx, .login = login, .account = out};
    enum err e = store_read(service->store, ctx, look_up, &l);
    *found = l.found;
    return e;
}

enum err identity_find_actor(struct identity_service *service, struct ctx *ctx, struct account *out)
{
    if (ctx->actor == NULL)
        return ERR_UNAUTHENTICATED;
    struct lookup l = {.service = service, .ctx = ctx, .id = &ctx->actor->user_id, .account = out};
    enum err e = store_read(service->store, ctx, look_up, &l);
    return e == ERR_OK && !l.found ? ERR_UNAUTHENTICATED : e;
}

/* --- credentials --- */

enum err identity_count_guess(struct store_db *db, const struct ctx *ctx,
                              const struct uuid *account_id)
{
    const struct throttle throttles[] = {
        throttle_of_guess(uuid_bytes(account_id), ctx->client_address),
        throttle_of_account(uuid_bytes(account_id)),
        throttle_of_address(ctx->client_address),
    };
    enum err e = ERR_OK;
    for (size_t i = 0; i < sizeof throttles / sizeof throttles[0] && e == ERR_OK; i++)
        e = throttle_rows_count(db, &throttles[i], ctx->now_unix_ms);
    return e;
}

struct guess {
    struct ctx *ctx;
    const struct uuid *account_id;
};

static enum err count_guess(struct store_db *db, void *arg)
{
    const struct guess *guess = arg;
    return identity_count_guess(db, guess->ctx, guess->account_id);
}

enum err identity_forgive(struct store_db *db, const struct ctx *ctx, const struct uuid *account_id)
{
    const struct throttle here = throttle_of_guess(uuid_bytes(account_id), ctx->client_address);
    const struct throttle anywhere = throttle_of_account(uuid_bytes(account_id));
    enum err e = throttle_rows_clear(db, &here);
    return e == ERR_OK ? throttle_rows_clear(db, &anywhere) : e;
}

static void authenticator_of(const struct secret *secret, uint8_t out[DIGEST_SHA256_BYTES])
{
    digest_sha256(secret_bytes(secret), out);
}

enum err identity_check_credential(struct identity_service *service, struct ctx *ctx,
                                   const struct account *account, bool exists,
                                   const struct identity_credential *credential,
                                   struct secret *wrapping_key)
{
    struct secret authentication = {0};
    *wrapping_key = (struct secret){0};
    if (credential->authentication_secret.n == SECRET_BYTES) {
        memcpy(authentication.b, credential->authentication_secret.p, SECRET_BYTES);
    } else {
        enum err e = password_stretch(&service->gate, ctx, credential->password, &account->kdf,
                                      &authentication, wrapping_key);
        if (e != ERR_OK)
            return e;
    }
    uint8_t digest[DIGEST_SHA256_BYTES];
    authenticator_of(&authentication, digest);
    secret_fini(&authentication);
    bool fits = bytes_equal_secret(bytes_of(digest, sizeof digest),
                                   bytes_of(account->authenticator, sizeof account->authenticator));
    if (fits && exists)
        return ERR_OK;
    secret_fini(wrapping_key);
    struct guess guess = {.ctx = ctx, .account_id = &account->id};
    enum err e = store_write(service->store, ctx, count_guess, &guess);
    return e == ERR_OK ? ERR_BAD_CREDENTIALS : e;
}

enum err identity_open_ring(struct ctx *ctx, const struct account *account,
                            const struct secret *wrapping_key, struct secret *ring_key)
{
    if (key_ring_unseal_secret(KEY_RING_LABEL_RING_KEY, &account->id, wrapping_key,
                               account->ring_by_password, ring_key))
        return ERR_OK;
    return ctx_log_fail(ctx, ERR_INTERNAL, "ring_key_unreadable", "%s", "");
}

enum err identity_set_password(struct identity_service *service, struct ctx *ctx,
                               struct bytes password, const struct secret *ring_key,
                               struct account *account)
{
    struct secret authentication = {0};
    struct secret wrapping = {0};
    account->kdf = kdf_parameters_of(service->config);
    enum err e =
        password_stretch(&service->gate, ctx, password, &account->kdf, &authentication, &wrapping);
    if (e == ERR_OK) {
        struct buffer sealed;
        buffer_init(&sealed, IDENTITY_SEALED_SECRET_BYTES);
        authenticator_of(&authentication, account->authenticator);
        key_ring_seal(KEY_RING_LABEL_RING_KEY, &account->id, &wrapping, secret_bytes(ring_key),
                      &sealed);
        account->ring_by_password = arena_copy(ctx->arena, buffer_bytes(&sealed));
        buffer_fini(&sealed);
    }
    secret_fini(&authentication);
    secret_fini(&wrapping);
    return e;
}

/* --- recovery keys --- */

void identity_make_recovery(struct ctx *ctx, const struct uuid *user_id,
                            const struct secret *ring_key, const char **printed,
                            struct bytes *sealed)
{
    uint8_t raw[RECOVERY_KEY_BYTES];
    struct secret key;
    struct buffer out;
    random_private_bytes(raw, sizeof raw);
    buffer_init(&out, 128);
    encode_base32(&out, bytes_of(raw, sizeof raw), RECOVERY_KEY_GROUP);
    *printed = arena_str(ctx->arena, buffer_bytes(&out));
    buffer_clear(&out);
    key_ring_derive(bytes_of(raw, sizeof raw), LABEL_RECOVERY, &key);
    key_ring_seal(KEY_RING_LABEL_RING_KEY, user_id, &key, secret_bytes(ring_key), &out);
    *sealed = arena_copy(ctx->arena, buffer_bytes(&out));
    buffer_fini(&out);
    secret_fini(&key);
    mem_cleanse(raw, sizeof raw);
}

bool identity_open_recovery(const struct account *account, struct bytes printed,
                            struct secret *ring_key)
{
    uint8_t raw[RECOVERY_KEY_BYTES];
    struct secret key;
    if (!encode_base32_decode(printed, raw, sizeof raw))
        return false;
    key_ring_derive(bytes_of(raw, sizeof raw), LABEL_RECOVERY, &key);
    bool ok = key_ring_unseal_secret(KEY_RING_LABEL_RING_KEY, &account->id, &key,
                                     account->ring_by_recovery, ring_key);
    secret_fini(&key);
    mem_cleanse(raw, sizeof raw);
    return ok;
}

/* --- shared steps of tasks --- */

enum err identity_recheck(struct store_db *db, struct arena *arena, const struct account *account,
                          bool *same)
{
    struct account now;
    enum err e = account_by_id(db, arena, &account->id, &now, same);
    if (e == ERR_OK && *same)
        *same = memcmp(now.authenticator, account->authenticator, sizeof now.authenticator) == 0 &&
                now.state == account->state;
    return e;
}

enum err identity_end_sessions(struct store_db *db, const struct uuid *account_id,
                               const struct uuid *kept)
{
    sqlite3_stmt *s = store_statement(db, SQL_SESSIONS_END_ALL);
    store_bind_uuid(s, 1, account_id);
    store_bind_uuid(s, 2, kept);
    return store_run(db, s);
}
