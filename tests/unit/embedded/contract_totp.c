#include "contract_identity.h"

#include "household.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define FREE_GUESSES 10
#define STEP_MS (INT64_C(30) * 1000)

static enum err begin(struct household *h, const char *password, const char **secret)
{
    const struct identity_credential proof = {.password = bytes_of_str(password)};
    return h->identity.totp_begin(h->identity.self, &h->ctx, &proof, secret);
}

static enum err confirm(struct household *h, const char *password, const char *code)
{
    const struct identity_credential proof = {.password = bytes_of_str(password),
                                              .totp = bytes_of_str(code)};
    return h->identity.totp_confirm(h->identity.self, &h->ctx, &proof);
}

static enum err end(struct household *h, const char *password, const char *code)
{
    const struct identity_credential proof = {.password = bytes_of_str(password),
                                              .totp = bytes_of_str(code)};
    return h->identity.totp_end(h->identity.self, &h->ctx, &proof);
}

static enum err sign_in(struct household *h, const char *password, const char *code)
{
    struct identity_grant grant;
    return household_sign_in_totp(h, "anna", password, code, &grant);
}

static bool is_on(struct household *h)
{
    struct identity_account account;
    assert_int_equal(h->identity.account(h->identity.self, &h->ctx, &account), ERR_OK);
    return account.totp_on;
}

/* A code that fits at no step near the present. */
static void wrong_code(struct household *h, const char *secret, char out[HOUSEHOLD_CODE_BYTES])
{
    char code[HOUSEHOLD_CODE_BYTES];
    strcpy(out, "000000");
    for (int steps = -3; steps <= 3; steps++) {
        household_totp_code(h, secret, steps, code);
        if (strcmp(code, out) != 0)
            continue;
        out[5]++;
        steps = -4;
    }
}

/* What is made and not confirmed asks for nothing. */
static void test_totp_begun(void **state)
{
    struct household *h = *state;
    const char *first = NULL;
    const char *second = NULL;
    char code[HOUSEHOLD_CODE_BYTES];
    household_add(h, "anna");
    household_enter(h, "anna");
    assert_int_equal(confirm(h, HOUSEHOLD_PASSWORD, "123456"), ERR_NOT_FOUND);
    assert_int_equal(end(h, HOUSEHOLD_PASSWORD, "123456"), ERR_NOT_FOUND);
    assert_int_equal(begin(h, "wrong", &first), ERR_BAD_CREDENTIALS);
    assert_int_equal(begin(h, HOUSEHOLD_PASSWORD, &first), ERR_OK);
    assert_true(strlen(first) >= 32); /* of 5 bits each: 160 (RFC 4226, section 4) */
    assert_int_equal(begin(h, HOUSEHOLD_PASSWORD, &second), ERR_OK);
    assert_string_not_equal(first, second);
    assert_false(is_on(h));
    assert_int_equal(sign_in(h, HOUSEHOLD_PASSWORD, ""), ERR_OK);
    assert_int_equal(sign_in(h, HOUSEHOLD_PASSWORD, "123456"), ERR_OK);
    household_totp_code(h, first, 0, code);
    assert_int_equal(confirm(h, HOUSEHOLD_PASSWORD, code), ERR_TOTP_MISMATCH);
    assert_int_equal(confirm(h, HOUSEHOLD_PASSWORD, ""), ERR_TOTP_REQUIRED);
    assert_int_equal(confirm(h, HOUSEHOLD_PASSWORD, "12345"), ERR_TOTP_MISMATCH);
    household_totp_code(h, second, 0, code);
    assert_int_equal(confirm(h, "wrong", code), ERR_BAD_CREDENTIALS);
    assert_false(is_on(h));
    assert_int_equal(confirm(h, HOUSEHOLD_PASSWORD, code), ERR_OK);
    assert_true(is_on(h));
    assert_int_equal(begin(h, HOUSEHOLD_PASSWORD, &first), ERR_CONFLICT);
    assert_int_equal(confirm(h, HOUSEHOLD_PASSWORD, code), ERR_CONFLICT);
}

