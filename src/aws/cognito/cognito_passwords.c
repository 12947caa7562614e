#include "aws/cognito/cognito_calls.h"
#include "base/log.h"

static const char used_before[] = "This password was used for the account before.";

/* A proof that is refused at the second attempt may have been right at the first, whose answer was
 * lost: it cannot be told whether the password is the new one. */
static bool is_used_up(const struct cognito_answer *answer, const char *code)
{
    return answer->answer.repeated && cognito_refused(answer, code);
}

/* --- by code --- */

static enum err error_of_reset(struct ctx *ctx, const struct cognito_answer *answer)
{
    static const struct cognito_meaning meanings[] = {
        {"CodeMismatchException", ERR_CODE_MISMATCH, NULL},
        {"ExpiredCodeException", ERR_CODE_EXPIRED, NULL},
        {"LimitExceededException", ERR_TOO_MANY_TRIES, NULL},
        {"TooManyFailedAttemptsException", ERR_TOO_MANY_TRIES, NULL},
        {"UserNotFoundException", ERR_CODE_MISMATCH, NULL},
        {"UserNotConfirmedException", ERR_CODE_MISMATCH, NULL},
        {"NotAuthorizedException", ERR_CODE_MISMATCH, NULL},
        {"InvalidParameterException", ERR_CODE_MISMATCH, NULL},
        {"InvalidPasswordException", ERR_WEAK_PASSWORD, COGNITO_WEAK_PASSWORD},
        {"PasswordHistoryPolicyViolationException", ERR_WEAK_PASSWORD, used_before},
    };
    if (is_used_up(answer, "ExpiredCodeException") || is_used_up(answer, "CodeMismatchException"))
        return ERR_UNAVAILABLE;
    if (cognito_trigger_failed(answer)) {
        log_warning("trigger_failed", "request=%s operation=ConfirmForgotPassword",
                    ctx->request_id);
        return ERR_OK;
    }
    return cognito_call_error(ctx, answer, meanings, sizeof meanings / sizeof meanings[0]);
}

/* A recovery key, should one be given, is not needed: the user's key is in KMS, and no password
 * opens it. */
enum err cognito_reset_password(void *self, struct ctx *ctx, struct bytes username,
                                struct bytes code, struct bytes password, struct bytes recovery_key,
                                struct uuid *user_id, bool *keys_lost)
{
    struct cognito_identity *identity = self;
    struct cognito_answer answer;
    struct cognito_user user;
    (void)recovery_key;
    if (username.n == 0 || !cognito_is_code(code))
        return ERR_CODE_MISMATCH;
    json_t *in = cognito_client_request(identity);
    cognito_set(in, "Username", username);
    cognito_set(in, "ConfirmationCode", code);
    cognito_set(in, "Password", password);
    enum err e = cognito_call_public(identity, ctx, "ConfirmForgotPassword", COGNITO_REPEATABLE, in,
                                     &answer);
    if (e == ERR_OK)
        e = error_of_reset(ctx, &answer);
    cognito_call_end(&answer);
    if (e == ERR_OK)
        e = cognito_user_by_login(identity, ctx, username, &user);
    if (e == ERR_OK)
        e = cognito_sign_out_everywhere(identity, ctx, &user.id, bytes_of_str(user.username));
    if (e != ERR_OK)
        return e;
    cognito_forgive(identity, ctx, username);
    cognito_forgive(identity, ctx, bytes_of_str(user.username));
    cognito_forgive(identity, ctx, bytes_of_str(user.email));
    *user_id = user.id;
    *keys_lost = false;
    return ERR_OK;
}

/* --- by password --- */

static enum err error_of_change(struct ctx *ctx, const struct cognito_answer *answer)
{
    static const struct cognito_meaning meanings[] = {
        {"NotAuthorizedException", ERR_BAD_CREDENTIALS, NULL},
        {"InvalidPasswordException", ERR_WEAK_PASSWORD, COGNITO_WEAK_PASSWORD},
        {"InvalidParameterException", ERR_WEAK_PASSWORD, COGNITO_WEAK_PASSWORD},
        {"PasswordHistoryPolicyViolationException", ERR_WEAK_PASSWORD, used_before},
    };
    if (is_used_up(answer, "NotAuthorizedException"))
        return ERR_UNAVAILABLE;
    return cognito_call_error(ctx, answer, meanings, sizeof meanings / sizeof meanings[0]);
}

