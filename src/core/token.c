#include "core/token.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/threads.h"
#include "core/token_keys.h"

#include <openssl/evp.h>
#include <string.h>

#define MS_PER_S 1000
/* A stream of tokens with made-up key ids must not become a stream of fetches. */
#define TOKEN_FETCH_INTERVAL_MS 5000

struct token_verifier {
    const struct identity *identity;
    enum token_algorithm algorithm;
    struct lock lock; /* for what follows */
    struct condition fetched;
    struct token_keys keys;
    bool fetching;
    enum err fetch_result; /* of the last fetch */
    int64_t next_fetch_mono_ms;
};

struct parts {
    struct bytes header;
    struct bytes payload;
    struct bytes signature; /* decoded; the others are not */
    struct bytes signed_part;
};

struct token_verifier *token_verifier_create(const struct identity *identity)
{
    struct token_verifier *verifier = mem_alloc(sizeof *verifier);
    verifier->identity = identity;
    verifier->algorithm = strcmp(identity->algorithm, "RS256") == 0 ? TOKEN_RS256 : TOKEN_ES256;
    lock_init(&verifier->lock);
    condition_init(&verifier->fetched);
    return verifier;
}

void token_verifier_destroy(struct token_verifier *verifier)
{
    if (verifier == NULL)
        return;
    token_keys_fini(&verifier->keys);
    condition_fini(&verifier->fetched);
    lock_fini(&verifier->lock);
    mem_free(verifier);
}

/* Exactly three parts between dots. */
static bool split(struct arena *arena, struct bytes token, struct parts *out)
{
    if (token.n > TOKEN_MAX_BYTES)
        return false;
    size_t first = bytes_find(token, '.', 0);
    size_t second = first == SIZE_MAX ? SIZE_MAX : bytes_find(token, '.', first + 1);
    if (second == SIZE_MAX || bytes_find(token, '.', second + 1) != SIZE_MAX)
        return false;
    out->header = bytes_slice(token, 0, first);
    out->payload = bytes_slice(token, first + 1, second - first - 1);
    out->signed_part = bytes_slice(token, 0, second);
    return encode_base64url_decode(arena, bytes_slice(token, second + 1, token.n), &out->signature);
}

/* A base64url part as a JSON object; a new reference or NULL. */
static json_t *object_of(struct arena *arena, struct bytes part)
{
    struct bytes text;
    return encode_base64url_decode(arena, part, &text) ? json_parse_object(text) : NULL;
}

/* The key id of a header that asks for nothing but our algorithm. "crit" names extensions that must
 * be understood (RFC 7515 section 4.1.11), and there are none. */
static bool read_header(struct token_verifier *verifier, struct arena *arena, struct bytes part,
                        struct bytes *key_id)
{
    json_t *header = object_of(arena, part);
    struct bytes algorithm;
    struct bytes id;
    bool ok = json_get_bytes(header, "alg", &algorithm) &&
              bytes_equal_str(algorithm, verifier->identity->algorithm) &&
              json_get_bytes(header, "kid", &id) && json_object_get(header, "crit") == NULL;
    if (ok)
        *key_id = arena_copy(arena, id);
    json_decref(header);
    return ok;
}

/* --- keys --- */

/* With the lock held: the key with a reference of the caller's own, so that a fetch cannot free it
 * meanwhile; or NULL. */
static EVP_PKEY *borrow_key(struct token_verifier *verifier, struct bytes key_id)
{
    const struct token_key *key = token_keys_find(&verifier->keys, key_id);
    if (key == NULL)
        return NULL;
    EVP_PKEY_up_ref(key->key);
    return key->key;
}

static enum err fetch_keys(struct token_verifier *verifier, struct ctx *ctx)
{
    const struct identity *identity = verifier->identity;
    struct bytes json;
    enum err e = identity->jwks(identity->self, ctx, &json);
    if (e != ERR_OK)
        return e;
    struct token_keys fresh;
    if (!token_keys_parse(&fresh, verifier->algorithm, json)) {
        token_keys_fini(&fresh);
        return ctx_log_fail(ctx, ERR_UNAVAILABLE, "jwks_malformed", "%s", "");
    }
    lock_acquire(&verifier->lock);
    struct token_keys old = verifier->keys;
    verifier->keys = fresh;
    lock_release(&verifier->lock);
    token_keys_fini(&old);
    return ERR_OK;
}

/* With the lock held: looks for the key, waiting for a fetch that is on its way. ERR_DEADLINE; and
 * ERR_UNAVAILABLE when it is missing because the last fetch failed. *fetch tells the caller to
 * fetch the set and look again. */
static enum err look_up(struct token_verifier *verifier, const struct ctx *ctx, struct bytes key_id,
                        EVP_PKEY **out, bool *fetch)
{
    *fetch = false;
    while ((*out = borrow_key(verifier, key_id)) == NULL && verifier->fetching) {
        if (!condition_wait(&verifier->fetched, &verifier->lock, ctx->deadline_mono_ms))
            return ERR_DEADLINE;
    }
    if (*out != NULL)
        return ERR_OK;
    int64_t now = clock_mono_ms();
    if (now < verifier->next_fetch_mono_ms)
        return verifier->fetch_result == ERR_OK ? ERR_OK : ERR_UNAVAILABLE;
    verifier->next_fetch_mono_ms = now + TOKEN_FETCH_INTERVAL_MS;
    verifier->fetching = true;
    *fetch = true;
    return ERR_OK;
}

