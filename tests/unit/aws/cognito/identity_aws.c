/* What the identity adapter on Cognito does besides the contract, run by tests/aws/test_identity.py
 * against the double of AWS. */
#include "aws/cognito/cognito_calls.h"
#include "base/json.h"
#include "pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static enum err confirm(struct household *h, const char *name, const char *code)
{
    struct uuid id;
    return h->identity.confirm(h->identity.self, &h->ctx, bytes_of_str(name), bytes_of_str(code),
                               &id);
}

static enum err forgot(struct household *h, const char *login)
{
    return h->identity.forgot_password(h->identity.self, &h->ctx, bytes_of_str(login));
}

static enum err reset(struct household *h, const char *code, const char *recovery_key)
{
    struct uuid id;
    bool keys_lost = true;
    enum err e = h->identity.reset_password(h->identity.self, &h->ctx, BYTES_LIT("anna"),
                                            bytes_of_str(code), BYTES_LIT(HOUSEHOLD_NEW_PASSWORD),
                                            bytes_of_str(recovery_key), &id, &keys_lost);
    assert_true(e != ERR_OK || !keys_lost);
    return e;
}

static enum err check(struct household *h)
{
    return h->identity.session_check(h->identity.self, &h->ctx, &h->actor);
}

static enum err refresh(struct household *h, struct bytes token, struct identity_grant *out)
{
    return h->identity.refresh(h->identity.self, &h->ctx, token, out);
}

static enum err sign_in(struct household *h, struct identity_grant *out)
{
    h->ctx.detail[0] = '\0';
    return household_sign_in(h, "anna", HOUSEHOLD_PASSWORD, out);
}

/* --- what there is not --- */

static void test_nothing_is_derived_by_clients(void **state)
{
    struct household *h = *state;
    struct identity_parameters parameters;
    struct identity_grant grant;
    const char *key = "";
    const struct identity_credential credential = {
        .authentication_secret = BYTES_LIT("0123456789abcdef0123456789abcdef")};
    household_add(h, "anna");
    household_enter(h, "anna");
    assert_int_equal(
        h->identity.parameters(h->identity.self, &h->ctx, BYTES_LIT("anna"), &parameters),
        ERR_NOT_FOUND);
    assert_true(h->ctx.detail[0] != '\0');
    assert_int_equal(h->identity.sign_in(h->identity.self, &h->ctx, BYTES_LIT("anna"), &credential,
                                         BYTES_LIT("browser"), &grant),
                     ERR_INVALID_FIELD);
    const struct identity_credential proof = {.password = BYTES_LIT(HOUSEHOLD_PASSWORD)};
    assert_int_equal(h->identity.recovery_key_reissue(h->identity.self, &h->ctx, &proof, &key),
                     ERR_NOT_FOUND);
    assert_null(key);
}

/* A form may offer it; nobody must fail to get a new password for it. */
static void test_recovery_keys_are_not_needed(void **state)
{
    struct household *h = *state;
    char code[HOUSEHOLD_CODE_BYTES];
    household_add(h, "anna");
    household_reset_code(h, "anna", code);
    assert_int_equal(reset(h, code, "ABCD-EFGH"), ERR_OK);
}

/* --- signing up --- */

/* The owner gets a code as for any sign-up, and whoever has it learns nothing. */
static void test_taken_address(void **state)
{
    struct household *h = *state;
    const struct identity_sign_up in = {.username = BYTES_LIT("mallory"),
                                        .email = BYTES_LIT("anna@example.org"),
                                        .password = BYTES_LIT(HOUSEHOLD_PASSWORD)};
    struct identity_delivery delivery;
    struct identity_grant grant;
    struct uuid id;
    char code[HOUSEHOLD_CODE_BYTES];
    struct uuid anna = household_add(h, "anna");
    assert_int_equal(h->identity.sign_up(h->identity.self, &h->ctx, &in, &id, &delivery), ERR_OK);
    assert_string_equal(delivery.destination, "a***@e***.org");
    h->maker->take_mail(h->made, "anna@example.org", HOUSEHOLD_CONFIRM, code);
    assert_int_equal(household_sign_in(h, "mallory", HOUSEHOLD_PASSWORD, &grant), ERR_UNCONFIRMED);
    assert_int_equal(confirm(h, "mallory", code), ERR_CODE_MISMATCH);
    assert_int_equal(household_sign_in(h, "anna@example.org", HOUSEHOLD_PASSWORD, &grant), ERR_OK);
    assert_true(uuid_equal(&grant.user_id, &anna));
}

