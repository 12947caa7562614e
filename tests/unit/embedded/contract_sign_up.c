#include "contract_identity.h"

#include "household.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TRIES 5
#define CODES_PER_HOUR 5
#define CODES_PER_ADDRESS 200

static enum err confirm(struct household *h, const char *name, const char *code, struct uuid *id)
{
    return h->identity.confirm(h->identity.self, &h->ctx, bytes_of_str(name), bytes_of_str(code),
                               id);
}

static enum err resend(struct household *h, const char *name)
{
    return h->identity.resend_code(h->identity.self, &h->ctx, bytes_of_str(name));
}

static enum err forgot(struct household *h, const char *login)
{
    return h->identity.forgot_password(h->identity.self, &h->ctx, bytes_of_str(login));
}

static enum err reset(struct household *h, const char *login, const char *code)
{
    struct uuid id;
    bool keys_lost;
    return h->identity.reset_password(h->identity.self, &h->ctx, bytes_of_str(login),
                                      bytes_of_str(code), BYTES_LIT(HOUSEHOLD_NEW_PASSWORD),
                                      (struct bytes){0}, &id, &keys_lost);
}

/* Another code of six digits. */
static void change(const char *code, char other[HOUSEHOLD_CODE_BYTES])
{
    memcpy(other, code, HOUSEHOLD_CODE_BYTES);
    other[0] = other[0] == '9' ? '0' : (char)(other[0] + 1);
}

static void sign_up_and_take(struct household *h, const char *name, struct uuid *id,
                             char code[HOUSEHOLD_CODE_BYTES])
{
    assert_int_equal(household_sign_up(h, name, id), ERR_OK);
    h->maker->take_mail(h->made, household_email(h, name), HOUSEHOLD_CONFIRM, code);
}

static void test_sign_up_and_confirm(void **state)
{
    struct household *h = *state;
    const struct identity_sign_up in = {.username = BYTES_LIT("anna"),
                                        .email = BYTES_LIT("anna@mail.example.org"),
                                        .password = BYTES_LIT(HOUSEHOLD_PASSWORD)};
    struct uuid id;
    struct uuid confirmed;
    struct identity_delivery delivery;
    struct identity_grant grant;
    char code[HOUSEHOLD_CODE_BYTES];
    assert_int_equal(h->identity.sign_up(h->identity.self, &h->ctx, &in, &id, &delivery), ERR_OK);
    assert_string_equal(delivery.medium, "EMAIL");
    assert_string_equal(delivery.destination, "a***@m***.org");
    h->maker->take_mail(h->made, "anna@mail.example.org", HOUSEHOLD_CONFIRM, code);
    assert_int_equal(strspn(code, "0123456789"), 6);
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_PASSWORD, &grant), ERR_UNCONFIRMED);
    if (household_traits()->own_tokens)
        assert_int_equal(household_sign_in(h, "anna", "wrong", &grant), ERR_BAD_CREDENTIALS);
    assert_int_equal(confirm(h, "anna", code, &confirmed), ERR_OK);
    assert_true(uuid_equal(&confirmed, &id));
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_PASSWORD, &grant), ERR_OK);
    assert_true(uuid_equal(&grant.user_id, &id));
    assert_string_equal(grant.username, "anna");
}

static void test_lost_answer_to_confirm(void **state)
{
    struct household *h = *state;
    struct uuid id;
    struct uuid again;
    char code[HOUSEHOLD_CODE_BYTES];
    char other[HOUSEHOLD_CODE_BYTES];
    sign_up_and_take(h, "anna", &id, code);
    change(code, other);
    assert_int_equal(confirm(h, "anna", code, &again), ERR_OK);
    memset(&again, 0, sizeof again);
    assert_int_equal(confirm(h, "anna", code, &again), ERR_OK);
    assert_true(uuid_equal(&again, &id));
    assert_int_equal(confirm(h, "anna", other, &again), ERR_CODE_MISMATCH);
}

static void test_taken_username(void **state)
{
    struct household *h = *state;
    struct uuid id;
    household_add(h, "anna");
    const struct identity_sign_up in = {.username = BYTES_LIT("anna"),
                                        .email = BYTES_LIT("other@example.org"),
                                        .password = BYTES_LIT(HOUSEHOLD_PASSWORD)};
    struct identity_delivery delivery;
    assert_int_equal(h->identity.sign_up(h->identity.self, &h->ctx, &in, &id, &delivery),
                     ERR_USERNAME_TAKEN);
    assert_true(h->maker->no_mail(h->made));
}