static void test_totp_at_sign_in(void **state)
{
    struct household *h = *state;
    char right[HOUSEHOLD_CODE_BYTES];
    char wrong[HOUSEHOLD_CODE_BYTES];
    struct identity_grant next;
    household_add(h, "anna");
    household_add(h, "bert");
    struct identity_grant before = household_enter(h, "anna");
    const char *secret = household_totp_on(h);
    wrong_code(h, secret, wrong);
    household_totp_code(h, secret, 1, right);
    assert_int_equal(sign_in(h, HOUSEHOLD_PASSWORD, ""), ERR_TOTP_REQUIRED);
    assert_int_equal(sign_in(h, HOUSEHOLD_PASSWORD, wrong), ERR_TOTP_MISMATCH);
    assert_int_equal(sign_in(h, HOUSEHOLD_PASSWORD, "1"), ERR_TOTP_MISMATCH);
    /* Strangers learn nothing, not even with the code. */
    assert_int_equal(sign_in(h, "wrong", ""), ERR_BAD_CREDENTIALS);
    assert_int_equal(sign_in(h, "wrong", right), ERR_BAD_CREDENTIALS);
    assert_int_equal(sign_in(h, HOUSEHOLD_PASSWORD, right), ERR_OK);
    assert_int_equal(sign_in(h, HOUSEHOLD_PASSWORD, right), ERR_TOTP_MISMATCH);
    assert_int_equal(household_sign_in(h, "bert", HOUSEHOLD_PASSWORD, &next), ERR_OK);
    /* The session of before goes on. */
    assert_int_equal(h->identity.session_check(h->identity.self, &h->ctx, &h->actor), ERR_OK);
    assert_int_equal(h->identity.refresh(h->identity.self, &h->ctx, before.refresh_token, &next),
                     ERR_OK);
}

static void test_totp_guards_what_the_password_does(void **state)
{
    struct household *h = *state;
    struct identity_credential old = {.password = BYTES_LIT(HOUSEHOLD_PASSWORD)};
    const struct bytes new = BYTES_LIT(HOUSEHOLD_NEW_PASSWORD);
    char code[HOUSEHOLD_CODE_BYTES];
    household_add(h, "anna");
    household_enter(h, "anna");
    const char *secret = household_totp_on(h);
    assert_int_equal(h->identity.change_password(h->identity.self, &h->ctx, &old, new),
                     ERR_TOTP_REQUIRED);
    assert_int_equal(h->identity.account_erase(h->identity.self, &h->ctx, old.password),
                     ERR_TOTP_REQUIRED);
    household_totp_code(h, secret, 1, code);
    old.totp = bytes_of_str(code);
    assert_int_equal(h->identity.change_password(h->identity.self, &h->ctx, &old, new), ERR_OK);
    assert_int_equal(sign_in(h, HOUSEHOLD_NEW_PASSWORD, ""), ERR_TOTP_REQUIRED);
}

static void test_totp_ended(void **state)
{
    struct household *h = *state;
    char code[HOUSEHOLD_CODE_BYTES];
    household_add(h, "anna");
    household_enter(h, "anna");
    const char *secret = household_totp_on(h);
    household_totp_code(h, secret, 1, code);
    assert_int_equal(end(h, HOUSEHOLD_PASSWORD, ""), ERR_TOTP_REQUIRED);
    assert_int_equal(end(h, "wrong", code), ERR_BAD_CREDENTIALS);
    assert_true(is_on(h));
    assert_int_equal(end(h, HOUSEHOLD_PASSWORD, code), ERR_OK);
    assert_false(is_on(h));
    assert_int_equal(sign_in(h, HOUSEHOLD_PASSWORD, ""), ERR_OK);
    assert_int_equal(end(h, HOUSEHOLD_PASSWORD, code), ERR_NOT_FOUND);
    (void)household_totp_on(h);
    assert_true(is_on(h));
}

/* Who reads someone's mail has half of it only. */
static void test_totp_outlives_a_reset(void **state)
{
    struct household *h = *state;
    struct uuid id;
    bool keys_lost;
    char code[HOUSEHOLD_CODE_BYTES];
    household_add(h, "anna");
    household_enter(h, "anna");
    const char *secret = household_totp_on(h);
    household_reset_code(h, "anna", code);
    assert_int_equal(h->identity.reset_password(
                         h->identity.self, &h->ctx, BYTES_LIT("anna"), bytes_of_str(code),
                         BYTES_LIT(HOUSEHOLD_NEW_PASSWORD), (struct bytes){0}, &id, &keys_lost),
                     ERR_OK);
    assert_int_equal(sign_in(h, HOUSEHOLD_NEW_PASSWORD, ""), ERR_TOTP_REQUIRED);
    household_totp_code(h, secret, 1, code);
    assert_int_equal(sign_in(h, HOUSEHOLD_NEW_PASSWORD, code), ERR_OK);
}

