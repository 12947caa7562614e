#include "contract_identity.h"

#include "household.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FREE_GUESSES 10

static enum err change(struct household *h, const char *from, const char *to)
{
    const struct identity_credential old = {.password = bytes_of_str(from)};
    return h->identity.change_password(h->identity.self, &h->ctx, &old, bytes_of_str(to));
}

static enum err reissue(struct household *h, const char *password, const char **fresh)
{
    const struct identity_credential proof = {.password = bytes_of_str(password)};
    return h->identity.recovery_key_reissue(h->identity.self, &h->ctx, &proof, fresh);
}

static enum err reset(struct household *h, const char *code, const char *recovery_key,
                      bool *keys_lost)
{
    struct uuid id;
    return h->identity.reset_password(h->identity.self, &h->ctx, BYTES_LIT("anna"),
                                      bytes_of_str(code), BYTES_LIT(HOUSEHOLD_NEW_PASSWORD),
                                      bytes_of_str(recovery_key), &id, keys_lost);
}

static enum err check(struct household *h)
{
    return h->identity.session_check(h->identity.self, &h->ctx, &h->actor);
}

static void test_change(void **state)
{
    struct household *h = *state;
    struct identity_grant out;
    char none[HOUSEHOLD_CODE_BYTES] = "";
    household_add(h, "anna");
    household_enter(h, "anna");
    struct actor other = h->actor;
    household_enter(h, "anna");
    assert_int_equal(change(h, "wrong", HOUSEHOLD_NEW_PASSWORD), ERR_BAD_CREDENTIALS);
    assert_int_equal(h->identity.session_check(h->identity.self, &h->ctx, &other), ERR_OK);
    assert_int_equal(change(h, HOUSEHOLD_PASSWORD, HOUSEHOLD_NEW_PASSWORD), ERR_OK);
    if (household_traits()->own_codes)
        h->maker->take_mail(h->made, "anna@example.org", HOUSEHOLD_CHANGED, none);
    assert_int_equal(check(h), ERR_OK);
    assert_int_equal(h->identity.session_check(h->identity.self, &h->ctx, &other),
                     ERR_UNAUTHENTICATED);
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_PASSWORD, &out), ERR_BAD_CREDENTIALS);
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_NEW_PASSWORD, &out), ERR_OK);
    assert_null(out.recovery_key);
}

static void test_change_is_throttled(void **state)
{
    struct household *h = *state;
    household_add(h, "anna");
    household_enter(h, "anna");
    for (int i = 0; i < FREE_GUESSES; i++)
        assert_int_equal(change(h, "wrong", HOUSEHOLD_NEW_PASSWORD), ERR_BAD_CREDENTIALS);
    assert_int_equal(change(h, HOUSEHOLD_PASSWORD, HOUSEHOLD_NEW_PASSWORD), ERR_RATE_LIMITED);
    assert_int_equal(
        h->identity.account_erase(h->identity.self, &h->ctx, BYTES_LIT(HOUSEHOLD_PASSWORD)),
        ERR_RATE_LIMITED);
}

static void test_reset_without_recovery_key(void **state)
{
    struct household *h = *state;
    struct identity_grant out;
    char code[HOUSEHOLD_CODE_BYTES];
    char none[HOUSEHOLD_CODE_BYTES] = "";
    const struct household_traits *traits = household_traits();
    bool keys_lost = !traits->keys_by_password;
    household_add(h, "anna");
    household_enter(h, "anna");
    household_reset_code(h, "anna", code);
    assert_int_equal(reset(h, code, "", &keys_lost), ERR_OK);
    assert_int_equal(keys_lost, traits->keys_by_password);
    if (traits->own_codes)
        h->maker->take_mail(h->made, "anna@example.org", HOUSEHOLD_CHANGED, none);
    assert_int_equal(check(h), ERR_UNAUTHENTICATED);
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_PASSWORD, &out), ERR_BAD_CREDENTIALS);
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_NEW_PASSWORD, &out), ERR_OK);
    assert_int_equal(out.recovery_key != NULL, traits->keys_by_password);
    household_assert_no_code(reset(h, code, "", &keys_lost));
}

static void test_reset_with_recovery_key(void **state)
{
    struct household *h = *state;
    struct identity_grant out;
    char code[HOUSEHOLD_CODE_BYTES];
    bool keys_lost = true;
    household_add(h, "anna");
    struct identity_grant first = household_enter(h, "anna");
    household_reset_code(h, "anna", code);
    char *wrong = arena_str(&h->arena, bytes_of_str(first.recovery_key));
    wrong[0] = wrong[0] == '7' ? '8' : '7';
    assert_int_equal(reset(h, code, wrong, &keys_lost), ERR_RECOVERY_KEY_WRONG);
    assert_int_equal(reset(h, code, "hardly", &keys_lost), ERR_RECOVERY_KEY_WRONG);
    assert_int_equal(check(h), ERR_OK);
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_PASSWORD, &out), ERR_OK);
    assert_int_equal(reset(h, code, first.recovery_key, &keys_lost), ERR_OK);
    assert_false(keys_lost);
    assert_int_equal(check(h), ERR_UNAUTHENTICATED);
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_NEW_PASSWORD, &out), ERR_OK);
    assert_null(out.recovery_key); /* the old one is good still */
}