static void test_codes_past(void **state)
{
    struct household *h = *state;
    struct uuid id;
    char code[HOUSEHOLD_CODE_BYTES];
    assert_int_equal(household_sign_up(h, "anna", &id), ERR_OK);
    h->maker->take_mail(h->made, "anna@example.org", HOUSEHOLD_CONFIRM, code);
    pool_expire_code(h->made, "signup", "anna");
    assert_int_equal(confirm(h, "anna", code), ERR_CODE_EXPIRED);
    household_add(h, "bert");
    assert_int_equal(forgot(h, "bert"), ERR_OK);
    pool_expire_code(h->made, "forgot", "bert");
    h->maker->take_mail(h->made, "bert@example.org", HOUSEHOLD_RESET, code);
    bool keys_lost;
    assert_int_equal(h->identity.reset_password(
                         h->identity.self, &h->ctx, BYTES_LIT("bert"), bytes_of_str(code),
                         BYTES_LIT(HOUSEHOLD_NEW_PASSWORD), (struct bytes){0}, &id, &keys_lost),
                     ERR_CODE_EXPIRED);
}

/* A person is not asked twice for what Cognito has done. */
static void test_lost_answers(void **state)
{
    struct household *h = *state;
    struct uuid id;
    struct uuid confirmed;
    char code[HOUSEHOLD_CODE_BYTES];
    pool_fault(h->made, "cognito-idp.SignUp", "drop_after", NULL);
    assert_int_equal(household_sign_up(h, "anna", &id), ERR_OK);
    h->maker->take_mail(h->made, "anna@example.org", HOUSEHOLD_CONFIRM, code);
    pool_fault(h->made, "cognito-idp.ConfirmSignUp", "drop_after", NULL);
    assert_int_equal(h->identity.confirm(h->identity.self, &h->ctx, BYTES_LIT("anna"),
                                         bytes_of_str(code), &confirmed),
                     ERR_OK);
    assert_true(uuid_equal(&id, &confirmed));
    struct identity_grant grant;
    pool_fault(h->made, "dynamodb.UpdateItem", "drop_after", NULL);
    assert_int_equal(sign_in(h, &grant), ERR_OK);
    household_act(h, grant.id_token);
    pool_fault(h->made, "cognito-idp.DeleteUser", "drop_after", NULL);
    assert_int_equal(
        h->identity.account_erase(h->identity.self, &h->ctx, BYTES_LIT(HOUSEHOLD_PASSWORD)),
        ERR_OK);
    assert_int_equal(sign_in(h, &grant), ERR_BAD_CREDENTIALS);
}

/* What the trigger could not do is done at the first sign-in. */
static void test_trigger_that_failed(void **state)
{
    static const char *const codes[] = {"UserLambdaValidationException",
                                        "UnexpectedLambdaException",
                                        "InvalidLambdaResponseException"};
    static const char *const names[] = {"anna", "bert", "carl"};
    struct household *h = *state;
    struct uuid id;
    struct identity_grant grant;
    char code[HOUSEHOLD_CODE_BYTES];
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        assert_int_equal(household_sign_up(h, names[i], &id), ERR_OK);
        h->maker->take_mail(h->made, household_email(h, names[i]), HOUSEHOLD_CONFIRM, code);
        pool_fault(h->made, "cognito-idp.ConfirmSignUp", "error_after", codes[i]);
        assert_int_equal(confirm(h, names[i], code), ERR_OK);
        assert_int_equal(household_sign_in(h, names[i], HOUSEHOLD_PASSWORD, &grant), ERR_OK);
    }
    household_reset_code(h, "anna", code);
    pool_fault(h->made, "cognito-idp.ConfirmForgotPassword", "error_after", codes[0]);
    assert_int_equal(reset(h, code, ""), ERR_OK);
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_NEW_PASSWORD, &grant), ERR_OK);
}

