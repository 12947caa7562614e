#include "embedded/issuer.h"

#include "base/encode.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/threads.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#define MS_PER_S 1000
#define ISSUER_KEYS_MAX 8
#define ISSUER_KEY_ID_BYTES 23u /* 16 random bytes in base64url, and the NUL */
#define ES256_HALF_BYTES 32
#define ES256_DER_MAX_BYTES 80
#define TOKEN_MAX_BYTES 4096u
#define COORDINATE_BYTES 32

struct signing_key {
    char id[ISSUER_KEY_ID_BYTES];
    EVP_PKEY *key;
    int64_t created_unix_ms;
};

struct issuer {
    struct store *store;
    const struct issuer_config *config;
    struct lock lock;                         /* for the keys */
    struct signing_key keys[ISSUER_KEYS_MAX]; /* newest first */
    size_t count;
};

/* --- keys --- */

static void free_keys(struct signing_key *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        EVP_PKEY_free(keys[i].key);
}

/* What a read of the table gives; taken over by the issuer. */
struct loaded {
    struct signing_key keys[ISSUER_KEYS_MAX];
    size_t count;
};

static enum err load_keys(struct store_db *db, void *arg)
{
    struct loaded *loaded = arg;
    sqlite3_stmt *s = store_statement(db, SQL_SIGNING_KEYS);
    bool row = true;
    enum err e = ERR_OK;
    while (e == ERR_OK && (e = store_step(db, s, &row)) == ERR_OK && row &&
           loaded->count < ISSUER_KEYS_MAX) {
        struct signing_key *key = &loaded->keys[loaded->count];
        const unsigned char *der = sqlite3_column_blob(s, 1);
        key->key = d2i_AutoPrivateKey(NULL, &der, sqlite3_column_bytes(s, 1));
        key->created_unix_ms = store_column_int(s, 2);
        size_t n = (size_t)sqlite3_column_bytes(s, 0);
        if (key->key == NULL || n >= sizeof key->id)
            e = ERR_INTERNAL;
        else
            memcpy(key->id, sqlite3_column_blob(s, 0), n);
        loaded->count += key->key != NULL;
    }
    (void)sqlite3_reset(s);
    return e;
}

struct new_key {
    struct bytes private_key; /* PKCS#8 DER */
    struct bytes id;
    int64_t now_unix_ms;
    int64_t retire_before_unix_ms;
};

static enum err store_key(struct store_db *db, void *arg)
{
    const struct new_key *in = arg;
    sqlite3_stmt *s = store_statement(db, SQL_SIGNING_KEY_ADD);
    store_bind_text(s, 1, in->id);
    store_bind_bytes(s, 2, in->private_key);
    store_bind_int(s, 3, in->now_unix_ms);
    enum err e = store_run(db, s);
    if (e != ERR_OK)
        return e;
    s = store_statement(db, SQL_SIGNING_KEYS_RETIRE);
    store_bind_int(s, 1, in->retire_before_unix_ms);
    return store_run(db, s);
}

/* Appends the PKCS#8 DER of a fresh key. */
static bool generate(struct buffer *out)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    PKCS8_PRIV_KEY_INFO *pkcs8 = key == NULL ? NULL : EVP_PKEY2PKCS8(key);
    unsigned char *der = NULL;
    int n = pkcs8 == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO(pkcs8, &der);
    if (n > 0) {
        buffer_append(out, bytes_of(der, (size_t)n));
        OPENSSL_clear_free(der, (size_t)n);
    }
    PKCS8_PRIV_KEY_INFO_free(pkcs8);
    EVP_PKEY_free(key);
    return n > 0 && buffer_ok(out);
}

static enum err add_key(struct issuer *issuer, struct ctx *ctx)
{
    uint8_t raw[16];
    random_bytes(raw, sizeof raw);
    struct buffer id;
    struct buffer private_key;
    buffer_init(&id, ISSUER_KEY_ID_BYTES);
    buffer_init(&private_key, 1024);
    encode_base64url(&id, bytes_of(raw, sizeof raw));
    enum err e = ERR_INTERNAL;
    if (generate(&private_key)) {
        struct new_key in = {
            .private_key = buffer_bytes(&private_key),
            .id = buffer_bytes(&id),
            .now_unix_ms = ctx->now_unix_ms,
            .retire_before_unix_ms =
                ctx->now_unix_ms - ISSUER_KEY_LIFETIME_MS - issuer->config->lifetime_s * MS_PER_S,
        };
        e = store_write(issuer->store, ctx, store_key, &in);
    }
    buffer_fini(&private_key);
    buffer_fini(&id);
    return e;
}

