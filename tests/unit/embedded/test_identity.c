/* The identity port on SQLite: its contract, and what only this adapter does. */
#include "contract_identity.h"
#include "embedded_household.h"

#include "base/encode.h"
#include "embedded/admin.h"

#include <sqlite3.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct identity_parameters parameters(struct household *h, const char *login)
{
    struct identity_parameters out;
    assert_int_equal(h->identity.parameters(h->identity.self, &h->ctx, bytes_of_str(login), &out),
                     ERR_OK);
    return out;
}

static void test_passwords_are_stretched_anew(void **state)
{
    struct household *h = *state;
    struct identity_grant grant;
    household_add(h, "anna");
    struct identity_parameters before = parameters(h, "anna");
    embedded_household_set_costs(h->made, 2 * before.memory_kib, before.passes + 1);
    household_restart(h);
    assert_int_equal(household_sign_in(h, "anna", "wrong", &grant), ERR_BAD_CREDENTIALS);
    assert_int_equal(parameters(h, "anna").memory_kib, before.memory_kib);
    household_enter(h, "anna");
    struct identity_parameters after = parameters(h, "anna");
    assert_int_equal(after.memory_kib, 2 * before.memory_kib);
    assert_int_equal(after.passes, before.passes + 1);
    assert_false(bytes_equal(after.salt, before.salt));
    /* The session that did it lives on and opens; so does the next one. */
    struct key_description key;
    assert_int_equal(h->keys.rotate(h->keys.self, &h->ctx, &key), ERR_OK);
    household_enter(h, "anna");
    assert_int_equal(h->keys.rotate(h->keys.self, &h->ctx, &key), ERR_OK);
    /* Lower costs later weaken nobody. */
    embedded_household_set_costs(h->made, before.memory_kib, before.passes);
    household_restart(h);
    household_enter(h, "anna");
    assert_int_equal(parameters(h, "anna").memory_kib, after.memory_kib);
}

/* Counts behind the statements' back: tests may use SQL of their own. */
static int64_t count(struct household *h, const char *table)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    const char *sql = arena_printf(&h->arena, "SELECT count(*) FROM %s", table);
    assert_int_equal(
        sqlite3_open_v2(embedded_household_path(h->made), &db, SQLITE_OPEN_READONLY, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t rows = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return rows;
}

static void test_sweep_forgets_what_is_past(void **state)
{
    struct household *h = *state;
    char code[HOUSEHOLD_CODE_BYTES];
    char invite[HOUSEHOLD_INVITE_BYTES];
    struct uuid id;
    struct identity_grant grant;
    household_add(h, "anna");
    household_enter(h, "anna");
    household_reset_code(h, "anna", code);
    assert_int_equal(household_sign_in(h, "nobody", "wrong", &grant), ERR_BAD_CREDENTIALS);
    h->maker->invite(h->made, &h->ctx, invite);
    assert_int_equal(household_sign_up(h, "bert", &id), ERR_OK);
    h->maker->take_mail(h->made, "bert@example.org", HOUSEHOLD_CONFIRM, code);
    h->maker->sweep(h->made, &h->ctx);
    static const char *const tables[] = {"sessions", "codes", "throttles", "invites"};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        assert_true(count(h, tables[i]) > 0);
    assert_int_equal(count(h, "accounts"), 2);
    assert_int_equal(count(h, "user_keys"), 2);
    household_at(h, 31 * DAY_MS);
    h->maker->sweep(h->made, &h->ctx);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        assert_int_equal(count(h, tables[i]), 0);
    assert_int_equal(count(h, "accounts"), 1);
    assert_int_equal(count(h, "user_keys"), 1);
}

/* Operators see people in pages, and not the accounts that hide a taken address. */
static void test_operators_list(void **state)
{
    struct household *h = *state;
    struct store *store = embedded_household_store(h->made);
    struct admin_user *users;
    size_t count;
    struct uuid id;
    struct identity_delivery delivery;
    const struct identity_sign_up taken = {.username = BYTES_LIT("aaron"),
                                           .email = BYTES_LIT("anna@example.org"),
                                           .password = BYTES_LIT(HOUSEHOLD_PASSWORD)};
    household_add(h, "carl");
    household_add(h, "anna");
    assert_int_equal(household_sign_up(h, "bert", &id), ERR_OK);
    assert_int_equal(h->identity.sign_up(h->identity.self, &h->ctx, &taken, &id, &delivery),
                     ERR_OK);
    h->maker->set_disabled(h->made, &h->ctx, "carl", true);
    assert_int_equal(admin_users(store, &h->ctx, "", 2, &users, &count), ERR_OK);
    assert_int_equal(count, 2);
    assert_string_equal(users[0].username, "anna");
    assert_int_equal(users[0].state, ACCOUNT_CONFIRMED);
    assert_string_equal(users[1].username, "bert");
    assert_int_equal(users[1].state, ACCOUNT_UNCONFIRMED);
    assert_int_equal(admin_users(store, &h->ctx, "bert", 2, &users, &count), ERR_OK);
    assert_int_equal(count, 1);
    assert_string_equal(users[0].email, "carl@example.org");
    assert_int_equal(users[0].state, ACCOUNT_DISABLED);
    assert_int_equal(admin_set_disabled(store, &h->ctx, "nobody", true), ERR_NOT_FOUND);
    assert_int_equal(admin_set_disabled(store, &h->ctx, "bert", true), ERR_UNCONFIRMED);
    assert_int_equal(admin_set_quota(store, &h->ctx, "nobody", 1), ERR_NOT_FOUND);
}

static void test_operators_turn_totp_off(void **state)
{
    struct household *h = *state;
    struct store *store = embedded_household_store(h->made);
    struct identity_grant grant;
    household_add(h, "anna");
    household_enter(h, "anna");
    household_totp_on(h);
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_PASSWORD, &grant), ERR_TOTP_REQUIRED);
    assert_int_equal(admin_totp_off(store, &h->ctx, "nobody"), ERR_NOT_FOUND);
    assert_int_equal(admin_totp_off(store, &h->ctx, "anna"), ERR_OK);
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_PASSWORD, &grant), ERR_OK);
}

