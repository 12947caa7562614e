#include "aws/cognito/owner_credentials.h"

#include "base/cache.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/mem.h"

#include <string.h>

#define SESSIONS_MAX 1024u
#define IDENTITIES_MAX 4096u
#define IDENTITY_LIFETIME_MS (INT64_C(24) * 3600 * 1000)
#define EARLY_MS (INT64_C(5) * 60 * 1000)
#define IDENTITY_ID_BYTES 56u /* IdentityId: at most 55, and the NUL */

struct owner_credentials {
    struct aws_client *client;
    struct cache *sessions;   /* user and session -> struct aws_credentials */
    struct cache *identities; /* user -> char[IDENTITY_ID_BYTES] */
};

struct owner_credentials *owner_credentials_create(struct aws_client *client)
{
    struct owner_credentials *owners = mem_alloc(sizeof *owners);
    owners->client = client;
    owners->sessions = cache_create(SESSIONS_MAX, sizeof(struct aws_credentials));
    owners->identities = cache_create(IDENTITIES_MAX, IDENTITY_ID_BYTES);
    return owners;
}

void owner_credentials_destroy(struct owner_credentials *owners)
{
    if (owners == NULL)
        return;
    cache_destroy(owners->sessions);
    cache_destroy(owners->identities);
    mem_free(owners);
}

static void key_of_session(const struct actor *actor, uint8_t key[CACHE_KEY_BYTES])
{
    struct digest d;
    digest_init(&d);
    digest_add(&d, uuid_bytes(&actor->user_id));
    digest_add(&d, uuid_bytes(&actor->session_id));
    digest_finish(&d, key);
}

static void key_of_user(const struct actor *actor, uint8_t key[CACHE_KEY_BYTES])
{
    digest_sha256(uuid_bytes(&actor->user_id), key);
}

/* --- the identity pool --- */

/* The Logins of a request: who vouches for the caller, and the word of it. A new reference. */
static json_t *logins(const struct owner_credentials *owners, struct ctx *ctx)
{
    const struct aws_config *config = aws_client_config(owners->client);
    const char *provider = arena_printf(ctx->arena, "cognito-idp.%s.amazonaws.com/%s",
                                        config->region, config->user_pool_id);
    return json_pack("{s:o}", provider, json_from_bytes(ctx->actor->id_token));
}

/* Calls the pool and takes in. *out is NULL unless the result is ERR_OK; *unknown: the pool does
 * not know (any more) what was named. */
static enum err ask(struct owner_credentials *owners, struct ctx *ctx, const char *operation,
                    json_t *in, json_t **out, bool *unknown)
{
    const struct aws_call call = {.service = AWS_COGNITO_IDENTITY,
                                  .operation = operation,
                                  .signing = AWS_SIGN_NONE,
                                  .repeatable = true};
    struct aws_answer answer;
    *out = NULL;
    *unknown = false;
    enum err e = aws_client_json(owners->client, ctx, &call, in, out, &answer);
    json_decref(in);
    if (e != ERR_OK || *out != NULL)
        return e;
    if (strcmp(answer.code, "NotAuthorizedException") == 0)
        return ERR_UNAUTHENTICATED;
    *unknown = strcmp(answer.code, "ResourceNotFoundException") == 0;
    e = aws_answer_error(ctx, &call, &answer);
    return e == ERR_OK ? ERR_INTERNAL : e;
}

static enum err malformed(struct ctx *ctx, const char *operation)
{
    return ctx_log_fail(ctx, ERR_INTERNAL, "aws_answer_malformed", "operation=%s", operation);
}

/* Copies a text member with its NUL; false when it is absent, empty or too long. */
static bool copy_text(const json_t *object, const char *name, char *out, size_t size)
{
    struct bytes text;
    if (!json_get_bytes(object, name, &text) || text.n == 0 || text.n >= size)
        return false;
    memcpy(out, text.p, text.n);
    out[text.n] = '\0';
    return true;
}