static enum err reload(struct issuer *issuer, struct ctx *ctx)
{
    struct loaded loaded = {0};
    enum err e = store_read(issuer->store, ctx, load_keys, &loaded);
    if (e != ERR_OK) {
        free_keys(loaded.keys, loaded.count);
        return ctx_log_fail(ctx, e, "signing_keys_unreadable", "%s", "");
    }
    lock_acquire(&issuer->lock);
    struct loaded old = {.count = issuer->count};
    memcpy(old.keys, issuer->keys, sizeof old.keys);
    memcpy(issuer->keys, loaded.keys, sizeof issuer->keys);
    issuer->count = loaded.count;
    lock_release(&issuer->lock);
    free_keys(old.keys, old.count);
    return ERR_OK;
}

enum err issuer_rotate(struct issuer *issuer, struct ctx *ctx)
{
    lock_acquire(&issuer->lock);
    bool fresh = issuer->count > 0 &&
                 ctx->now_unix_ms - issuer->keys[0].created_unix_ms < ISSUER_KEY_LIFETIME_MS;
    lock_release(&issuer->lock);
    if (fresh)
        return ERR_OK;
    enum err e = add_key(issuer, ctx);
    return e == ERR_OK ? reload(issuer, ctx) : e;
}

enum err issuer_open(struct ctx *ctx, struct store *store, const struct issuer_config *config,
                     struct issuer **out)
{
    struct issuer *issuer = mem_alloc(sizeof *issuer);
    issuer->store = store;
    issuer->config = config;
    lock_init(&issuer->lock);
    enum err e = reload(issuer, ctx);
    if (e == ERR_OK)
        e = issuer_rotate(issuer, ctx);
    if (e != ERR_OK) {
        issuer_close(issuer);
        return e;
    }
    *out = issuer;
    return ERR_OK;
}

void issuer_close(struct issuer *issuer)
{
    if (issuer == NULL)
        return;
    free_keys(issuer->keys, issuer->count);
    lock_fini(&issuer->lock);
    mem_free(issuer);
}

/* --- publishing --- */

static json_t *coordinate(EVP_PKEY *key, const char *name)
{
    BIGNUM *n = NULL;
    uint8_t raw[COORDINATE_BYTES] = {0};
    struct buffer text;
    buffer_init(&text, 64);
    if (EVP_PKEY_get_bn_param(key, name, &n) == 1 && BN_bn2binpad(n, raw, sizeof raw) > 0)
        encode_base64url(&text, bytes_of(raw, sizeof raw));
    BN_free(n);
    json_t *value = json_from_bytes(buffer_bytes(&text));
    buffer_fini(&text);
    return value;
}

struct bytes issuer_jwks(struct issuer *issuer, struct arena *arena)
{
    json_t *keys = json_array();
    lock_acquire(&issuer->lock);
    for (size_t i = 0; i < issuer->count; i++) {
        const struct signing_key *key = &issuer->keys[i];
        json_array_append_new(keys, json_pack("{s:s,s:s,s:s,s:s,s:s,s:o,s:o}", "kty", "EC", "crv",
                                              "P-256", "alg", "ES256", "use", "sig", "kid", key->id,
                                              "x", coordinate(key->key, OSSL_PKEY_PARAM_EC_PUB_X),
                                              "y", coordinate(key->key, OSSL_PKEY_PARAM_EC_PUB_Y)));
    }
    lock_release(&issuer->lock);
    json_t *set = json_pack("{s:o}", "keys", keys);
    struct buffer text;
    buffer_init(&text, 8192);
    json_write(&text, set);
    struct bytes copy = arena_copy(arena, buffer_bytes(&text));
    buffer_fini(&text);
    json_decref(set);
    return copy;
}

/* --- signing --- */

/* DER (RFC 3279 section 2.2.3) to r || s. */
static bool raw_signature(const unsigned char *der, size_t n, uint8_t raw[2 * ES256_HALF_BYTES])
{
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)n);
    bool ok =
        signature != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, ES256_HALF_BYTES) > 0 &&
        BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + ES256_HALF_BYTES, ES256_HALF_BYTES) > 0;
    ECDSA_SIG_free(signature);
    return ok;
}

