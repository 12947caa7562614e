#include "contract_keys.h"

#include "sealed_letter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct contract_keys_traits traits;

static void test_provision_and_describe(void **state)
{
    struct household *h = *state;
    struct key_description first;
    struct key_description again;
    struct uuid nobody = uuid_random();
    struct uuid id;
    assert_int_equal(household_sign_up(h, "anna", &id), ERR_OK);
    assert_int_equal(h->keys.describe(h->keys.self, &h->ctx, &id, &first), ERR_NOT_FOUND);
    assert_int_equal(h->keys.describe(h->keys.self, &h->ctx, &nobody, &first), ERR_NOT_FOUND);
    assert_int_equal(h->keys.provision(h->keys.self, &h->ctx, &id, &first), ERR_OK);
    assert_int_equal(h->keys.provision(h->keys.self, &h->ctx, &id, &again), ERR_OK);
    assert_string_equal(first.reference, again.reference);
    assert_int_equal(first.lost_before_unix_ms, 0);
    household_restart(h);
    again = sealed_letter_key(h, &id);
    assert_string_equal(first.reference, again.reference);
    assert_int_equal(first.created_unix_ms, again.created_unix_ms);
}

static void test_both_sides_open(void **state)
{
    struct household *h = *state;
    household_add(h, "anna");
    struct uuid bert = household_add(h, "bert");
    household_add(h, "carl");
    household_enter(h, "anna");
    struct sealed_letter letter = sealed_letter_make(h, &bert, true);
    assert_true(letter.wrapped.sender_can_open);
    assert_int_equal(letter.wrapped.sender_verified, traits.proves_sender);
    struct sealed_letter second = sealed_letter_make(h, &bert, true);
    assert_false(secret_equal(&letter.wrapped.data_key, &second.wrapped.data_key));
    sealed_letter_assert_opens(h, &letter, traits.proves_sender);
    household_enter(h, "bert");
    sealed_letter_assert_opens(h, &letter, traits.proves_sender);
    sealed_letter_assert_opens(h, &second, traits.proves_sender);
    household_enter(h, "carl");
    sealed_letter_assert_refused(h, &letter, ERR_NOT_FOR_US);
    household_restart(h);
    household_enter(h, "bert");
    sealed_letter_assert_opens(h, &letter, traits.proves_sender);
}

static void test_without_a_copy(void **state)
{
    struct household *h = *state;
    household_add(h, "anna");
    struct uuid bert = household_add(h, "bert");
    household_enter(h, "anna");
    struct sealed_letter letter = sealed_letter_make(h, &bert, false);
    assert_false(letter.wrapped.sender_can_open);
    assert_false(letter.wrapped.sender_verified);
    sealed_letter_assert_refused(h, &letter, ERR_NOT_FOR_US);
    household_enter(h, "bert");
    sealed_letter_assert_opens(h, &letter, false);
}

/* Proving who sealed takes the ID token, a copy perhaps not. */
static void test_sealing_with_the_access_token(void **state)
{
    struct household *h = *state;
    household_add(h, "anna");
    struct uuid bert = household_add(h, "bert");
    struct identity_grant grant = household_enter(h, "anna");
    household_act(h, grant.access_token);
    struct sealed_letter letter = sealed_letter_make(h, &bert, true);
    assert_int_equal(letter.wrapped.sender_can_open, traits.access_token_copies);
    assert_false(letter.wrapped.sender_verified);
    household_act(h, grant.id_token);
    if (traits.access_token_copies)
        sealed_letter_assert_opens(h, &letter, false);
    else
        sealed_letter_assert_refused(h, &letter, ERR_NOT_FOR_US);
    household_enter(h, "bert");
    sealed_letter_assert_opens(h, &letter, false);
}

static void test_to_oneself(void **state)
{
    struct household *h = *state;
    struct uuid anna = household_add(h, "anna");
    household_enter(h, "anna");
    struct sealed_letter letter = sealed_letter_make(h, &anna, true);
    struct sealed_letter uncopied = sealed_letter_make(h, &anna, false);
    sealed_letter_assert_opens(h, &letter, traits.proves_sender);
    sealed_letter_assert_opens(h, &uncopied, false);
}

static void test_opening_takes_the_id_token(void **state)
{
    struct household *h = *state;
    household_add(h, "anna");
    struct uuid bert = household_add(h, "bert");
    household_enter(h, "anna");
    struct sealed_letter letter = sealed_letter_make(h, &bert, true);
    struct identity_grant grant = household_enter(h, "bert");
    sealed_letter_assert_opens(h, &letter, traits.proves_sender);
    household_act(h, grant.access_token);
    sealed_letter_assert_refused(h, &letter, ERR_ID_TOKEN_REQUIRED);
    h->ctx.actor = NULL;
    sealed_letter_assert_refused(h, &letter, ERR_ID_TOKEN_REQUIRED);
}