/* Who forgot the password has mostly guessed at it before. */
static void test_reset_forgives_guesses(void **state)
{
    struct household *h = *state;
    struct identity_grant out;
    char code[HOUSEHOLD_CODE_BYTES];
    bool keys_lost;
    household_add(h, "anna");
    for (int i = 0; i < FREE_GUESSES; i++)
        assert_int_equal(household_sign_in(h, "anna", "wrong", &out), ERR_BAD_CREDENTIALS);
    assert_int_equal(household_sign_in(h, "anna", "wrong", &out), ERR_RATE_LIMITED);
    household_reset_code(h, "anna", code);
    assert_int_equal(reset(h, code, "", &keys_lost), ERR_OK);
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_NEW_PASSWORD, &out), ERR_OK);
}

static void test_reissue(void **state)
{
    struct household *h = *state;
    char code[HOUSEHOLD_CODE_BYTES];
    const char *fresh = NULL;
    bool keys_lost;
    household_add(h, "anna");
    struct identity_grant first = household_enter(h, "anna");
    assert_int_equal(reissue(h, "wrong", &fresh), ERR_BAD_CREDENTIALS);
    assert_int_equal(reissue(h, HOUSEHOLD_PASSWORD, &fresh), ERR_OK);
    assert_string_not_equal(fresh, first.recovery_key);
    assert_int_equal(check(h), ERR_OK);
    household_reset_code(h, "anna", code);
    assert_int_equal(reset(h, code, first.recovery_key, &keys_lost), ERR_RECOVERY_KEY_WRONG);
    assert_int_equal(reset(h, code, fresh, &keys_lost), ERR_OK);
    assert_false(keys_lost);
}

/* People copy a recovery key in small letters, with spaces or without. */
static void test_recovery_key_as_typed(void **state)
{
    struct household *h = *state;
    char code[HOUSEHOLD_CODE_BYTES];
    bool keys_lost;
    household_add(h, "anna");
    struct identity_grant grant = household_enter(h, "anna");
    char *typed = arena_str(&h->arena, bytes_of_str(grant.recovery_key));
    for (char *c = typed; *c != '\0'; c++)
        *c = *c == '-' ? ' ' : (*c >= 'A' && *c <= 'Z') ? (char)(*c - 'A' + 'a') : *c;
    household_reset_code(h, "anna", code);
    assert_int_equal(reset(h, code, typed, &keys_lost), ERR_OK);
    assert_false(keys_lost);
}

static void test_account(void **state)
{
    struct household *h = *state;
    struct identity_account account;
    struct uuid id = household_add(h, "anna");
    household_enter(h, "anna");
    assert_int_equal(h->identity.account(h->identity.self, &h->ctx, &account), ERR_OK);
    assert_true(uuid_equal(&account.id, &id));
    assert_string_equal(account.username, "anna");
    assert_string_equal(account.email, "anna@example.org");
    if (household_traits()->own_codes)
        assert_int_equal(account.created_unix_ms, h->start_unix_ms);
    else
        assert_true(llabs(account.created_unix_ms - h->start_unix_ms) < MINUTE_MS);
    assert_true(account.confirmed);
    assert_false(account.disabled);
    h->maker->set_disabled(h->made, &h->ctx, "anna", true);
    assert_int_equal(h->identity.account(h->identity.self, &h->ctx, &account), ERR_OK);
    assert_true(account.disabled);
}

static void test_erase(void **state)
{
    struct household *h = *state;
    struct identity_account account;
    struct identity_grant out;
    household_add(h, "bert");
    struct uuid id = household_add(h, "anna");
    struct identity_grant grant = household_enter(h, "anna");
    assert_int_equal(h->identity.account_erase(h->identity.self, &h->ctx, BYTES_LIT("wrong")),
                     ERR_BAD_CREDENTIALS);
    assert_int_equal(check(h), ERR_OK);
    assert_int_equal(
        h->identity.account_erase(h->identity.self, &h->ctx, BYTES_LIT(HOUSEHOLD_PASSWORD)),
        ERR_OK);
    assert_int_equal(check(h), ERR_UNAUTHENTICATED);
    assert_int_equal(h->identity.account(h->identity.self, &h->ctx, &account), ERR_UNAUTHENTICATED);
    assert_int_equal(h->identity.refresh(h->identity.self, &h->ctx, grant.refresh_token, &out),
                     ERR_UNAUTHENTICATED);
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_PASSWORD, &out), ERR_BAD_CREDENTIALS);
    struct key_description key;
    if (household_traits()->keys_by_password)
        assert_int_equal(h->keys.describe(h->keys.self, &h->ctx, &id, &key), ERR_NOT_FOUND);
    assert_int_equal(household_sign_in(h, "bert", HOUSEHOLD_PASSWORD, &out), ERR_OK);
    struct uuid next = household_add(h, "anna");
    assert_false(uuid_equal(&id, &next));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, household_open, household_close)

int contract_passwords_run(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_change),
        TEST(test_change_is_throttled),
        TEST(test_reset_without_recovery_key),
        TEST(test_reset_forgives_guesses),
        TEST(test_account),
        TEST(test_erase),
    };
    const struct CMUnitTest keys_by_password[] = {
        TEST(test_reset_with_recovery_key),
        TEST(test_reissue),
        TEST(test_recovery_key_as_typed),
    };
    int failed = cmocka_run_group_tests_name("passwords", tests, NULL, NULL);
    if (household_traits()->keys_by_password)
        failed += cmocka_run_group_tests_name("recovery keys", keys_by_password, NULL, NULL);
    return failed;
}