static void test_mail_that_does_not_go_out(void **state)
{
    struct household *h = *state;
    struct uuid id;
    char code[HOUSEHOLD_CODE_BYTES];
    pool_fault(h->made, "cognito-idp.SignUp", "error_after", "CodeDeliveryFailureException");
    assert_int_equal(household_sign_up(h, "anna", &id), ERR_OK);
    h->maker->take_mail(h->made, "anna@example.org", HOUSEHOLD_CONFIRM, code);
    assert_int_equal(confirm(h, "anna", code), ERR_OK);
    /* Who asks for a code must not learn by it that there is an account. */
    pool_fault(h->made, "cognito-idp.ForgotPassword", "error", "LimitExceededException");
    assert_int_equal(forgot(h, "anna"), ERR_OK);
    pool_fault(h->made, "cognito-idp.ForgotPassword", "error", "CodeDeliveryFailureException");
    assert_int_equal(forgot(h, "anna"), ERR_OK);
}

static void test_refused_sign_ups(void **state)
{
    static const struct {
        const char *code;
        enum err e;
    } cases[] = {
        {"InvalidPasswordException", ERR_WEAK_PASSWORD},
        {"InvalidParameterException", ERR_INVALID_FIELD},
        {"NotAuthorizedException", ERR_SIGN_UP_CLOSED},
        {"LimitExceededException", ERR_RATE_LIMITED},
        {"ForbiddenException", ERR_FORBIDDEN},
        {"ResourceNotFoundException", ERR_INTERNAL},
    };
    struct household *h = *state;
    struct identity_delivery delivery;
    struct uuid id;
    char invite[HOUSEHOLD_INVITE_BYTES];
    h->maker->invite(h->made, &h->ctx, invite);
    const struct identity_sign_up in = {.username = BYTES_LIT("anna"),
                                        .email = BYTES_LIT("anna@example.org"),
                                        .password = BYTES_LIT(HOUSEHOLD_PASSWORD),
                                        .invite = bytes_of_str(invite),
                                        .invite_required = true};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pool_fault(h->made, "cognito-idp.SignUp", "error", cases[i].code);
        assert_int_equal(h->identity.sign_up(h->identity.self, &h->ctx, &in, &id, &delivery),
                         cases[i].e);
    }
    /* None of them used the invitation up. */
    assert_int_equal(h->identity.sign_up(h->identity.self, &h->ctx, &in, &id, &delivery), ERR_OK);
}

/* --- signing in --- */

static void test_challenges(void **state)
{
    static const char *const names[] = {"SMS_MFA",   "EMAIL_OTP",       "NEW_PASSWORD_REQUIRED",
                                        "MFA_SETUP", "SELECT_MFA_TYPE", "CUSTOM_CHALLENGE"};
    struct household *h = *state;
    struct identity_grant grant;
    struct identity_session *sessions;
    size_t count;
    household_add(h, "anna");
    household_enter(h, "anna");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        pool_answer(h->made, "cognito-idp.InitiateAuth",
                    arena_printf(&h->arena,
                                 "{\"ChallengeName\":\"%s\",\"Session\":\"x\","
                                 "\"ChallengeParameters\":{}}",
                                 names[i]));
        assert_int_equal(sign_in(h, &grant), ERR_FORBIDDEN);
        assert_non_null(strstr(h->ctx.detail, "administrator"));
    }
    pool_fault(h->made, "cognito-idp.InitiateAuth", "error", "PasswordResetRequiredException");
    assert_int_equal(sign_in(h, &grant), ERR_FORBIDDEN);
    assert_non_null(strstr(h->ctx.detail, "code"));
    assert_int_equal(h->identity.sessions_list(h->identity.self, &h->ctx, &sessions, &count),
                     ERR_OK);
    assert_int_equal(count, 1);
}