static void test_unknown_recipient(void **state)
{
    struct household *h = *state;
    struct uuid unconfirmed;
    struct uuid nobody = uuid_random();
    struct sealed_letter out;
    household_add(h, "anna");
    assert_int_equal(household_sign_up(h, "bert", &unconfirmed), ERR_OK);
    household_enter(h, "anna");
    assert_int_equal(sealed_letter_wrap(h, &nobody, true, &out), ERR_UNKNOWN_RECIPIENT);
    assert_int_equal(sealed_letter_wrap(h, &unconfirmed, true, &out), ERR_UNKNOWN_RECIPIENT);
}

static void test_damage(void **state)
{
    struct household *h = *state;
    household_add(h, "anna");
    struct uuid bert = household_add(h, "bert");
    household_enter(h, "anna");
    struct sealed_letter letter = sealed_letter_make(h, &bert, true);
    household_enter(h, "bert");
    struct sealed_letter bad = sealed_letter_tampered(h, &letter, false, -1);
    sealed_letter_assert_refused(h, &bad, ERR_LETTER_DAMAGED);
    bad = sealed_letter_moved(h, &letter, &bert);
    sealed_letter_assert_refused(h, &bad, ERR_LETTER_DAMAGED);
    bad = letter;
    bad.header.edks[0].provider = BYTES_LIT("nobody");
    sealed_letter_assert_refused(h, &bad, ERR_NOT_FOR_US);
    bad = letter;
    bad.header.edk_count = 0;
    sealed_letter_assert_refused(h, &bad, ERR_NOT_FOR_US);
    sealed_letter_assert_opens(h, &letter, traits.proves_sender);
}

static void test_check_sealed(void **state)
{
    struct household *h = *state;
    struct uuid anna = household_add(h, "anna");
    struct uuid bert = household_add(h, "bert");
    struct uuid nobody = uuid_random();
    bool can_open;
    bool verified;
    household_enter(h, "anna");
    struct sealed_letter letter = sealed_letter_make(h, &bert, true);
    struct sealed_letter alone = sealed_letter_make(h, &bert, false);
    assert_int_equal(sealed_letter_check(h, &letter, &bert, &can_open, &verified), ERR_OK);
    assert_true(can_open);
    assert_int_equal(verified, traits.proves_sender);
    assert_int_equal(sealed_letter_check(h, &alone, &bert, &can_open, &verified), ERR_OK);
    assert_false(can_open || verified);
    assert_int_equal(sealed_letter_check(h, &alone, &anna, &can_open, &verified),
                     ERR_SEALED_INVALID);
    assert_int_equal(sealed_letter_check(h, &letter, &nobody, &can_open, &verified),
                     ERR_UNKNOWN_RECIPIENT);
    struct sealed_letter bad = letter;
    bad.header.edk_count = 0;
    assert_int_equal(sealed_letter_check(h, &bad, &bert, &can_open, &verified), ERR_SEALED_INVALID);
    /* Sealed by anna, posted by carl: no word on who sealed it. */
    household_add(h, "carl");
    household_enter(h, "carl");
    assert_int_equal(sealed_letter_check(h, &letter, &bert, &can_open, &verified), ERR_OK);
    assert_false(can_open || verified);
}

static void test_destroy(void **state)
{
    struct household *h = *state;
    struct key_description out;
    struct sealed_letter letter;
    struct sealed_letter none;
    struct uuid anna = household_add(h, "anna");
    household_add(h, "bert");
    household_enter(h, "bert");
    letter = sealed_letter_make(h, &anna, true);
    assert_int_equal(h->keys.destroy(h->keys.self, &h->ctx, &anna), ERR_OK);
    assert_int_equal(h->keys.destroy(h->keys.self, &h->ctx, &anna), ERR_OK);
    assert_int_equal(h->keys.describe(h->keys.self, &h->ctx, &anna, &out), ERR_NOT_FOUND);
    assert_int_equal(sealed_letter_wrap(h, &anna, true, &none), ERR_UNKNOWN_RECIPIENT);
    sealed_letter_assert_opens(h, &letter, traits.proves_sender);
    household_enter(h, "anna");
    sealed_letter_assert_refused(h, &letter, ERR_NOT_FOR_US);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, household_open, household_close)

int contract_keys_run(const struct contract_keys_traits *of)
{
    traits = *of;
    const struct CMUnitTest tests[] = {
        TEST(test_provision_and_describe),
        TEST(test_both_sides_open),
        TEST(test_without_a_copy),
        TEST(test_sealing_with_the_access_token),
        TEST(test_to_oneself),
        TEST(test_opening_takes_the_id_token),
        TEST(test_unknown_recipient),
        TEST(test_damage),
        TEST(test_check_sealed),
        TEST(test_destroy),
    };
    return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