/* Whatever the stranger does next looks as it does after a sign-up that went well. */
static void test_taken_address_tells_nothing(void **state)
{
    struct household *h = *state;
    struct identity_sign_up in = {.username = BYTES_LIT("mallory"),
                                  .email = BYTES_LIT("anna@example.org"),
                                  .password = BYTES_LIT(HOUSEHOLD_PASSWORD)};
    struct uuid id;
    struct identity_delivery delivery;
    struct identity_grant grant;
    char code[HOUSEHOLD_CODE_BYTES];
    household_add(h, "anna");
    assert_int_equal(h->identity.sign_up(h->identity.self, &h->ctx, &in, &id, &delivery), ERR_OK);
    assert_string_equal(delivery.destination, "a***@e***.org");
    h->maker->take_mail(h->made, "anna@example.org", HOUSEHOLD_TAKEN, code);
    assert_int_equal(household_sign_in(h, "mallory", HOUSEHOLD_PASSWORD, &grant), ERR_UNCONFIRMED);
    assert_int_equal(household_sign_in(h, "mallory", "wrong", &grant), ERR_BAD_CREDENTIALS);
    assert_int_equal(resend(h, "mallory"), ERR_OK);
    for (int i = 0; i < TRIES; i++)
        assert_int_equal(confirm(h, "mallory", "123456", &id), ERR_CODE_MISMATCH);
    assert_int_equal(confirm(h, "mallory", "123456", &id), ERR_TOO_MANY_TRIES);
    in.email = BYTES_LIT("mallory@example.org");
    assert_int_equal(h->identity.sign_up(h->identity.self, &h->ctx, &in, &id, &delivery),
                     ERR_USERNAME_TAKEN);
    assert_true(h->maker->no_mail(h->made));
    household_at(h, DAY_MS + MINUTE_MS);
    assert_int_equal(h->identity.sign_up(h->identity.self, &h->ctx, &in, &id, &delivery), ERR_OK);
}

static void test_stale_sign_up_gives_its_names_up(void **state)
{
    struct household *h = *state;
    struct uuid first;
    struct uuid second;
    assert_int_equal(household_sign_up(h, "anna", &first), ERR_OK);
    household_at(h, DAY_MS - MINUTE_MS);
    assert_int_equal(household_sign_up(h, "anna", &second), ERR_USERNAME_TAKEN);
    household_at(h, DAY_MS + MINUTE_MS);
    assert_int_equal(household_sign_up(h, "anna", &second), ERR_OK);
    assert_false(uuid_equal(&first, &second));
}

static void test_confirmed_names_stay(void **state)
{
    struct household *h = *state;
    struct uuid id;
    household_add(h, "anna");
    household_at(h, 400 * DAY_MS);
    h->maker->sweep(h->made, &h->ctx);
    assert_int_equal(household_sign_up(h, "anna", &id), ERR_USERNAME_TAKEN);
}

static void test_invitations(void **state)
{
    struct household *h = *state;
    char good[HOUSEHOLD_INVITE_BYTES];
    char old[HOUSEHOLD_INVITE_BYTES];
    struct uuid id;
    struct identity_delivery delivery;
    struct identity_sign_up in = {.username = BYTES_LIT("anna"),
                                  .email = BYTES_LIT("anna@example.org"),
                                  .password = BYTES_LIT(HOUSEHOLD_PASSWORD),
                                  .invite_required = true};
    h->maker->invite(h->made, &h->ctx, old);
    household_at(h, 15 * DAY_MS);
    h->maker->invite(h->made, &h->ctx, good);
    const char *const bad[] = {"", "0000-0000-0000-0000", "what?", old};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        in.invite = bytes_of_str(bad[i]);
        assert_int_equal(h->identity.sign_up(h->identity.self, &h->ctx, &in, &id, &delivery),
                         ERR_INVITE_REQUIRED);
    }
    in.invite = bytes_of_str(good);
    assert_int_equal(h->identity.sign_up(h->identity.self, &h->ctx, &in, &id, &delivery), ERR_OK);
    in.username = BYTES_LIT("bert");
    in.email = BYTES_LIT("bert@example.org");
    assert_int_equal(h->identity.sign_up(h->identity.self, &h->ctx, &in, &id, &delivery),
                     ERR_INVITE_REQUIRED);
}

/* --- codes --- */

static const char *const malformed[] = {"", "12345", "1234567", "abcdef"};

static void test_malformed_codes(void **state)
{
    struct household *h = *state;
    struct uuid id;
    char code[HOUSEHOLD_CODE_BYTES];
    sign_up_and_take(h, "anna", &id, code);
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++)
        assert_int_equal(confirm(h, "anna", malformed[i], &id), ERR_CODE_MISMATCH);
    assert_int_equal(confirm(h, "anna", code, &id), ERR_OK);
}