static void test_odd_answers_about_the_second_factor(void **state)
{
    static const char challenge[] = "{\"ChallengeName\":\"%s\",\"Session\":\"%020d\","
                                    "\"ChallengeParameters\":{}}";
    struct household *h = *state;
    struct identity_credential proof = {.password = BYTES_LIT(HOUSEHOLD_PASSWORD)};
    char code[HOUSEHOLD_CODE_BYTES];
    struct identity_grant grant;
    const char *secret = NULL;
    household_add(h, "anna");
    household_enter(h, "anna");
    pool_answer(h->made, "cognito-idp.AssociateSoftwareToken", "{}");
    assert_int_equal(h->identity.totp_begin(h->identity.self, &h->ctx, &proof, &secret),
                     ERR_UNAVAILABLE);
    pool_fault(h->made, "cognito-idp.AssociateSoftwareToken", "error",
               "SoftwareTokenMFANotFoundException");
    assert_int_equal(h->identity.totp_begin(h->identity.self, &h->ctx, &proof, &secret),
                     ERR_NOT_FOUND);
    secret = household_totp_on(h);
    household_totp_code(h, secret, 1, code);
    /* A session of the challenge that is past. */
    pool_answer(h->made, "cognito-idp.InitiateAuth",
                arena_printf(&h->arena, challenge, "SOFTWARE_TOKEN_MFA", 0));
    assert_int_equal(household_sign_in_totp(h, "anna", HOUSEHOLD_PASSWORD, code, &grant),
                     ERR_BAD_CREDENTIALS);
    pool_answer(h->made, "cognito-idp.RespondToAuthChallenge",
                arena_printf(&h->arena, challenge, "NEW_PASSWORD_REQUIRED", 0));
    assert_int_equal(household_sign_in_totp(h, "anna", HOUSEHOLD_PASSWORD, code, &grant),
                     ERR_FORBIDDEN);
}

/* Cognito bars an account for a while after five wrong passwords: that must look as a wrong one
 * does, or it would tell which addresses have accounts. */
static void test_account_locked_by_the_pool(void **state)
{
    struct household *h = *state;
    struct identity_grant grant;
    household_add(h, "anna");
    for (int i = 0; i < 6; i++) {
        h->ctx.client_address = arena_printf(&h->arena, "192.0.2.%d", i);
        assert_int_equal(household_sign_in(h, "anna", "wrong", &grant), ERR_BAD_CREDENTIALS);
    }
    assert_int_equal(sign_in(h, &grant), ERR_BAD_CREDENTIALS);
}

static void test_answers_that_make_no_sense(void **state)
{
    static const char *const bodies[] = {
        "{}",
        "[]",
        "not JSON",
        "{\"AuthenticationResult\":{}}",
        "{\"AuthenticationResult\":{\"IdToken\":\"a.e30.c\",\"AccessToken\":\"a\","
        "\"RefreshToken\":\"r\",\"ExpiresIn\":3600}}",
        "{\"AuthenticationResult\":{\"IdToken\":\"nothing\",\"AccessToken\":\"a\","
        "\"ExpiresIn\":3600}}"};
    struct household *h = *state;
    struct identity_grant grant;
    household_add(h, "anna");
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        pool_answer(h->made, "cognito-idp.InitiateAuth", bodies[i]);
        assert_int_equal(sign_in(h, &grant), ERR_UNAVAILABLE);
        pool_answer(h->made, "cognito-idp.AdminGetUser", bodies[i]);
        assert_int_equal(household_sign_up(h, "anna", &grant.user_id), ERR_UNAVAILABLE);
    }
    assert_int_equal(sign_in(h, &grant), ERR_OK);
}

/* --- sessions --- */

static void test_sessions_are_bounded(void **state)
{
    struct household *h = *state;
    struct identity_grant grant;
    struct identity_session *sessions;
    size_t count;
    household_add(h, "anna");
    household_enter(h, "anna");
    for (unsigned i = 1; i <= SESSION_MAP_MAX + 1; i++) {
        household_at(h, i * MINUTE_MS);
        assert_int_equal(sign_in(h, &grant), ERR_OK);
    }
    assert_int_equal(h->identity.sessions_list(h->identity.self, &h->ctx, &sessions, &count),
                     ERR_OK);
    assert_int_equal(count, SESSION_MAP_MAX);
    assert_true(uuid_equal(&sessions[0].id, &grant.session_id));
    assert_int_equal(sessions[count - 1].created_unix_ms, h->start_unix_ms + 2 * MINUTE_MS);
    assert_int_equal(check(h), ERR_UNAUTHENTICATED);
}

