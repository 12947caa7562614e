#include "aws/cognito/cognito_calls.h"

#include "base/ascii.h"
#include "base/json.h"
#include "base/log.h"

#define MS_PER_S 1000

static void give_grant(const struct cognito_tokens *tokens, struct bytes refresh_token,
                       int64_t refresh_expires_s, struct identity_grant *out)
{
    *out = (struct identity_grant){
        .user_id = tokens->user_id,
        .session_id = tokens->session_id,
        .username = tokens->username,
        .id_token = tokens->id_token,
        .access_token = tokens->access_token,
        .refresh_token = refresh_token,
        .expires_in_s = tokens->expires_in_s,
        .refresh_expires_s = refresh_expires_s,
    };
}

enum err cognito_sign_in(void *self, struct ctx *ctx, struct bytes login,
                         const struct identity_credential *credential, struct bytes client,
                         struct identity_grant *out)
{
    struct cognito_identity *identity = self;
    struct cognito_tokens tokens;
    int64_t lifetime_s = identity->config->session_lifetime_s;
    if (credential->authentication_secret.n > 0)
        return ctx_fail(ctx, ERR_INVALID_FIELD,
                        "This server takes the password itself: clients derive nothing from it.");
    enum err e = cognito_check_password(identity, ctx, login, credential, &tokens);
    if (e != ERR_OK)
        return e;
    const struct identity_session session = {
        .id = tokens.session_id,
        .created_unix_ms = ctx->now_unix_ms,
        .last_used_unix_ms = ctx->now_unix_ms,
        .expires_unix_ms = ctx->now_unix_ms + lifetime_s * MS_PER_S,
        .client = arena_str(ctx->arena, identity_clean_client(ctx->arena, client)),
    };
    e = session_map_add(identity->client, ctx, &tokens.user_id, &session);
    if (e != ERR_OK) {
        cognito_revoke(identity, ctx, tokens.refresh_token);
        /* All sessions were ended meanwhile: whether the password is still right shows next time.
         */
        return e == ERR_UNAUTHENTICATED ? ERR_UNAVAILABLE : e;
    }
    give_grant(&tokens, tokens.refresh_token, lifetime_s, out);
    return ERR_OK;
}

/* --- refreshing --- */

/* Takes the refresh token with and without rotation; InitiateAuth does not. */
static enum err call_refresh(struct cognito_identity *identity, struct ctx *ctx,
                             struct bytes refresh_token, struct cognito_answer *answer)
{
    json_t *in = cognito_client_request(identity);
    cognito_set(in, "RefreshToken", refresh_token);
    return cognito_call_public(identity, ctx, "GetTokensFromRefreshToken", COGNITO_REPEATABLE, in,
                               answer);
}

static enum err error_of_refresh(struct ctx *ctx, const struct cognito_answer *answer)
{
    static const struct cognito_meaning meanings[] = {
        {"RefreshTokenReuseException", ERR_REFRESH_REUSED, NULL},
        {"NotAuthorizedException", ERR_UNAUTHENTICATED, NULL},
        {"UserNotFoundException", ERR_UNAUTHENTICATED, NULL},
        {"InvalidParameterException", ERR_UNAUTHENTICATED, NULL},
    };
    return cognito_call_error(ctx, answer, meanings, sizeof meanings / sizeof meanings[0]);
}

/* Cognito's tokens are letters, digits and "-_=." (API Reference, TokenModelType). */
static bool is_token(struct bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        if (!ascii_is_alphanumeric(c) && c != '-' && c != '_' && c != '=' && c != '.')
            return false;
    }
    return text.n > 0;
}

static enum err get_tokens(struct cognito_identity *identity, struct ctx *ctx,
                           struct bytes refresh_token, struct cognito_tokens *out)
{
    struct cognito_answer answer;
    if (!is_token(refresh_token))
        return ERR_UNAUTHENTICATED;
    enum err e = call_refresh(identity, ctx, refresh_token, &answer);
    if (e == ERR_OK)
        e = error_of_refresh(ctx, &answer);
    if (e == ERR_OK)
        e = cognito_read_tokens(ctx, &answer, out);
    cognito_call_end(&answer);
    return e;
}

