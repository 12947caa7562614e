#include "aws/cognito/cognito_calls.h"
#include "aws/cognito/cognito_invites.h"
#include "aws/cognito/users_item.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/log.h"

#include <string.h>

#define ACCOUNT_STALE_MS (INT64_C(24) * 3600 * 1000)
/* As long as somebody whose answer got lost may come back. */
#define CONFIRMED_BY_KEPT_MS (INT64_C(3600) * 1000)
#define CODE_DIGITS 6u

/* --- signing up --- */

static void add_attribute(json_t *list, const char *name, struct bytes value)
{
    json_t *attribute = json_object();
    cognito_set(attribute, "Name", bytes_of_str(name));
    cognito_set(attribute, "Value", value);
    json_array_append_new(list, attribute);
}

static enum err call_sign_up(struct cognito_identity *identity, struct ctx *ctx,
                             const struct identity_sign_up *in, struct cognito_answer *answer)
{
    json_t *request = cognito_client_request(identity);
    json_t *attributes = json_array();
    cognito_set(request, "Username", in->username);
    cognito_set(request, "Password", in->password);
    add_attribute(attributes, "email", in->email);
    json_object_set_new(request, "UserAttributes", attributes);
    return cognito_call_public(identity, ctx, "SignUp", COGNITO_REPEATABLE, request, answer);
}

static enum err error_of_sign_up(struct ctx *ctx, const struct cognito_answer *answer)
{
    static const struct cognito_meaning meanings[] = {
        {"UsernameExistsException", ERR_USERNAME_TAKEN, NULL},
        {"InvalidPasswordException", ERR_WEAK_PASSWORD, COGNITO_WEAK_PASSWORD},
        {"InvalidParameterException", ERR_INVALID_FIELD,
         "The username, the address or the password is of a form that is not taken here."},
        {"NotAuthorizedException", ERR_SIGN_UP_CLOSED, NULL},
    };
    return cognito_call_error(ctx, answer, meanings, sizeof meanings / sizeof meanings[0]);
}

/* The name is taken. It may be ours, when an earlier attempt of this very call was carried out and
 * its answer lost; or be given up, when nobody confirmed it for a day: *gone. */
static enum err look_at_taken(struct cognito_identity *identity, struct ctx *ctx,
                              const struct identity_sign_up *in, bool repeated, struct uuid *id,
                              bool *gone)
{
    struct cognito_user user;
    struct cognito_answer answer;
    enum err e = cognito_user_by_login(identity, ctx, in->username, &user);
    *gone = e == ERR_NOT_FOUND;
    if (e != ERR_OK)
        return *gone ? ERR_OK : e;
    if (user.confirmed)
        return ERR_USERNAME_TAKEN;
    *id = user.id;
    if (repeated && bytes_equal_str(in->email, user.email))
        return ERR_OK;
    if (user.created_unix_ms > ctx->now_unix_ms - ACCOUNT_STALE_MS)
        return ERR_USERNAME_TAKEN;
    e = cognito_call_pool(identity, ctx, "AdminDeleteUser",
                          cognito_pool_request(identity, in->username), &answer);
    *gone =
        e == ERR_OK && (answer.body != NULL || cognito_refused(&answer, "UserNotFoundException"));
    if (e == ERR_OK && !*gone)
        e = cognito_call_error(ctx, &answer, NULL, 0);
    cognito_call_end(&answer);
    return e;
}

static bool read_sub(const struct cognito_answer *answer, struct uuid *id)
{
    struct bytes text;
    return json_get_bytes(answer->body, "UserSub", &text) && uuid_parse(text, id);
}

/* The mail could not be sent, but the account is there, and another mail can be asked for. */
static enum err without_mail(struct cognito_identity *identity, struct ctx *ctx,
                             const struct identity_sign_up *in, struct uuid *id)
{
    struct cognito_user user;
    log_error("code_not_mailed", "request=%s operation=SignUp", ctx->request_id);
    enum err e = cognito_user_by_login(identity, ctx, in->username, &user);
    if (e == ERR_OK)
        *id = user.id;
    return e;
}

/* One attempt; *gone: the name was taken and is free now. */
static enum err try_sign_up(struct cognito_identity *identity, struct ctx *ctx,
                            const struct identity_sign_up *in, struct uuid *id, bool *gone)
{
    struct cognito_answer answer;
    *gone = false;
    enum err e = call_sign_up(identity, ctx, in, &answer);
    if (e == ERR_OK && cognito_refused(&answer, "UsernameExistsException"))
        e = look_at_taken(identity, ctx, in, answer.answer.repeated, id, gone);
    else if (e == ERR_OK && cognito_refused(&answer, "CodeDeliveryFailureException"))
        e = without_mail(identity, ctx, in, id);
    else if (e == ERR_OK)
        e = error_of_sign_up(ctx, &answer);
    if (e == ERR_OK && answer.body != NULL && !read_sub(&answer, id))
        e = ctx_log_fail(ctx, ERR_UNAVAILABLE, "cognito_answer_malformed", "operation=SignUp");
    cognito_call_end(&answer);
    return e;
}

