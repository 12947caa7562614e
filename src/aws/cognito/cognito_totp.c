#include "aws/cognito/cognito_calls.h"
#include "base/json.h"

/* The user's own access token is what Cognito takes for all of this, and only signing in once more
 * gives one: a request may have brought the ID token alone. */

static json_t *token_request(const struct cognito_tokens *tokens)
{
    json_t *in = json_object();
    cognito_set(in, "AccessToken", tokens->access_token);
    return in;
}

/* A pool without the factor (mfa_configuration OFF) has no such tokens; nor has a user who did not
 * ask for a secret. */
static enum err error_of_token(struct ctx *ctx, const struct cognito_answer *answer)
{
    static const struct cognito_meaning meanings[] = {
        {"SoftwareTokenMFANotFoundException", ERR_NOT_FOUND,
         "There is no secret that could be confirmed, or this service has no second factor."},
        {"EnableSoftwareTokenMFAException", ERR_TOTP_MISMATCH, NULL},
        {"CodeMismatchException", ERR_TOTP_MISMATCH, NULL},
        {"ExpiredCodeException", ERR_TOTP_MISMATCH, NULL},
    };
    return cognito_call_error(ctx, answer, meanings, sizeof meanings / sizeof meanings[0]);
}

static enum err prove_off(struct cognito_identity *identity, struct ctx *ctx,
                          const struct identity_credential *proof, struct cognito_tokens *tokens)
{
    struct cognito_user user;
    enum err e = cognito_user_of_actor(identity, ctx, &user);
    if (e == ERR_OK && user.totp_on)
        e = ctx_fail(ctx, ERR_CONFLICT, "The second factor is on. Turn it off first.");
    return e == ERR_OK ? cognito_check_own_password(identity, ctx, proof, tokens) : e;
}

enum err cognito_totp_begin(void *self, struct ctx *ctx, const struct identity_credential *proof,
                            const char **secret)
{
    struct cognito_identity *identity = self;
    struct cognito_tokens tokens;
    struct cognito_answer answer;
    struct bytes code;
    enum err e = prove_off(identity, ctx, proof, &tokens);
    if (e != ERR_OK)
        return e;
    e = cognito_call_public(identity, ctx, "AssociateSoftwareToken", COGNITO_REPEATABLE,
                            token_request(&tokens), &answer);
    if (e == ERR_OK)
        e = error_of_token(ctx, &answer);
    if (e == ERR_OK && !json_get_bytes(answer.body, "SecretCode", &code))
        e = ctx_log_fail(ctx, ERR_UNAVAILABLE, "cognito_answer_malformed", "operation=%s",
                         answer.call.operation);
    if (e == ERR_OK)
        *secret = arena_str(ctx->arena, code);
    cognito_call_end(&answer);
    cognito_revoke(identity, ctx, tokens.refresh_token);
    return e;
}

static enum err verify(struct cognito_identity *identity, struct ctx *ctx,
                       const struct cognito_tokens *tokens, struct bytes code)
{
    struct cognito_answer answer;
    struct bytes status;
    if (!cognito_is_code(code))
        return code.n == 0 ? ERR_TOTP_REQUIRED : ERR_TOTP_MISMATCH;
    json_t *in = token_request(tokens);
    cognito_set(in, "UserCode", code);
    enum err e =
        cognito_call_public(identity, ctx, "VerifySoftwareToken", COGNITO_ONCE, in, &answer);
    if (e == ERR_OK)
        e = error_of_token(ctx, &answer);
    if (e == ERR_OK &&
        !(json_get_bytes(answer.body, "Status", &status) && bytes_equal_str(status, "SUCCESS")))
        e = ERR_TOTP_MISMATCH;
    cognito_call_end(&answer);
    return e;
}

json_t *cognito_totp_settings(bool on)
{
    json_t *settings = json_object();
    json_object_set_new(settings, "Enabled", json_boolean(on));
    json_object_set_new(settings, "PreferredMfa", json_boolean(on));
    return settings;
}

static enum err prefer(struct cognito_identity *identity, struct ctx *ctx,
                       const struct cognito_tokens *tokens, bool on)
{
    struct cognito_answer answer;
    json_t *in = token_request(tokens);
    json_object_set_new(in, "SoftwareTokenMfaSettings", cognito_totp_settings(on));
    enum err e =
        cognito_call_public(identity, ctx, "SetUserMFAPreference", COGNITO_REPEATABLE, in, &answer);
    if (e == ERR_OK)
        e = cognito_call_error(ctx, &answer, NULL, 0);
    cognito_call_end(&answer);
    return e;
}

enum err cognito_totp_confirm(void *self, struct ctx *ctx, const struct identity_credential *proof)
{
    struct cognito_identity *identity = self;
    struct cognito_tokens tokens;
    enum err e = prove_off(identity, ctx, proof, &tokens);
    if (e != ERR_OK)
        return e;
    struct bytes username = bytes_of_str(tokens.username);
    e = cognito_totp_check(identity, ctx, username);
    if (e == ERR_OK) {
        e = verify(identity, ctx, &tokens, proof->totp);
        cognito_totp_count(identity, ctx, username, e);
    }
    if (e == ERR_OK)
        e = prefer(identity, ctx, &tokens, true);
    cognito_revoke(identity, ctx, tokens.refresh_token);
    return e;
}

enum err cognito_totp_end(void *self, struct ctx *ctx, const struct identity_credential *proof)
{
    struct cognito_identity *identity = self;
    struct cognito_tokens tokens;
    struct cognito_user user;
    enum err e = cognito_user_of_actor(identity, ctx, &user);
    if (e == ERR_OK && !user.totp_on)
        e = ctx_fail(ctx, ERR_NOT_FOUND, "The second factor is off.");
    if (e == ERR_OK)
        e = cognito_check_own_password(identity, ctx, proof, &tokens);
    if (e != ERR_OK)
        return e;
    e = prefer(identity, ctx, &tokens, false);
    cognito_revoke(identity, ctx, tokens.refresh_token);
    return e;
}
