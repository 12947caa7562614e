#include "aws/cognito/cognito_calls.h"

#include "base/encode.h"
#include "base/json.h"
#include "base/log.h"

#include <string.h>

/* Cognito takes passwords of so many characters (API Reference, PasswordType). */
#define PASSWORD_MAX_BYTES 1024u

/* --- reading --- */

/* The claims of a token: the payload between its dots. A new reference or NULL. */
static json_t *claims_of(struct arena *arena, struct bytes token)
{
    struct bytes text;
    size_t first = bytes_find(token, '.', 0);
    size_t second = first == SIZE_MAX ? SIZE_MAX : bytes_find(token, '.', first + 1);
    if (second == SIZE_MAX ||
        !encode_base64url_decode(arena, bytes_slice(token, first + 1, second - first - 1), &text))
        return NULL;
    return json_parse_object(text);
}

static bool read_claims(struct arena *arena, struct bytes id_token, struct cognito_tokens *out)
{
    json_t *claims = claims_of(arena, id_token);
    struct bytes sub;
    struct bytes session;
    struct bytes username;
    bool ok = json_get_bytes(claims, "sub", &sub) && uuid_parse(sub, &out->user_id) &&
              json_get_bytes(claims, "origin_jti", &session) &&
              uuid_parse(session, &out->session_id) &&
              json_get_bytes(claims, "cognito:username", &username);
    if (ok)
        out->username = arena_str(arena, username);
    json_decref(claims);
    return ok;
}

enum err cognito_read_tokens(struct ctx *ctx, const struct cognito_answer *answer,
                             struct cognito_tokens *out)
{
    const json_t *result = json_object_get(answer->body, "AuthenticationResult");
    struct bytes id;
    struct bytes access;
    struct bytes refresh = {0};
    *out = (struct cognito_tokens){0};
    bool ok = json_get_bytes(result, "IdToken", &id) &&
              json_get_bytes(result, "AccessToken", &access) &&
              json_get_int(result, "ExpiresIn", &out->expires_in_s);
    if (ok && !read_claims(ctx->arena, id, out))
        /* Without revocation of tokens (enable_token_revocation) there is no origin_jti. */
        return ctx_log_fail(ctx, ERR_UNAVAILABLE, "cognito_claims_missing", "operation=%s",
                            answer->call.operation);
    if (!ok)
        return ctx_log_fail(ctx, ERR_UNAVAILABLE, "cognito_answer_malformed", "operation=%s",
                            answer->call.operation);
    (void)json_get_bytes(result, "RefreshToken", &refresh);
    out->id_token = arena_copy(ctx->arena, id);
    out->access_token = arena_copy(ctx->arena, access);
    out->refresh_token = arena_copy(ctx->arena, refresh);
    return ERR_OK;
}

/* --- checking passwords --- */

/* Whoever gets here knew the password. */
static enum err error_of_challenge(struct ctx *ctx, struct bytes name)
{
    static const struct {
        const char *name;
        const char *what_to_do;
    } challenges[] = {
        {"NEW_PASSWORD_REQUIRED", "An administrator set a first password for this account. Ask "
                                  "them to make it permanent, then change it here."},
        {"MFA_SETUP", "This account must set up a second factor first, which is not possible "
                      "here. Ask an administrator."},
        {"SMS_MFA", ""},
        {"EMAIL_OTP", ""},
        {"SELECT_MFA_TYPE", ""},
    };
    static const char second_factor[] = "This account asks for a second factor of a kind that is "
                                        "not taken here. Ask an administrator to turn it off.";
    for (size_t i = 0; i < sizeof challenges / sizeof challenges[0]; i++) {
        const char *text = challenges[i].what_to_do;
        if (bytes_equal_str(name, challenges[i].name))
            return ctx_fail(ctx, ERR_FORBIDDEN, "%s", text[0] == '\0' ? second_factor : text);
    }
    log_warning("cognito_challenge", "request=%s name=%.*s", ctx->request_id,
                BYTES_FMT(bytes_slice(name, 0, 32)));
    return ctx_fail(ctx, ERR_FORBIDDEN,
                    "This account signs in in a way that is not known here. "
                    "Ask an administrator.");
}

