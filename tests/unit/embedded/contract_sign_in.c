#include "contract_identity.h"

#include "core/key_ring.h"
#include "household.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define FREE_GUESSES 10
#define FREE_GUESSES_ADDRESS 200

static void guess(struct household *h, const char *login, int times)
{
    struct identity_grant grant;
    for (int i = 0; i < times; i++)
        assert_int_equal(household_sign_in(h, login, "wrong", &grant), ERR_BAD_CREDENTIALS);
}

static struct identity_parameters parameters(struct household *h, const char *login)
{
    struct identity_parameters out;
    assert_int_equal(h->identity.parameters(h->identity.self, &h->ctx, bytes_of_str(login), &out),
                     ERR_OK);
    return out;
}

static void test_by_name_or_address(void **state)
{
    struct household *h = *state;
    struct identity_grant grant;
    struct uuid id = household_add(h, "anna");
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_PASSWORD, &grant), ERR_OK);
    assert_true(uuid_equal(&grant.user_id, &id));
    assert_int_equal(household_sign_in(h, "anna@example.org", HOUSEHOLD_PASSWORD, &grant), ERR_OK);
    assert_true(uuid_equal(&grant.user_id, &id));
}

static void test_bad_credentials(void **state)
{
    struct household *h = *state;
    struct identity_grant grant;
    household_add(h, "anna");
    household_add(h, "bert");
    assert_int_equal(household_sign_in(h, "anna", "", &grant), ERR_BAD_CREDENTIALS);
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_PASSWORD " ", &grant),
                     ERR_BAD_CREDENTIALS);
    assert_int_equal(household_sign_in(h, "nobody", HOUSEHOLD_PASSWORD, &grant),
                     ERR_BAD_CREDENTIALS);
    assert_int_equal(household_sign_in(h, "nobody@example.org", HOUSEHOLD_PASSWORD, &grant),
                     ERR_BAD_CREDENTIALS);
    h->maker->set_disabled(h->made, &h->ctx, "bert", true);
    assert_int_equal(household_sign_in(h, "bert", HOUSEHOLD_PASSWORD, &grant), ERR_BAD_CREDENTIALS);
    h->maker->set_disabled(h->made, &h->ctx, "bert", false);
    assert_int_equal(household_sign_in(h, "bert", HOUSEHOLD_PASSWORD, &grant), ERR_OK);
}

/* A client that derives for itself never sends the password, and its session opens nothing here. */
static void test_by_authentication_secret(void **state)
{
    struct household *h = *state;
    struct secret authentication;
    household_add(h, "anna");
    struct identity_parameters p = parameters(h, "anna");
    struct kdf_parameters kdf = {.memory_kib = p.memory_kib, .passes = p.passes, .lanes = p.lanes};
    assert_int_equal(p.salt.n, sizeof kdf.salt);
    memcpy(kdf.salt, p.salt.p, sizeof kdf.salt);
    assert_int_equal(key_ring_stretch(BYTES_LIT(HOUSEHOLD_PASSWORD), &kdf, &authentication, NULL),
                     ERR_OK);
    struct identity_credential credential = {.authentication_secret =
                                                 secret_bytes(&authentication)};
    struct identity_grant grant;
    assert_int_equal(h->identity.sign_in(h->identity.self, &h->ctx, BYTES_LIT("anna"), &credential,
                                         BYTES_LIT("browser"), &grant),
                     ERR_OK);
    household_act(h, grant.id_token);
    assert_int_equal(h->actor.power, ACTOR_ID);
    assert_false(h->actor.has_custody);
    authentication.b[31] ^= 1;
    assert_int_equal(h->identity.sign_in(h->identity.self, &h->ctx, BYTES_LIT("anna"), &credential,
                                         BYTES_LIT("browser"), &grant),
                     ERR_BAD_CREDENTIALS);
    secret_fini(&authentication);
}