/* Page by page, also those that were made in the same millisecond; then one goes by its id. */
static void test_invitations_are_listed_and_revoked(void **state)
{
    struct household *h = *state;
    struct store *store = embedded_household_store(h->made);
    char text[INVITE_TEXT_BYTES];
    struct invite *found;
    struct invite seen[5];
    size_t count;
    size_t total = 0;
    for (size_t i = 0; i < 5; i++) {
        h->ctx.now_unix_ms += i == 3;
        assert_int_equal(admin_invite(store, &h->ctx, text), ERR_OK);
    }
    do {
        assert_int_equal(
            admin_invites(store, &h->ctx, total == 0 ? NULL : &seen[total - 1], 2, &found, &count),
            ERR_OK);
        assert_true(total + count <= 5);
        for (size_t i = 0; i < count; i++)
            seen[total++] = found[i];
    } while (count == 2);
    assert_int_equal(total, 5);
    for (size_t i = 1; i < total; i++) {
        assert_true(seen[i].created_unix_ms >= seen[i - 1].created_unix_ms);
        assert_string_not_equal(seen[i].id, seen[i - 1].id);
    }
    assert_int_equal(seen[4].created_unix_ms, h->ctx.now_unix_ms);
    assert_int_equal(seen[4].expires_unix_ms, h->ctx.now_unix_ms + INVITE_LIFETIME_MS);
    assert_int_equal(admin_revoke_invite(store, &h->ctx, seen[2].id), ERR_OK);
    assert_int_equal(admin_revoke_invite(store, &h->ctx, seen[2].id), ERR_NOT_FOUND);
    assert_int_equal(admin_revoke_invite(store, &h->ctx, text), ERR_NOT_FOUND);
    assert_int_equal(admin_invites(store, &h->ctx, NULL, 9, &found, &count), ERR_OK);
    assert_int_equal(count, 4);
    h->ctx.now_unix_ms += INVITE_LIFETIME_MS;
    assert_int_equal(admin_revoke_invite(store, &h->ctx, seen[0].id), ERR_NOT_FOUND);
    assert_int_equal(admin_invites(store, &h->ctx, NULL, 9, &found, &count), ERR_OK);
    assert_int_equal(count, 0);
}

/* Reads everything that is on the disk. */
static bool on_disk(struct household *h, struct bytes secret)
{
    static const char *const names[] = {"", "-wal"};
    bool found = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *path =
            arena_printf(&h->arena, "%s%s", embedded_household_path(h->made), names[i]);
        struct bytes file = embedded_household_read(&h->arena, path);
        found = found || memmem(file.p, file.n, secret.p, secret.n) != NULL;
    }
    return found;
}

static void test_nothing_at_rest_opens(void **state)
{
    struct household *h = *state;
    household_add(h, "anna");
    struct identity_grant grant = household_enter(h, "anna");
    struct bytes raw;
    assert_true(encode_base64url_decode(&h->arena, grant.refresh_token, &raw));
    assert_true(on_disk(h, bytes_slice(raw, 0, UUID_BYTES))); /* the session's id: we look right */
    assert_false(on_disk(h, bytes_slice(raw, UUID_BYTES, SECRET_BYTES)));
    assert_false(on_disk(h, bytes_slice(raw, UUID_BYTES + SECRET_BYTES, SECRET_BYTES)));
    assert_false(on_disk(h, secret_bytes(&h->actor.custody)));
    assert_false(on_disk(h, BYTES_LIT(HOUSEHOLD_PASSWORD)));
    assert_false(on_disk(h, bytes_of_str(grant.recovery_key)));
    uint8_t recovery[25];
    assert_true(encode_base32_decode(bytes_of_str(grant.recovery_key), recovery, sizeof recovery));
    assert_false(on_disk(h, bytes_of(recovery, sizeof recovery)));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, household_open, household_close)

int main(void)
{
    household_use(&embedded_household_maker);
    const struct CMUnitTest tests[] = {
        TEST(test_passwords_are_stretched_anew),
        TEST(test_sweep_forgets_what_is_past),
        TEST(test_operators_list),
        TEST(test_operators_turn_totp_off),
        TEST(test_invitations_are_listed_and_revoked),
        TEST(test_nothing_at_rest_opens),
    };
    return contract_sign_up_run() + contract_sign_in_run() + contract_sessions_run() +
           contract_passwords_run() + contract_totp_run() +
           cmocka_run_group_tests_name("identity on SQLite", tests, NULL, NULL);
}