/* UserNotConfirmed comes whatever the password: it tells that the username is taken, as signing up
 * with it does, and of no address, which finds accounts only once it is confirmed. While the pool
 * locks an account that is guessed at, it refuses as for a wrong password. */
static enum err error_of_sign_in(struct ctx *ctx, const struct cognito_answer *answer)
{
    static const struct cognito_meaning meanings[] = {
        {"NotAuthorizedException", ERR_BAD_CREDENTIALS, NULL},
        {"UserNotFoundException", ERR_BAD_CREDENTIALS, NULL},
        {"UserNotConfirmedException", ERR_UNCONFIRMED, NULL},
        {"PasswordResetRequiredException", ERR_FORBIDDEN,
         "This account needs a new password: have a code mailed for one."},
    };
    struct bytes challenge;
    if (json_get_bytes(answer->body, "ChallengeName", &challenge))
        return error_of_challenge(ctx, challenge);
    if (cognito_refused(answer, "InvalidParameterException")) {
        /* Odd input looks like this, and so does an app client without the flow. */
        log_warning("sign_in_refused", "request=%s code=%s", ctx->request_id, answer->answer.code);
        return ERR_BAD_CREDENTIALS;
    }
    return cognito_call_error(ctx, answer, meanings, sizeof meanings / sizeof meanings[0]);
}

static enum err call_initiate_auth(struct cognito_identity *identity, struct ctx *ctx,
                                   struct bytes login, struct bytes password,
                                   struct cognito_answer *answer)
{
    json_t *in = cognito_client_request(identity);
    json_t *parameters = json_object();
    cognito_set(in, "AuthFlow", BYTES_LIT("USER_PASSWORD_AUTH"));
    cognito_set(parameters, "USERNAME", login);
    cognito_set(parameters, "PASSWORD", password);
    json_object_set_new(in, "AuthParameters", parameters);
    return cognito_call_public(identity, ctx, "InitiateAuth", COGNITO_REPEATABLE, in, answer);
}

static bool asks_totp(const struct cognito_answer *answer)
{
    struct bytes challenge;
    return json_get_bytes(answer->body, "ChallengeName", &challenge) &&
           bytes_equal_str(challenge, COGNITO_TOTP);
}

/* Not repeated when the answer got lost: a code is good for once. */
static enum err call_respond(struct cognito_identity *identity, struct ctx *ctx,
                             struct bytes username, struct bytes code,
                             struct cognito_answer *answer)
{
    struct bytes session = {0};
    json_t *in = cognito_client_request(identity);
    json_t *responses = json_object();
    (void)json_get_bytes(answer->body, "Session", &session);
    cognito_set(in, "ChallengeName", BYTES_LIT(COGNITO_TOTP));
    cognito_set(in, "Session", session);
    cognito_set(responses, "USERNAME", username);
    cognito_set(responses, "SOFTWARE_TOKEN_MFA_CODE", code);
    json_object_set_new(in, "ChallengeResponses", responses);
    cognito_call_end(answer);
    return cognito_call_public(identity, ctx, "RespondToAuthChallenge", COGNITO_ONCE, in, answer);
}

/* Answers a request for a code: *answer becomes what comes of that. A code that was used before is
 * "expired" to Cognito. */
static enum err give_totp(struct cognito_identity *identity, struct ctx *ctx, struct bytes login,
                          struct bytes code, struct cognito_answer *answer)
{
    static const struct cognito_meaning meanings[] = {
        {"CodeMismatchException", ERR_TOTP_MISMATCH, NULL},
        {"ExpiredCodeException", ERR_TOTP_MISMATCH, NULL},
        {"NotAuthorizedException", ERR_BAD_CREDENTIALS, NULL},
    };
    struct bytes username = login;
    if (code.n == 0)
        return ERR_TOTP_REQUIRED;
    (void)json_get_bytes(json_object_get(answer->body, "ChallengeParameters"), "USER_ID_FOR_SRP",
                         &username);
    username = arena_copy(ctx->arena, username);
    enum err e = cognito_totp_check(identity, ctx, username);
    if (e != ERR_OK)
        return e;
    if (!cognito_is_code(code))
        e = ERR_TOTP_MISMATCH;
    if (e == ERR_OK)
        e = call_respond(identity, ctx, username, code, answer);
    if (e == ERR_OK)
        e = cognito_call_error(ctx, answer, meanings, sizeof meanings / sizeof meanings[0]);
    cognito_totp_count(identity, ctx, username, e);
    return e;
}