static void test_parameters_of_nobody(void **state)
{
    struct household *h = *state;
    household_add(h, "anna");
    struct identity_parameters anna = parameters(h, "anna");
    struct identity_parameters nobody = parameters(h, "nobody");
    struct identity_parameters somebody = parameters(h, "somebody@example.org");
    household_restart(h);
    assert_true(bytes_equal(parameters(h, "anna").salt, anna.salt));
    assert_true(bytes_equal(parameters(h, "anna@example.org").salt, anna.salt));
    assert_true(bytes_equal(parameters(h, "nobody").salt, nobody.salt));
    assert_false(bytes_equal(nobody.salt, somebody.salt));
    assert_int_equal(nobody.salt.n, anna.salt.n);
    assert_int_equal(nobody.memory_kib, anna.memory_kib);
    assert_int_equal(nobody.passes, anna.passes);
    assert_int_equal(nobody.lanes, anna.lanes);
}

static void test_recovery_key_comes_once(void **state)
{
    struct household *h = *state;
    struct identity_grant grant;
    struct identity_account account;
    household_add(h, "anna");
    grant = household_enter(h, "anna");
    assert_non_null(grant.recovery_key);
    assert_true(strlen(grant.recovery_key) >= 32); /* of 5 bits each: 160 */
    assert_int_equal(h->identity.account(h->identity.self, &h->ctx, &account), ERR_OK);
    assert_true(account.recovery_key_set);
    grant = household_enter(h, "anna");
    assert_null(grant.recovery_key);
}

/* --- throttles --- */

/* Requests overlap: one that began earlier may come to its turn later. */
static void test_a_guess_bars_no_earlier_request(void **state)
{
    struct household *h = *state;
    struct identity_grant grant;
    household_add(h, "anna");
    household_at(h, 1000);
    guess(h, "anna", 1);
    household_at(h, 0);
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_PASSWORD, &grant), ERR_OK);
}

static void test_guesses_run_out(void **state)
{
    struct household *h = *state;
    struct identity_grant grant;
    household_add(h, "anna");
    h->ctx.client_address = "192.0.2.1";
    guess(h, "anna", FREE_GUESSES);
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_PASSWORD, &grant), ERR_RATE_LIMITED);
    assert_int_equal(h->ctx.retry_after_s, 30);
}

static void test_guessing_is_throttled(void **state)
{
    struct household *h = *state;
    struct identity_grant grant;
    household_add(h, "anna");
    h->ctx.client_address = "192.0.2.1";
    guess(h, "anna", FREE_GUESSES);
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_PASSWORD, &grant), ERR_RATE_LIMITED);
    assert_int_equal(h->ctx.retry_after_s, 30);
    household_restart(h);
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_PASSWORD, &grant), ERR_RATE_LIMITED);
    /* Not from elsewhere, where the owner may be. */
    h->ctx.client_address = "192.0.2.2";
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_PASSWORD, &grant), ERR_OK);
    h->ctx.client_address = "192.0.2.1";
    household_at(h, 31000);
    guess(h, "anna", 1);
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_PASSWORD, &grant), ERR_RATE_LIMITED);
    assert_int_equal(h->ctx.retry_after_s, 60);
    household_at(h, 3 * MINUTE_MS);
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_PASSWORD, &grant), ERR_OK);
    guess(h, "anna", FREE_GUESSES - 1);
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_PASSWORD, &grant), ERR_OK);
}

static void test_nobody_is_throttled_alike(void **state)
{
    struct household *h = *state;
    struct identity_grant grant;
    guess(h, "nobody", FREE_GUESSES);
    assert_int_equal(household_sign_in(h, "nobody", "wrong", &grant), ERR_RATE_LIMITED);
    assert_int_equal(h->ctx.retry_after_s, 30);
    struct identity_parameters p;
    if (household_traits()->keys_by_password)
        assert_int_equal(h->identity.parameters(h->identity.self, &h->ctx, BYTES_LIT("nobody"), &p),
                         ERR_RATE_LIMITED);
}

static void test_address_is_throttled(void **state)
{
    struct household *h = *state;
    struct identity_grant grant;
    household_add(h, "anna");
    h->ctx.client_address = "2001:db8:1:2:3:4:5:6";
    for (int i = 0; i < FREE_GUESSES_ADDRESS; i++) {
        char login[32];
        (void)snprintf(login, sizeof login, "nobody%d", i);
        guess(h, login, 1);
    }
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_PASSWORD, &grant), ERR_RATE_LIMITED);
    /* The same network: one customer has a /64. */
    h->ctx.client_address = "2001:db8:1:2::1";
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_PASSWORD, &grant), ERR_RATE_LIMITED);
    h->ctx.client_address = "2001:db8:1:3::1";
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_PASSWORD, &grant), ERR_OK);
}