/* The pool ended the session, but tokens of it are about still. */
static void end_reused(struct cognito_identity *identity, struct ctx *ctx,
                       struct bytes refresh_token)
{
    if (session_map_end_reused(identity->client, ctx, refresh_token) != ERR_OK)
        log_warning("reused_session_not_ended", "request=%s", ctx->request_id);
}

enum err cognito_refresh(void *self, struct ctx *ctx, struct bytes refresh_token,
                         struct identity_grant *out)
{
    struct cognito_identity *identity = self;
    struct cognito_tokens tokens;
    int64_t expires_unix_ms = 0;
    enum err e = get_tokens(identity, ctx, refresh_token, &tokens);
    if (e == ERR_REFRESH_REUSED)
        end_reused(identity, ctx, refresh_token);
    if (e != ERR_OK)
        return e;
    bool rotated = tokens.refresh_token.n > 0;
    struct bytes next = rotated ? tokens.refresh_token : refresh_token;
    e = session_map_touch(identity->client, ctx, &tokens.user_id, &tokens.session_id,
                          &expires_unix_ms);
    if (e == ERR_UNAUTHENTICATED)
        cognito_revoke(identity, ctx, next);
    if (e == ERR_OK && rotated)
        e = session_map_rotated(identity->client, ctx, refresh_token, &tokens.user_id,
                                &tokens.session_id);
    if (e != ERR_OK)
        return e;
    give_grant(&tokens, next, (expires_unix_ms - ctx->now_unix_ms) / MS_PER_S, out);
    return ERR_OK;
}

/* --- the list --- */

enum err cognito_session_check(void *self, struct ctx *ctx, const struct actor *actor)
{
    struct cognito_identity *identity = self;
    return session_map_check(identity->client, ctx, &actor->user_id, &actor->session_id);
}

enum err cognito_sessions_list(void *self, struct ctx *ctx, struct identity_session **out,
                               size_t *count)
{
    struct cognito_identity *identity = self;
    if (ctx->actor == NULL)
        return ERR_UNAUTHENTICATED;
    return session_map_list(identity->client, ctx, &ctx->actor->user_id, out, count);
}

enum err cognito_session_end(void *self, struct ctx *ctx, const struct uuid *session_id)
{
    struct cognito_identity *identity = self;
    if (ctx->actor == NULL)
        return ERR_UNAUTHENTICATED;
    return session_map_end(identity->client, ctx, &ctx->actor->user_id, session_id);
}

enum err cognito_sign_out_everywhere(struct cognito_identity *identity, struct ctx *ctx,
                                     const struct uuid *id, struct bytes username)
{
    static const struct cognito_meaning meanings[] = {{"UserNotFoundException", ERR_OK, NULL}};
    struct cognito_answer answer;
    enum err e = cognito_call_pool(identity, ctx, "AdminUserGlobalSignOut",
                                   cognito_pool_request(identity, username), &answer);
    if (e == ERR_OK)
        e = cognito_call_error(ctx, &answer, meanings, sizeof meanings / sizeof meanings[0]);
    cognito_call_end(&answer);
    return e == ERR_OK ? session_map_end_all(identity->client, ctx, id, NULL) : e;
}

enum err cognito_sessions_end_all(void *self, struct ctx *ctx, const struct uuid *but_session_id)
{
    struct cognito_identity *identity = self;
    const struct actor *actor = ctx->actor;
    if (actor == NULL)
        return ERR_UNAUTHENTICATED;
    if (but_session_id == NULL)
        return cognito_sign_out_everywhere(identity, ctx, &actor->user_id,
                                           bytes_of_str(actor->username));
    return session_map_end_all(identity->client, ctx, &actor->user_id, but_session_id);
}