/* Signing in once more gives an access token, which ChangePassword takes: so the server needs no
 * right to set passwords, and a request that brought the ID token alone will do. Other sessions end
 * in our list only; to end them at Cognito would end this one too. */
enum err cognito_change_password(void *self, struct ctx *ctx, const struct identity_credential *old,
                                 struct bytes new_password)
{
    struct cognito_identity *identity = self;
    struct cognito_tokens tokens;
    struct cognito_answer answer;
    enum err e = cognito_check_own_password(identity, ctx, old, &tokens);
    if (e != ERR_OK)
        return e;
    json_t *in = json_object();
    cognito_set(in, "AccessToken", tokens.access_token);
    cognito_set(in, "PreviousPassword", old->password);
    cognito_set(in, "ProposedPassword", new_password);
    e = cognito_call_public(identity, ctx, "ChangePassword", COGNITO_REPEATABLE, in, &answer);
    if (e == ERR_OK)
        e = error_of_change(ctx, &answer);
    cognito_call_end(&answer);
    cognito_revoke(identity, ctx, tokens.refresh_token);
    if (e != ERR_OK)
        return e;
    return session_map_end_all(identity->client, ctx, &ctx->actor->user_id,
                               &ctx->actor->session_id);
}

/* The list of sessions goes first: once the account is gone nobody can prove to be its owner and
 * ask again. */
enum err cognito_account_erase(void *self, struct ctx *ctx, struct bytes password)
{
    static const struct cognito_meaning meanings[] = {{"UserNotFoundException", ERR_OK, NULL}};
    struct cognito_identity *identity = self;
    const struct identity_credential proof = {.password = password};
    struct cognito_tokens tokens;
    struct cognito_answer answer;
    enum err e = cognito_check_own_password(identity, ctx, &proof, &tokens);
    if (e == ERR_OK)
        e = session_map_end_all(identity->client, ctx, &tokens.user_id, NULL);
    if (e != ERR_OK)
        return e;
    json_t *in = json_object();
    cognito_set(in, "AccessToken", tokens.access_token);
    e = cognito_call_public(identity, ctx, "DeleteUser", COGNITO_REPEATABLE, in, &answer);
    if (e == ERR_OK)
        e = cognito_call_error(ctx, &answer, meanings, sizeof meanings / sizeof meanings[0]);
    cognito_call_end(&answer);
    return e;
}

enum err cognito_account(void *self, struct ctx *ctx, struct identity_account *out)
{
    struct cognito_user user;
    enum err e = cognito_user_of_actor(self, ctx, &user);
    if (e != ERR_OK)
        return e;
    *out = (struct identity_account){
        .id = user.id,
        .username = user.username,
        .email = user.email,
        .created_unix_ms = user.created_unix_ms,
        .confirmed = user.confirmed,
        .disabled = user.disabled,
        .totp_on = user.totp_on,
    };
    return ERR_OK;
}

/* --- what only passwords that open keys need --- */

enum err cognito_parameters(void *self, struct ctx *ctx, struct bytes login,
                            struct identity_parameters *out)
{
    (void)self;
    (void)login;
    *out = (struct identity_parameters){0};
    return ctx_fail(ctx, ERR_NOT_FOUND,
                    "This server takes the password itself: clients derive nothing from it.");
}

enum err cognito_recovery_key_reissue(void *self, struct ctx *ctx,
                                      const struct identity_credential *proof,
                                      const char **recovery_key)
{
    (void)self;
    (void)proof;
    *recovery_key = NULL;
    return ctx_fail(ctx, ERR_NOT_FOUND,
                    "There are no recovery keys here: a forgotten password loses no letters.");
}