static bool append_signature(EVP_PKEY *key, struct buffer *token)
{
    unsigned char der[ES256_DER_MAX_BYTES];
    size_t n = sizeof der;
    uint8_t raw[2 * ES256_HALF_BYTES];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx != NULL &&
              EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, key, NULL) == 1 &&
              EVP_DigestSign(ctx, der, &n, token->p, token->n) == 1 && raw_signature(der, n, raw);
    EVP_MD_CTX_free(ctx);
    if (!ok)
        return false;
    buffer_append_u8(token, '.');
    encode_base64url(token, bytes_of(raw, sizeof raw));
    return buffer_ok(token);
}

static void append_object(struct buffer *token, json_t *object)
{
    struct buffer text;
    buffer_init(&text, TOKEN_MAX_BYTES);
    json_write(&text, object);
    encode_base64url(token, buffer_bytes(&text));
    buffer_fini(&text);
}

/* Takes claims. */
static enum err sign(struct issuer *issuer, struct ctx *ctx, json_t *claims, struct bytes *out)
{
    lock_acquire(&issuer->lock);
    EVP_PKEY *key = issuer->keys[0].key;
    EVP_PKEY_up_ref(key);
    json_t *header =
        json_pack("{s:s,s:s,s:s}", "alg", "ES256", "kid", issuer->keys[0].id, "typ", "JWT");
    lock_release(&issuer->lock);
    struct buffer token;
    buffer_init(&token, TOKEN_MAX_BYTES);
    append_object(&token, header);
    buffer_append_u8(&token, '.');
    append_object(&token, claims);
    bool ok = append_signature(key, &token);
    if (ok)
        *out = arena_copy(ctx->arena, buffer_bytes(&token));
    buffer_fini(&token);
    json_decref(header);
    json_decref(claims);
    EVP_PKEY_free(key);
    return ok ? ERR_OK : ctx_log_fail(ctx, ERR_INTERNAL, "token_not_signed", "%s", "");
}

/* The claims that both tokens have. */
static json_t *common_claims(const struct issuer *issuer, const struct ctx *ctx,
                             const struct issuer_subject *subject, const char *use)
{
    json_int_t now_s = ctx->now_unix_ms / MS_PER_S;
    json_int_t expires_s = now_s + issuer->config->lifetime_s;
    struct uuid token_id = uuid_random();
    return json_pack("{s:s,s:o,s:o,s:o,s:s,s:I,s:I,s:I}", "iss", issuer->config->url, "sub",
                     json_from_uuid(&subject->user_id), "sid", json_from_uuid(&subject->session_id),
                     "jti", json_from_uuid(&token_id), "token_use", use, "iat", now_s, "exp",
                     expires_s, "auth_time",
                     (json_int_t)(subject->authenticated_unix_ms / MS_PER_S));
}

static void set_custody(json_t *claims, const struct secret *custody)
{
    struct buffer text;
    buffer_init(&text, 64);
    encode_base64url(&text, secret_bytes(custody));
    json_object_set_new(claims, "letterlock:custody", json_from_bytes(buffer_bytes(&text)));
    buffer_fini(&text);
}

enum err issuer_sign(struct issuer *issuer, struct ctx *ctx, const struct issuer_subject *subject,
                     struct bytes *id_token, struct bytes *access_token)
{
    json_t *id = common_claims(issuer, ctx, subject, "id");
    json_object_set_new(id, "aud", json_string(issuer->config->audience));
    json_object_set_new(id, "cognito:username", json_from_bytes(subject->username));
    json_object_set_new(id, "email", json_from_bytes(subject->email));
    json_object_set_new(id, "email_verified", json_true());
    if (subject->custody != NULL)
        set_custody(id, subject->custody);
    enum err e = sign(issuer, ctx, id, id_token);
    if (e != ERR_OK)
        return e;
    json_t *access = common_claims(issuer, ctx, subject, "access");
    json_object_set_new(access, "client_id", json_string(issuer->config->audience));
    json_object_set_new(access, "username", json_from_bytes(subject->username));
    json_object_set_new(access, "scope", json_string("letters"));
    return sign(issuer, ctx, access, access_token);
}