static enum err initiate_auth(struct cognito_identity *identity, struct ctx *ctx,
                              struct bytes login, const struct identity_credential *credential,
                              struct cognito_tokens *out)
{
    struct bytes password = credential->password;
    struct cognito_answer answer;
    if (login.n == 0 || password.n == 0 || password.n > PASSWORD_MAX_BYTES)
        return ERR_BAD_CREDENTIALS;
    enum err e = call_initiate_auth(identity, ctx, login, password, &answer);
    if (e == ERR_OK && asks_totp(&answer))
        e = give_totp(identity, ctx, login, credential->totp, &answer);
    if (e == ERR_OK)
        e = error_of_sign_in(ctx, &answer);
    if (e == ERR_OK)
        e = cognito_read_tokens(ctx, &answer, out);
    cognito_call_end(&answer);
    return e;
}

enum err cognito_check_password(struct cognito_identity *identity, struct ctx *ctx,
                                struct bytes login, const struct identity_credential *credential,
                                struct cognito_tokens *out)
{
    const struct throttle throttles[] = {
        throttle_of_guess(login, ctx->client_address),
        throttle_of_account(login),
        throttle_of_address(ctx->client_address),
    };
    const size_t count = sizeof throttles / sizeof throttles[0];
    enum err e = cognito_throttles_check(identity->throttles, ctx, throttles, count);
    if (e != ERR_OK)
        return e;
    e = initiate_auth(identity, ctx, login, credential, out);
    if (e == ERR_BAD_CREDENTIALS || e == ERR_UNCONFIRMED || e == ERR_TOTP_MISMATCH)
        cognito_throttles_count(identity->throttles, ctx, throttles, count);
    if (e == ERR_OK)
        cognito_throttles_clear(identity->throttles, &throttles[0]);
    return e;
}

enum err cognito_check_own_password(struct cognito_identity *identity, struct ctx *ctx,
                                    const struct identity_credential *credential,
                                    struct cognito_tokens *out)
{
    const struct actor *actor = ctx->actor;
    if (actor == NULL)
        return ERR_UNAUTHENTICATED;
    enum err e =
        cognito_check_password(identity, ctx, bytes_of_str(actor->username), credential, out);
    if (e != ERR_OK || uuid_equal(&out->user_id, &actor->user_id))
        return e;
    /* The actor's account is gone, and its name is another's. */
    cognito_revoke(identity, ctx, out->refresh_token);
    return ERR_UNAUTHENTICATED;
}

enum err cognito_totp_check(struct cognito_identity *identity, struct ctx *ctx,
                            struct bytes username)
{
    const struct throttle throttle = throttle_of_totp(username);
    return cognito_throttles_check(identity->throttles, ctx, &throttle, 1);
}

void cognito_totp_count(struct cognito_identity *identity, const struct ctx *ctx,
                        struct bytes username, enum err outcome)
{
    const struct throttle throttle = throttle_of_totp(username);
    if (outcome == ERR_TOTP_MISMATCH)
        cognito_throttles_count(identity->throttles, ctx, &throttle, 1);
    else if (outcome == ERR_OK)
        cognito_throttles_clear(identity->throttles, &throttle);
}

void cognito_forgive(struct cognito_identity *identity, const struct ctx *ctx, struct bytes login)
{
    const struct throttle here = throttle_of_guess(login, ctx->client_address);
    const struct throttle anywhere = throttle_of_account(login);
    cognito_throttles_clear(identity->throttles, &here);
    cognito_throttles_clear(identity->throttles, &anywhere);
}

void cognito_revoke(struct cognito_identity *identity, struct ctx *ctx, struct bytes refresh_token)
{
    struct cognito_answer answer;
    json_t *in = cognito_client_request(identity);
    cognito_set(in, "Token", refresh_token);
    enum err e = cognito_call_public(identity, ctx, "RevokeToken", COGNITO_REPEATABLE, in, &answer);
    if (e == ERR_OK)
        e = cognito_call_error(ctx, &answer, NULL, 0);
    cognito_call_end(&answer);
    if (e != ERR_OK)
        log_warning("token_not_revoked", "request=%s", ctx->request_id);
}