/* Gives the key of that id for EVP_PKEY_free, or NULL when the issuer has none. */
static enum err find_key(struct token_verifier *verifier, struct ctx *ctx, struct bytes key_id,
                         EVP_PKEY **out)
{
    bool fetch;
    lock_acquire(&verifier->lock);
    enum err e = look_up(verifier, ctx, key_id, out, &fetch);
    lock_release(&verifier->lock);
    if (!fetch)
        return e;
    e = fetch_keys(verifier, ctx);
    lock_acquire(&verifier->lock);
    verifier->fetching = false;
    verifier->fetch_result = e;
    *out = borrow_key(verifier, key_id);
    condition_broadcast(&verifier->fetched);
    lock_release(&verifier->lock);
    return *out != NULL ? ERR_OK : e;
}

static enum err check_signature(struct token_verifier *verifier, struct ctx *ctx,
                                const struct parts *parts, struct bytes key_id)
{
    EVP_PKEY *key;
    enum err e = find_key(verifier, ctx, key_id, &key);
    if (e != ERR_OK)
        return e;
    if (key == NULL)
        return ERR_UNAUTHENTICATED;
    const struct token_key borrowed = {.algorithm = verifier->algorithm, .key = key};
    bool ok = token_key_verify(&borrowed, parts->signed_part, parts->signature);
    EVP_PKEY_free(key);
    return ok ? ERR_OK : ERR_UNAUTHENTICATED;
}

/* --- claims --- */

static bool claim_is(const json_t *claims, const char *name, const char *value)
{
    struct bytes text;
    return json_get_bytes(claims, name, &text) && bytes_equal_str(text, value);
}

/* iss, and aud of an ID token or client_id of an access token (Cognito's names). */
static bool read_use(const struct identity *identity, const json_t *claims, struct actor *out)
{
    if (!claim_is(claims, "iss", identity->issuer))
        return false;
    if (claim_is(claims, "token_use", "id")) {
        out->power = ACTOR_ID;
        return claim_is(claims, "aud", identity->audience);
    }
    out->power = ACTOR_ACCESS;
    return claim_is(claims, "token_use", "access") &&
           claim_is(claims, "client_id", identity->audience);
}

static bool read_subject(struct arena *arena, const json_t *claims, struct actor *out)
{
    struct bytes sub;
    struct bytes session;
    struct bytes name;
    if (!json_get_bytes(claims, "sub", &sub) || !uuid_parse(sub, &out->user_id))
        return false;
    if (!json_get_bytes(claims, "sid", &session) && !json_get_bytes(claims, "origin_jti", &session))
        return false;
    if (!uuid_parse(session, &out->session_id))
        return false;
    if (!json_get_bytes(claims, out->power == ACTOR_ID ? "cognito:username" : "username", &name) ||
        name.n == 0 || name.n > USERNAME_MAX_BYTES)
        return false;
    memcpy(out->username, name.p, name.n);
    struct bytes custody;
    if (out->power == ACTOR_ID && json_get_bytes(claims, "letterlock:custody", &custody)) {
        struct bytes secret;
        if (!encode_base64url_decode(arena, custody, &secret) || secret.n != SECRET_BYTES)
            return false;
        memcpy(out->custody.b, secret.p, SECRET_BYTES);
        out->has_custody = true;
    }
    return true;
}

static enum err read_times(const struct ctx *ctx, const json_t *claims, struct actor *out)
{
    int64_t now_s = ctx->now_unix_ms / MS_PER_S;
    int64_t expires_s;
    int64_t issued_s;
    int64_t not_before_s;
    if (!json_get_int(claims, "exp", &expires_s) || !json_get_int(claims, "iat", &issued_s) ||
        expires_s < 0 || expires_s > INT64_MAX / MS_PER_S || issued_s > now_s + TOKEN_LEEWAY_S)
        return ERR_UNAUTHENTICATED;
    if (json_has(claims, "nbf") &&
        (!json_get_int(claims, "nbf", &not_before_s) || not_before_s > now_s + TOKEN_LEEWAY_S))
        return ERR_UNAUTHENTICATED;
    out->expires_unix_ms = expires_s * MS_PER_S;
    return expires_s <= now_s ? ERR_TOKEN_EXPIRED : ERR_OK;
}

static enum err read_claims(struct token_verifier *verifier, struct ctx *ctx, struct bytes payload,
                            struct actor *out)
{
    json_t *claims = object_of(ctx->arena, payload);
    enum err e = ERR_UNAUTHENTICATED;
    if (claims != NULL && read_use(verifier->identity, claims, out) &&
        read_subject(ctx->arena, claims, out))
        e = read_times(ctx, claims, out);
    json_decref(claims);
    return e;
}

enum err token_verify(struct token_verifier *verifier, struct ctx *ctx, struct bytes token,
                      struct actor *out)
{
    *out = (struct actor){0};
    struct parts parts;
    struct bytes key_id;
    if (!split(ctx->arena, token, &parts) ||
        !read_header(verifier, ctx->arena, parts.header, &key_id))
        return ERR_UNAUTHENTICATED;
    enum err e = check_signature(verifier, ctx, &parts, key_id);
    if (e != ERR_OK)
        return e;
    e = read_claims(verifier, ctx, parts.payload, out);
    if (e != ERR_OK)
        actor_fini(out);
    else if (out->power == ACTOR_ID)
        out->id_token = token;
    return e;
}