static enum err register_user(struct cognito_identity *identity, struct ctx *ctx,
                              const struct identity_sign_up *in, struct uuid *id)
{
    bool gone;
    enum err e = try_sign_up(identity, ctx, in, id, &gone);
    if (e == ERR_OK && gone)
        e = try_sign_up(identity, ctx, in, id, &gone);
    return e == ERR_OK && gone ? ERR_USERNAME_TAKEN : e;
}

enum err cognito_sign_up(void *self, struct ctx *ctx, const struct identity_sign_up *in,
                         struct uuid *user_id, struct identity_delivery *delivery)
{
    struct cognito_identity *identity = self;
    const struct throttle address = throttle_of_mail_address(ctx->client_address);
    const struct throttle login = throttle_of_mail(in->username);
    const struct uuid mark = uuid_random();
    enum err e = cognito_throttles_check(identity->throttles, ctx, &address, 1);
    if (e != ERR_OK)
        return e;
    cognito_throttles_count(identity->throttles, ctx, &address, 1);
    if (in->invite_required)
        e = cognito_invites_use(identity->client, ctx, in->invite, &mark);
    if (e != ERR_OK)
        return e;
    e = register_user(identity, ctx, in, user_id);
    if (e != ERR_OK && in->invite_required)
        cognito_invites_give_back(identity->client, ctx, in->invite, &mark);
    if (e != ERR_OK)
        return e;
    cognito_throttles_count(identity->throttles, ctx, &login, 1);
    *delivery = (struct identity_delivery){
        .medium = "EMAIL", .destination = identity_mask_address(ctx->arena, in->email)};
    return ERR_OK;
}

/* --- confirming --- */

bool cognito_is_code(struct bytes text)
{
    size_t digits = 0;
    while (digits < text.n && text.p[digits] >= '0' && text.p[digits] <= '9')
        digits++;
    return text.n == CODE_DIGITS && digits == text.n;
}

/* Which code confirmed an account is kept as a digest, in an item of the Users table with userId =
 * "confirmed#<user id>": Cognito does not tell it once the account is confirmed. The code opens
 * nothing any more. */
static const char *confirmed_key(struct arena *arena, const struct uuid *id)
{
    char text[UUID_TEXT_BYTES];
    uuid_format(id, text);
    return arena_printf(arena, "confirmed#%s", text);
}

static struct bytes code_digest(struct arena *arena, const struct uuid *id, struct bytes code)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    struct digest d;
    digest_init(&d);
    digest_add(&d, uuid_bytes(id));
    digest_add(&d, code);
    digest_finish(&d, digest);
    return arena_copy(arena, bytes_of(digest, sizeof digest));
}

static enum err keep_code(struct cognito_identity *identity, struct ctx *ctx, const struct uuid *id,
                          struct bytes code)
{
    json_t *item = users_item_key(confirmed_key(ctx->arena, id));
    dynamo_item_set_binary(item, "code", code_digest(ctx->arena, id, code));
    users_item_set_ttl(item, "ttl", ctx->now_unix_ms + CONFIRMED_BY_KEPT_MS);
    return users_item_put(identity->client, ctx, item);
}

static enum err was_confirmed_by(struct cognito_identity *identity, struct ctx *ctx,
                                 const struct uuid *id, struct bytes code, bool *was)
{
    struct dynamo_answer answer = {0};
    struct bytes kept = {0};
    json_t *in = users_item_request(identity->client, confirmed_key(ctx->arena, id));
    json_object_set_new(in, "ConsistentRead", json_true());
    enum err e = dynamo_call_run(identity->client, ctx, "GetItem", in, &answer);
    *was = e == ERR_OK &&
           dynamo_item_binary(dynamo_call_item(&answer), "code", ctx->arena, &kept) &&
           bytes_equal_secret(kept, code_digest(ctx->arena, id, code));
    dynamo_call_end(&answer);
    return e;
}

/* The account is confirmed already: by this code, when an answer got lost? An attempt of this very
 * call may have done it too. */
static enum err confirm_again(struct cognito_identity *identity, struct ctx *ctx,
                              struct bytes username, struct bytes code, bool repeated,
                              struct uuid *user_id)
{
    struct cognito_user user;
    bool same = repeated;
    enum err e = cognito_user_by_login(identity, ctx, username, &user);
    if (e == ERR_NOT_FOUND || (e == ERR_OK && (!user.confirmed || user.disabled)))
        return ERR_CODE_MISMATCH;
    if (e == ERR_OK && !repeated)
        e = was_confirmed_by(identity, ctx, &user.id, code, &same);
    if (e != ERR_OK)
        return e;
    *user_id = user.id;
    return same ? ERR_OK : ERR_CODE_MISMATCH;
}