/* A reset ends a sign-in by the old password that is still under way. */
static void test_sign_in_overtaken_by_a_reset(void **state)
{
    struct household *h = *state;
    struct pool *pool = h->made;
    char code[HOUSEHOLD_CODE_BYTES];
    household_add(h, "anna");
    struct identity_grant grant = household_enter(h, "anna");
    struct identity_session late = {.id = uuid_random(),
                                    .created_unix_ms = h->ctx.now_unix_ms,
                                    .expires_unix_ms = h->ctx.now_unix_ms + DAY_MS,
                                    .client = ""};
    household_at(h, MINUTE_MS);
    household_reset_code(h, "anna", code);
    assert_int_equal(reset(h, code, ""), ERR_OK);
    assert_int_equal(session_map_add(pool->client, &h->ctx, &grant.user_id, &late),
                     ERR_UNAUTHENTICATED);
    assert_int_equal(check(h), ERR_UNAUTHENTICATED);
}

/* Also the refresh tokens that the list does not know. */
static void test_ending_all_is_told_to_cognito(void **state)
{
    struct household *h = *state;
    struct pool *pool = h->made;
    struct identity_grant out;
    household_add(h, "anna");
    struct identity_grant grant = household_enter(h, "anna");
    assert_int_equal(h->identity.sessions_end_all(h->identity.self, &h->ctx, NULL), ERR_OK);
    const struct identity_session again = {.id = grant.session_id,
                                           .created_unix_ms = h->ctx.now_unix_ms,
                                           .expires_unix_ms = h->ctx.now_unix_ms + DAY_MS,
                                           .client = ""};
    assert_int_equal(session_map_add(pool->client, &h->ctx, &grant.user_id, &again), ERR_OK);
    assert_int_equal(refresh(h, grant.refresh_token, &out), ERR_UNAUTHENTICATED);
}

/* A session that was ended here is ended at Cognito once its refresh token turns up. */
static void test_ended_session_cannot_come_back(void **state)
{
    struct household *h = *state;
    struct pool *pool = h->made;
    struct identity_grant out;
    household_add(h, "anna");
    struct identity_grant grant = household_enter(h, "anna");
    assert_int_equal(h->identity.session_end(h->identity.self, &h->ctx, &grant.session_id), ERR_OK);
    assert_int_equal(refresh(h, grant.refresh_token, &out), ERR_UNAUTHENTICATED);
    const struct identity_session again = {.id = grant.session_id,
                                           .created_unix_ms = h->ctx.now_unix_ms,
                                           .expires_unix_ms = h->ctx.now_unix_ms + DAY_MS,
                                           .client = ""};
    assert_int_equal(session_map_add(pool->client, &h->ctx, &grant.user_id, &again), ERR_OK);
    assert_int_equal(refresh(h, grant.refresh_token, &out), ERR_UNAUTHENTICATED);
}

static void test_failed_list_gives_no_grant(void **state)
{
    struct household *h = *state;
    struct identity_grant grant;
    household_add(h, "anna");
    pool_fault(h->made, "dynamodb.UpdateItem", "error", "AccessDeniedException");
    assert_int_equal(sign_in(h, &grant), ERR_INTERNAL);
    assert_int_equal(sign_in(h, &grant), ERR_OK);
}

/* --- rotation --- */

static void test_rotation(void **state)
{
    struct household *h = *state;
    struct identity_grant second;
    struct identity_grant third;
    household_add(h, "anna");
    struct identity_grant first = household_enter(h, "anna");
    assert_int_equal(refresh(h, first.refresh_token, &second), ERR_OK);
    assert_false(bytes_equal(first.refresh_token, second.refresh_token));
    assert_true(uuid_equal(&first.session_id, &second.session_id));
    assert_int_equal(refresh(h, second.refresh_token, &third), ERR_OK);
    assert_int_equal(check(h), ERR_OK);
}