/* From many addresses too: only who knows the password gets so far. */
static void test_totp_guesses_run_out(void **state)
{
    struct household *h = *state;
    char wrong[HOUSEHOLD_CODE_BYTES];
    char right[HOUSEHOLD_CODE_BYTES];
    household_add(h, "anna");
    household_enter(h, "anna");
    const char *secret = household_totp_on(h);
    wrong_code(h, secret, wrong);
    for (int i = 0; i < FREE_GUESSES; i++) {
        h->ctx.client_address = arena_printf(&h->arena, "192.0.2.%d", i);
        assert_int_equal(sign_in(h, HOUSEHOLD_PASSWORD, wrong), ERR_TOTP_MISMATCH);
    }
    h->ctx.client_address = "192.0.2.100";
    household_totp_code(h, secret, 1, right);
    assert_int_equal(sign_in(h, HOUSEHOLD_PASSWORD, right), ERR_RATE_LIMITED);
    assert_int_equal(sign_in(h, HOUSEHOLD_PASSWORD, ""), ERR_TOTP_REQUIRED);
    assert_int_equal(sign_in(h, "wrong", right), ERR_BAD_CREDENTIALS);
}

static void test_totp_window(void **state)
{
    struct household *h = *state;
    char codes[5][HOUSEHOLD_CODE_BYTES];
    household_add(h, "anna");
    household_enter(h, "anna");
    const char *secret = household_totp_on(h);
    household_at(h, 10 * STEP_MS);
    for (int i = 0; i < 5; i++)
        household_totp_code(h, secret, i - 2, codes[i]);
    assert_int_equal(sign_in(h, HOUSEHOLD_PASSWORD, codes[0]), ERR_TOTP_MISMATCH);
    assert_int_equal(sign_in(h, HOUSEHOLD_PASSWORD, codes[4]), ERR_TOTP_MISMATCH);
    assert_int_equal(sign_in(h, HOUSEHOLD_PASSWORD, codes[1]), ERR_OK);
    household_restart(h);
    assert_int_equal(sign_in(h, HOUSEHOLD_PASSWORD, codes[1]), ERR_TOTP_MISMATCH);
    assert_int_equal(sign_in(h, HOUSEHOLD_PASSWORD, codes[3]), ERR_OK);
    /* One that was passed over is void. */
    assert_int_equal(sign_in(h, HOUSEHOLD_PASSWORD, codes[2]), ERR_TOTP_MISMATCH);
}

/* To be asked for a code is no failure. */
static void test_totp_required_is_not_counted(void **state)
{
    struct household *h = *state;
    char code[HOUSEHOLD_CODE_BYTES];
    household_add(h, "anna");
    household_enter(h, "anna");
    const char *secret = household_totp_on(h);
    for (int i = 0; i < 2 * FREE_GUESSES; i++)
        assert_int_equal(sign_in(h, HOUSEHOLD_PASSWORD, ""), ERR_TOTP_REQUIRED);
    household_totp_code(h, secret, 1, code);
    assert_int_equal(sign_in(h, HOUSEHOLD_PASSWORD, code), ERR_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, household_open, household_close)

int contract_totp_run(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_totp_begun),
        TEST(test_totp_at_sign_in),
        TEST(test_totp_guards_what_the_password_does),
        TEST(test_totp_ended),
        TEST(test_totp_outlives_a_reset),
        TEST(test_totp_guesses_run_out),
        TEST(test_totp_required_is_not_counted),
    };
    const struct CMUnitTest own_codes[] = {
        TEST(test_totp_window),
    };
    int failed = cmocka_run_group_tests_name("second factor", tests, NULL, NULL);
    if (household_traits()->own_codes)
        failed += cmocka_run_group_tests_name("second factor in time", own_codes, NULL, NULL);
    return failed;
}