/* AliasExists: the address was proved by another account meanwhile, which is nobody's business. */
static enum err error_of_confirm(struct ctx *ctx, const struct cognito_answer *answer)
{
    static const struct cognito_meaning meanings[] = {
        {"CodeMismatchException", ERR_CODE_MISMATCH, NULL},
        {"ExpiredCodeException", ERR_CODE_EXPIRED, NULL},
        {"LimitExceededException", ERR_TOO_MANY_TRIES, NULL},
        {"TooManyFailedAttemptsException", ERR_TOO_MANY_TRIES, NULL},
        {"AliasExistsException", ERR_CODE_MISMATCH, NULL},
        {"UserNotFoundException", ERR_CODE_MISMATCH, NULL},
        {"InvalidParameterException", ERR_CODE_MISMATCH, NULL},
    };
    if (cognito_trigger_failed(answer)) {
        log_warning("trigger_failed", "request=%s operation=ConfirmSignUp", ctx->request_id);
        return ERR_OK;
    }
    return cognito_call_error(ctx, answer, meanings, sizeof meanings / sizeof meanings[0]);
}

enum err cognito_confirm(void *self, struct ctx *ctx, struct bytes username, struct bytes code,
                         struct uuid *user_id)
{
    struct cognito_identity *identity = self;
    struct cognito_answer answer;
    struct cognito_user user;
    if (!cognito_is_code(code))
        return ERR_CODE_MISMATCH;
    json_t *in = cognito_client_request(identity);
    cognito_set(in, "Username", username);
    cognito_set(in, "ConfirmationCode", code);
    enum err e =
        cognito_call_public(identity, ctx, "ConfirmSignUp", COGNITO_REPEATABLE, in, &answer);
    bool before = e == ERR_OK && cognito_refused(&answer, "NotAuthorizedException");
    bool repeated = answer.answer.repeated;
    if (e == ERR_OK && !before)
        e = error_of_confirm(ctx, &answer);
    cognito_call_end(&answer);
    if (before)
        return confirm_again(identity, ctx, username, code, repeated, user_id);
    if (e == ERR_OK)
        e = cognito_user_by_login(identity, ctx, username, &user);
    if (e != ERR_OK)
        return e;
    *user_id = user.id;
    /* The account is confirmed, whatever becomes of this. */
    if (keep_code(identity, ctx, &user.id, code) != ERR_OK)
        log_warning("confirmation_not_kept", "request=%s", ctx->request_id);
    return ERR_OK;
}

/* --- mails with codes --- */

/* Unknown logins are counted like known ones, so that the limit tells nothing. */
static enum err count_mail(struct cognito_identity *identity, struct ctx *ctx, struct bytes login)
{
    const struct throttle throttles[] = {throttle_of_mail(login),
                                         throttle_of_mail_address(ctx->client_address)};
    const size_t count = sizeof throttles / sizeof throttles[0];
    enum err e = cognito_throttles_check(identity->throttles, ctx, throttles, count);
    if (e == ERR_OK)
        cognito_throttles_count(identity->throttles, ctx, throttles, count);
    return e;
}

/* What Cognito refuses because of the account (there is none, it is confirmed, disabled, has had
 * enough mails) must look like a mail that was sent. */
static enum err error_of_mail(struct ctx *ctx, const struct cognito_answer *answer)
{
    static const struct cognito_meaning meanings[] = {
        {"UserNotFoundException", ERR_OK, NULL},
        {"NotAuthorizedException", ERR_OK, NULL},
        {"InvalidParameterException", ERR_OK, NULL},
    };
    if (cognito_refused(answer, "LimitExceededException") ||
        cognito_refused(answer, "CodeDeliveryFailureException")) {
        log_warning("code_not_mailed", "request=%s operation=%s code=%s", ctx->request_id,
                    answer->call.operation, answer->answer.code);
        return ERR_OK;
    }
    return cognito_call_error(ctx, answer, meanings, sizeof meanings / sizeof meanings[0]);
}

static enum err send_code(struct cognito_identity *identity, struct ctx *ctx, const char *operation,
                          struct bytes login)
{
    struct cognito_answer answer;
    enum err e = login.n == 0 ? ERR_OK : count_mail(identity, ctx, login);
    if (e != ERR_OK || login.n == 0)
        return e;
    json_t *in = cognito_client_request(identity);
    cognito_set(in, "Username", login);
    /* Two mails are better than none; the later one's code counts. */
    e = cognito_call_public(identity, ctx, operation, COGNITO_REPEATABLE, in, &answer);
    if (e == ERR_OK)
        e = error_of_mail(ctx, &answer);
    cognito_call_end(&answer);
    return e;
}

enum err cognito_resend_code(void *self, struct ctx *ctx, struct bytes username)
{
    return send_code(self, ctx, "ResendConfirmationCode", username);
}

enum err cognito_forgot_password(void *self, struct ctx *ctx, struct bytes login)
{
    return send_code(self, ctx, "ForgotPassword", login);
}