static void test_malformed_codes_count(void **state)
{
    struct household *h = *state;
    struct uuid id;
    char code[HOUSEHOLD_CODE_BYTES];
    char other[HOUSEHOLD_CODE_BYTES];
    sign_up_and_take(h, "anna", &id, code);
    change(code, other);
    assert_int_equal(confirm(h, "anna", other, &id), ERR_CODE_MISMATCH);
    for (size_t i = 0; i < TRIES - 1; i++)
        assert_int_equal(confirm(h, "anna", malformed[i], &id), ERR_CODE_MISMATCH);
    assert_int_equal(confirm(h, "anna", code, &id), ERR_TOO_MANY_TRIES);
}

static void test_wrong_codes_run_out(void **state)
{
    struct household *h = *state;
    struct uuid id;
    char code[HOUSEHOLD_CODE_BYTES];
    char other[HOUSEHOLD_CODE_BYTES];
    sign_up_and_take(h, "anna", &id, code);
    change(code, other);
    for (size_t i = 0; i < TRIES; i++)
        assert_int_equal(confirm(h, "anna", other, &id), ERR_CODE_MISMATCH);
    assert_int_equal(confirm(h, "anna", code, &id), ERR_TOO_MANY_TRIES);
    assert_int_equal(resend(h, "anna"), ERR_OK);
    h->maker->take_mail(h->made, "anna@example.org", HOUSEHOLD_CONFIRM, code);
    assert_int_equal(confirm(h, "anna", code, &id), ERR_OK);
}

static void test_codes_expire(void **state)
{
    struct household *h = *state;
    struct uuid id;
    char code[HOUSEHOLD_CODE_BYTES];
    sign_up_and_take(h, "anna", &id, code);
    household_at(h, 16 * MINUTE_MS);
    assert_int_equal(confirm(h, "anna", code, &id), ERR_CODE_EXPIRED);
    household_at(h, 14 * MINUTE_MS);
    assert_int_equal(confirm(h, "anna", code, &id), ERR_OK);
}

static void test_new_code_supersedes(void **state)
{
    struct household *h = *state;
    struct uuid id;
    char first[HOUSEHOLD_CODE_BYTES];
    char second[HOUSEHOLD_CODE_BYTES];
    sign_up_and_take(h, "anna", &id, first);
    do {
        assert_int_equal(resend(h, "anna"), ERR_OK);
        h->maker->take_mail(h->made, "anna@example.org", HOUSEHOLD_CONFIRM, second);
    } while (strcmp(first, second) == 0);
    assert_int_equal(confirm(h, "anna", first, &id), ERR_CODE_MISMATCH);
    assert_int_equal(confirm(h, "anna", second, &id), ERR_OK);
}

/* The mail of the sign-up counts. */
static void test_five_codes_an_hour(void **state)
{
    struct household *h = *state;
    struct uuid id;
    char code[HOUSEHOLD_CODE_BYTES];
    sign_up_and_take(h, "anna", &id, code);
    for (int i = 1; i < CODES_PER_HOUR; i++) {
        household_at(h, i * MINUTE_MS);
        assert_int_equal(resend(h, "anna"), ERR_OK);
    }
    assert_int_equal(resend(h, "anna"), ERR_RATE_LIMITED);
    assert_int_equal(h->ctx.retry_after_s, 56 * 60);
    if (household_traits()->kept_counts)
        household_restart(h);
    household_at(h, HOUR_MS - MINUTE_MS);
    assert_int_equal(resend(h, "anna"), ERR_RATE_LIMITED);
    assert_int_equal(h->ctx.retry_after_s, 60);
    household_at(h, HOUR_MS + MINUTE_MS);
    assert_int_equal(resend(h, "anna"), ERR_OK);
}

static void test_codes_for_nobody(void **state)
{
    struct household *h = *state;
    struct uuid id;
    for (int i = 0; i < CODES_PER_HOUR; i++)
        assert_int_equal(resend(h, "nobody"), ERR_OK);
    assert_int_equal(resend(h, "nobody"), ERR_RATE_LIMITED);
    household_assert_no_code(confirm(h, "somebody", "123456", &id));
    household_add(h, "anna");
    assert_int_equal(resend(h, "anna"), ERR_OK);
    assert_true(h->maker->no_mail(h->made));
}