/* The pool's id for the actor, which never changes; from memory if *cached is true already. */
static enum err find_identity(struct owner_credentials *owners, struct ctx *ctx,
                              char id[IDENTITY_ID_BYTES], bool *cached)
{
    const struct aws_config *config = aws_client_config(owners->client);
    uint8_t key[CACHE_KEY_BYTES];
    int64_t now = aws_client_now(owners->client);
    key_of_user(ctx->actor, key);
    *cached = cache_get(owners->identities, key, now, id);
    if (*cached)
        return ERR_OK;
    json_t *out;
    bool unknown;
    enum err e = ask(owners, ctx, "GetId",
                     json_pack("{s:s,s:o}", "IdentityPoolId", config->identity_pool_id, "Logins",
                               logins(owners, ctx)),
                     &out, &unknown);
    if (e != ERR_OK)
        return e;
    if (copy_text(out, "IdentityId", id, IDENTITY_ID_BYTES))
        cache_put(owners->identities, key, now + IDENTITY_LIFETIME_MS, id);
    else
        e = malformed(ctx, "GetId");
    json_decref(out);
    return e;
}

/* The service writes the secret's name shorter than STS does, and the time as seconds. */
static bool read_credentials(const json_t *answer, struct aws_credentials *out)
{
    const json_t *credentials = json_object_get(answer, "Credentials");
    const json_t *expires = json_object_get(credentials, "Expiration");
    if (!json_is_number(expires))
        return false;
    out->expires_unix_ms = (int64_t)(json_number_value(expires) * 1000);
    return copy_text(credentials, "AccessKeyId", out->access_key_id, sizeof out->access_key_id) &&
           copy_text(credentials, "SecretKey", out->secret_access_key,
                     sizeof out->secret_access_key) &&
           copy_text(credentials, "SessionToken", out->session_token, sizeof out->session_token);
}

static enum err fetch_for(struct owner_credentials *owners, struct ctx *ctx, const char *identity,
                          struct aws_credentials *out, bool *unknown)
{
    static const char operation[] = "GetCredentialsForIdentity";
    json_t *answer;
    enum err e = ask(owners, ctx, operation,
                     json_pack("{s:s,s:o}", "IdentityId", identity, "Logins", logins(owners, ctx)),
                     &answer, unknown);
    if (e == ERR_OK && !read_credentials(answer, out))
        e = malformed(ctx, operation);
    json_decref(answer);
    return e;
}

/* An identity may have been deleted since it was remembered; then it is asked for once more. */
static enum err fetch(struct owner_credentials *owners, struct ctx *ctx,
                      struct aws_credentials *out)
{
    char identity[IDENTITY_ID_BYTES];
    bool cached;
    bool unknown = false;
    enum err e = find_identity(owners, ctx, identity, &cached);
    if (e == ERR_OK)
        e = fetch_for(owners, ctx, identity, out, &unknown);
    if (!unknown || !cached)
        return e;
    uint8_t key[CACHE_KEY_BYTES];
    key_of_user(ctx->actor, key);
    cache_drop(owners->identities, key);
    e = find_identity(owners, ctx, identity, &cached);
    return e == ERR_OK ? fetch_for(owners, ctx, identity, out, &unknown) : e;
}

/* --- what others call --- */

enum err owner_credentials_get(struct owner_credentials *owners, struct ctx *ctx,
                               struct aws_credentials *out)
{
    const struct actor *actor = ctx->actor;
    if (actor == NULL || actor->power != ACTOR_ID || actor->id_token.n == 0)
        return ERR_ID_TOKEN_REQUIRED;
    uint8_t key[CACHE_KEY_BYTES];
    key_of_session(actor, key);
    if (cache_get(owners->sessions, key, aws_client_now(owners->client), out))
        return ERR_OK;
    *out = (struct aws_credentials){0};
    enum err e = fetch(owners, ctx, out);
    if (e != ERR_OK) {
        aws_credentials_fini(out);
        return e;
    }
    int64_t end = out->expires_unix_ms < actor->expires_unix_ms ? out->expires_unix_ms
                                                                : actor->expires_unix_ms;
    cache_put(owners->sessions, key, end - EARLY_MS, out);
    return ERR_OK;
}

void owner_credentials_drop(struct owner_credentials *owners, const struct ctx *ctx)
{
    uint8_t key[CACHE_KEY_BYTES];
    key_of_session(ctx->actor, key);
    cache_drop(owners->sessions, key);
}