/* --- tokens --- */

static void test_tokens(void **state)
{
    struct household *h = *state;
    struct uuid id = household_add(h, "anna");
    struct identity_grant grant = household_enter(h, "anna");
    assert_int_equal(grant.expires_in_s, 3600);
    assert_int_equal(h->actor.power, ACTOR_ID);
    assert_int_equal(h->actor.has_custody, household_traits()->keys_by_password);
    assert_true(uuid_equal(&h->actor.user_id, &id));
    assert_true(uuid_equal(&h->actor.session_id, &grant.session_id));
    assert_string_equal(h->actor.username, "anna");
    household_act(h, grant.access_token);
    assert_int_equal(h->actor.power, ACTOR_ACCESS);
    assert_false(h->actor.has_custody);
    assert_true(uuid_equal(&h->actor.user_id, &id));
    assert_int_equal(token_verify(h->verifier, &h->ctx, grant.refresh_token, &h->actor),
                     ERR_UNAUTHENTICATED);
    household_at(h, HOUR_MS + MINUTE_MS);
    assert_int_equal(token_verify(h->verifier, &h->ctx, grant.id_token, &h->actor),
                     ERR_TOKEN_EXPIRED);
}

static size_t count_keys(struct household *h)
{
    struct bytes text;
    assert_int_equal(h->identity.jwks(h->identity.self, &h->ctx, &text), ERR_OK);
    json_t *set = json_loadb((const char *)text.p, text.n, 0, NULL);
    size_t count = json_array_size(json_object_get(set, "keys"));
    size_t i;
    json_t *key;
    json_array_foreach(json_object_get(set, "keys"), i, key)
    {
        assert_string_equal(json_string_value(json_object_get(key, "alg")), h->identity.algorithm);
        assert_null(json_object_get(key, "d"));
    }
    json_decref(set);
    return count;
}

static void test_keys_are_published(void **state)
{
    struct household *h = *state;
    assert_true(count_keys(h) > 0);
}

static void test_signing_keys_turn_over(void **state)
{
    struct household *h = *state;
    household_add(h, "anna");
    assert_int_equal(count_keys(h), 1);
    household_at(h, 30 * DAY_MS - MINUTE_MS);
    struct identity_grant before = household_enter(h, "anna");
    household_at(h, 30 * DAY_MS);
    h->maker->sweep(h->made, &h->ctx);
    assert_int_equal(count_keys(h), 2);
    household_restart(h); /* and with it the verifier, which fetches once in a few seconds only */
    struct identity_grant after = household_enter(h, "anna");
    household_act(h, before.id_token);
    household_act(h, after.id_token);
    household_at(h, 60 * DAY_MS);
    h->maker->sweep(h->made, &h->ctx);
    assert_int_equal(count_keys(h), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, household_open, household_close)

int contract_sign_in_run(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_by_name_or_address),
        TEST(test_bad_credentials),
        TEST(test_a_guess_bars_no_earlier_request),
        TEST(test_guesses_run_out),
        TEST(test_nobody_is_throttled_alike),
        TEST(test_address_is_throttled),
        TEST(test_tokens),
        TEST(test_keys_are_published),
    };
    const struct CMUnitTest keys_by_password[] = {
        TEST(test_by_authentication_secret),
        TEST(test_parameters_of_nobody),
        TEST(test_recovery_key_comes_once),
    };
    const struct CMUnitTest kept_counts[] = {TEST(test_guessing_is_throttled)};
    const struct CMUnitTest own_tokens[] = {TEST(test_signing_keys_turn_over)};
    const struct household_traits *traits = household_traits();
    int failed = cmocka_run_group_tests_name("signing in", tests, NULL, NULL);
    if (traits->keys_by_password)
        failed += cmocka_run_group_tests_name("keys by password", keys_by_password, NULL, NULL);
    if (traits->kept_counts)
        failed += cmocka_run_group_tests_name("counts that are kept", kept_counts, NULL, NULL);
    if (traits->own_tokens)
        failed += cmocka_run_group_tests_name("keys of its own", own_tokens, NULL, NULL);
    return failed;
}