/* One client cannot have mail sent to everybody, nor fill the store with names that nobody has. */
static void test_codes_for_one_client(void **state)
{
    struct household *h = *state;
    h->ctx.client_address = "192.0.2.1";
    for (int i = 0; i < CODES_PER_ADDRESS; i++)
        assert_int_equal(forgot(h, arena_printf(&h->arena, "nobody%d", i)), ERR_OK);
    assert_int_equal(forgot(h, "somebody"), ERR_RATE_LIMITED);
    assert_int_equal(h->ctx.retry_after_s, 60 * 60);
    h->ctx.client_address = "192.0.2.2";
    assert_int_equal(forgot(h, "somebody"), ERR_OK);
}

static const char *const logins[] = {"nobody@example.org", "nobody", "unconfirmed",
                                     "anna@example.org"};

/* Has a code mailed for all logins. Anna's is the only one that goes out. */
static void forget_all(struct household *h, char code[HOUSEHOLD_CODE_BYTES])
{
    struct uuid id;
    household_add(h, "anna");
    sign_up_and_take(h, "unconfirmed", &id, code);
    for (size_t i = 0; i < sizeof logins / sizeof logins[0]; i++)
        assert_int_equal(forgot(h, logins[i]), ERR_OK);
    h->maker->take_mail(h->made, "anna@example.org", HOUSEHOLD_RESET, code);
    assert_true(h->maker->no_mail(h->made));
}

static void test_reset_for_nobody(void **state)
{
    struct household *h = *state;
    char code[HOUSEHOLD_CODE_BYTES];
    char other[HOUSEHOLD_CODE_BYTES];
    forget_all(h, code);
    change(code, other);
    for (size_t i = 0; i < sizeof logins / sizeof logins[0]; i++)
        household_assert_no_code(reset(h, logins[i], other));
    assert_int_equal(reset(h, "anna@example.org", code), ERR_OK);
}

/* A reset for an address without an account goes the way of one with an account. */
static void test_reset_tells_nothing(void **state)
{
    struct household *h = *state;
    char code[HOUSEHOLD_CODE_BYTES];
    char other[HOUSEHOLD_CODE_BYTES];
    forget_all(h, code);
    change(code, other);
    for (size_t i = 0; i < sizeof logins / sizeof logins[0]; i++) {
        household_at(h, 0);
        for (int j = 0; j < TRIES; j++)
            assert_int_equal(reset(h, logins[i], other), ERR_CODE_MISMATCH);
        assert_int_equal(reset(h, logins[i], other), ERR_TOO_MANY_TRIES);
        household_at(h, HOUR_MS);
        assert_int_equal(reset(h, logins[i], other), ERR_CODE_EXPIRED);
    }
    assert_int_equal(reset(h, "never asked", other), ERR_CODE_MISMATCH);
}

static void test_codes_serve_one_purpose(void **state)
{
    struct household *h = *state;
    struct uuid id;
    char code[HOUSEHOLD_CODE_BYTES];
    sign_up_and_take(h, "anna", &id, code);
    household_assert_no_code(reset(h, "anna", code));
    assert_int_equal(confirm(h, "anna", code, &id), ERR_OK);
}

static void test_disabled_accounts_get_no_codes(void **state)
{
    struct household *h = *state;
    household_add(h, "anna");
    h->maker->set_disabled(h->made, &h->ctx, "anna", true);
    assert_int_equal(forgot(h, "anna"), ERR_OK);
    assert_int_equal(resend(h, "anna"), ERR_OK);
    assert_true(h->maker->no_mail(h->made));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, household_open, household_close)

int contract_sign_up_run(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sign_up_and_confirm),
        TEST(test_lost_answer_to_confirm),
        TEST(test_taken_username),
        TEST(test_stale_sign_up_gives_its_names_up),
        TEST(test_confirmed_names_stay),
        TEST(test_invitations),
        TEST(test_malformed_codes),
        TEST(test_wrong_codes_run_out),
        TEST(test_new_code_supersedes),
        TEST(test_five_codes_an_hour),
        TEST(test_codes_for_nobody),
        TEST(test_codes_for_one_client),
        TEST(test_reset_for_nobody),
        TEST(test_codes_serve_one_purpose),
        TEST(test_disabled_accounts_get_no_codes),
    };
    const struct CMUnitTest own_codes[] = {
        TEST(test_taken_address_tells_nothing),
        TEST(test_malformed_codes_count),
        TEST(test_codes_expire),
        TEST(test_reset_tells_nothing),
    };
    int failed = cmocka_run_group_tests_name("signing up", tests, NULL, NULL);
    if (household_traits()->own_codes)
        failed += cmocka_run_group_tests_name("codes of its own", own_codes, NULL, NULL);
    return failed;
}