static void test_reuse_ends_the_session(void **state)
{
    struct household *h = *state;
    struct identity_grant second;
    struct identity_grant other;
    struct identity_grant out;
    household_add(h, "anna");
    assert_int_equal(sign_in(h, &other), ERR_OK);
    struct identity_grant first = household_enter(h, "anna");
    assert_int_equal(refresh(h, first.refresh_token, &second), ERR_OK);
    assert_int_equal(refresh(h, first.refresh_token, &out), ERR_REFRESH_REUSED);
    assert_int_equal(check(h), ERR_UNAUTHENTICATED);
    assert_int_equal(refresh(h, second.refresh_token, &out), ERR_UNAUTHENTICATED);
    household_act(h, other.id_token);
    assert_int_equal(check(h), ERR_OK);
}

/* --- accounts --- */

/* At provisioning the id is all that is known of the user. */
static void test_account_by_id(void **state)
{
    struct household *h = *state;
    struct identity_account account;
    struct actor owner = {.user_id = household_add(h, "anna")};
    struct actor stranger = {.user_id = uuid_random()};
    for (int i = 0; i < 2; i++) {
        h->ctx.actor = &owner;
        assert_int_equal(h->identity.account(h->identity.self, &h->ctx, &account), ERR_OK);
        assert_string_equal(account.username, "anna");
        assert_string_equal(account.email, "anna@example.org");
        h->ctx.actor = &stranger;
        assert_int_equal(h->identity.account(h->identity.self, &h->ctx, &account),
                         ERR_UNAUTHENTICATED);
        household_restart(h);
    }
}

/* A name that went to somebody else does not bring the account along. */
static void test_name_that_changed_hands(void **state)
{
    struct household *h = *state;
    struct identity_account account;
    household_add(h, "anna");
    household_enter(h, "anna");
    struct actor before = h->actor;
    assert_int_equal(
        h->identity.account_erase(h->identity.self, &h->ctx, BYTES_LIT(HOUSEHOLD_PASSWORD)),
        ERR_OK);
    household_add(h, "anna");
    h->ctx.actor = &before;
    assert_int_equal(h->identity.account(h->identity.self, &h->ctx, &account), ERR_UNAUTHENTICATED);
    assert_int_equal(
        h->identity.account_erase(h->identity.self, &h->ctx, BYTES_LIT(HOUSEHOLD_PASSWORD)),
        ERR_UNAUTHENTICATED);
    struct identity_grant grant;
    assert_int_equal(sign_in(h, &grant), ERR_OK);
}

static void test_weak_new_password(void **state)
{
    struct household *h = *state;
    struct identity_grant grant;
    household_add(h, "anna");
    household_enter(h, "anna");
    const struct identity_credential old = {.password = BYTES_LIT(HOUSEHOLD_PASSWORD)};
    assert_int_equal(
        h->identity.change_password(h->identity.self, &h->ctx, &old, BYTES_LIT("short")),
        ERR_WEAK_PASSWORD);
    assert_int_equal(sign_in(h, &grant), ERR_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, household_open, household_close)

int main(void)
{
    const struct CMUnitTest plain[] = {
        TEST(test_nothing_is_derived_by_clients),
        TEST(test_recovery_keys_are_not_needed),
        TEST(test_taken_address),
        TEST(test_codes_past),
        TEST(test_lost_answers),
        TEST(test_trigger_that_failed),
        TEST(test_mail_that_does_not_go_out),
        TEST(test_refused_sign_ups),
        TEST(test_challenges),
        TEST(test_odd_answers_about_the_second_factor),
        TEST(test_account_locked_by_the_pool),
        TEST(test_answers_that_make_no_sense),
        TEST(test_sessions_are_bounded),
        TEST(test_sign_in_overtaken_by_a_reset),
        TEST(test_ending_all_is_told_to_cognito),
        TEST(test_ended_session_cannot_come_back),
        TEST(test_failed_list_gives_no_grant),
        TEST(test_account_by_id),
        TEST(test_name_that_changed_hands),
        TEST(test_weak_new_password),
    };
    const struct CMUnitTest rotating[] = {
        TEST(test_rotation),
        TEST(test_reuse_ends_the_session),
    };
    household_use(&pool_maker);
    int failed = cmocka_run_group_tests_name("identity on Cognito", plain, NULL, NULL);
    household_use(&pool_rotating_maker);
    return failed + cmocka_run_group_tests_name("rotating refresh tokens", rotating, NULL, NULL);
}
