/* Accounts on the real embedded backend: provisioning and erasing cut at every step and repeated,
 * sessions that end, keys that change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backend.h"
#include "core/accounts.h"
#include "core/provision.h"
#include "core/sessions.h"

#include <string.h>

static struct backend backend;

static int setup(void **state)
{
    (void)state;
    backend_open(&backend);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    backend_close(&backend);
    return 0;
}

static enum err confirm(const char *name, const char *code, struct uuid *id)
{
    char stored[USERNAME_MAX_BYTES + 1];
    return accounts_confirm(backend.core, &backend.ctx, bytes_of_str(name), bytes_of_str(code), id,
                            stored);
}

/* The user is complete, with the key that the keys port has. */
static void expect_ready(const struct uuid *id)
{
    const struct ports *ports = backend.core->ports;
    struct user_record user;
    struct key_description key;
    assert_int_equal(ports->records.user_by_id(ports->records.self, &backend.ctx, id, &user),
                     ERR_OK);
    assert_int_equal(user.state, USER_READY);
    assert_true(user.topic_reference[0] != '\0');
    assert_int_equal(ports->keys.describe(ports->keys.self, &backend.ctx, id, &key), ERR_OK);
    assert_string_equal(user.key_reference, key.reference);
}

static const char *numbered(const char *name, int i, bool after)
{
    return arena_printf(&backend.arena, "%s%d%s", name, i, after ? "after" : "before");
}

static void test_confirmation_cut_and_repeated(void **state)
{
    (void)state;
    for (int step = STEP_KEYS_PROVISION; step <= STEP_USER_PUT; step++) {
        for (int after = 0; after < 2; after++) {
            const char *name = numbered("conrad", step, after != 0);
            const char *code = backend_sign_up(&backend, name);
            struct uuid id;
            backend_cut((enum backend_step)step, after != 0);
            assert_int_equal(confirm(name, code, &id), ERR_UNAVAILABLE);
            backend_cut(STEP_NONE, false);
            assert_int_equal(confirm(name, code, &id), ERR_OK);
            expect_ready(&id);
            assert_int_equal(provision_by_id(backend.core, &backend.ctx, &id), ERR_OK);
            expect_ready(&id);
        }
    }
}

static void test_sign_in_completes_a_cut_confirmation(void **state)
{
    (void)state;
    const char *code = backend_sign_up(&backend, "lazy");
    struct uuid id;
    struct actor actor;
    backend_cut(STEP_USER_PUT, false);
    assert_int_equal(confirm("lazy", code, &id), ERR_UNAVAILABLE);
    /* The grant comes all the same: its recovery key is given only once. */
    assert_int_equal(backend_sign_in(&backend, "lazy", &actor), ERR_OK);
    struct accounts_profile profile;
    assert_int_equal(accounts_profile(backend.core, &backend.ctx, &profile), ERR_UNAVAILABLE);
    backend_cut(STEP_NONE, false);
    assert_int_equal(accounts_profile(backend.core, &backend.ctx, &profile), ERR_OK);
    assert_string_equal(profile.account.username, "lazy");
    assert_true(profile.account.recovery_key_set);
    assert_int_equal(profile.quota_bytes, backend.config.quota_bytes);
    expect_ready(&actor.user_id);
    actor_fini(&actor);
}

static void join(const char *name, struct actor *actor)
{
    struct uuid id;
    assert_int_equal(confirm(name, backend_sign_up(&backend, name), &id), ERR_OK);
    assert_int_equal(backend_sign_in(&backend, name, actor), ERR_OK);
}

static void test_erasure_cut_and_repeated(void **state)
{
    (void)state;
    const struct identity_credential proof = {.password = BYTES_LIT(BACKEND_PASSWORD)};
    const struct records *records = &backend.core->ports->records;
    for (int step = STEP_NOTICES_DESTROY; step <= STEP_ACCOUNT_ERASE; step++) {
        for (int after = 0; after < 2; after++) {
            if (step == STEP_ACCOUNT_ERASE && after != 0)
                continue; /* then nobody is left to repeat it, and nothing to do */
            const char *name = numbered("erika", step, after != 0);
            struct actor actor;
            join(name, &actor);
            backend_cut((enum backend_step)step, after != 0);
            assert_int_equal(accounts_erase(backend.core, &backend.ctx, &proof), ERR_UNAVAILABLE);
            backend_cut(STEP_NONE, false);
            /* Also after a new sign-in, should the session be gone. */
            struct actor again;
            assert_int_equal(backend_sign_in(&backend, name, &again), ERR_OK);
            assert_int_equal(accounts_erase(backend.core, &backend.ctx, &proof), ERR_OK);
            struct user_record user;
            assert_int_equal(
                records->user_by_id(records->self, &backend.ctx, &actor.user_id, &user),
                ERR_NOT_FOUND);
            struct actor none;
            assert_int_equal(backend_sign_in(&backend, name, &none), ERR_BAD_CREDENTIALS);
            actor_fini(&actor);
            actor_fini(&again);
        }
    }
}

static void test_wrong_password_erases_nothing(void **state)
{
    (void)state;
    struct actor actor;
    join("stays", &actor);
    const struct identity_credential proof = {.password = BYTES_LIT("wrong password")};
    assert_int_equal(accounts_erase(backend.core, &backend.ctx, &proof), ERR_BAD_CREDENTIALS);
    expect_ready(&actor.user_id);
    actor_fini(&actor);
}

static void test_rotation_reaches_the_record(void **state)
{
    (void)state;
    struct actor actor;
    struct key_description before, after;
    const struct keys *keys = &backend.core->ports->keys;
    join("rosa", &actor);
    assert_int_equal(keys->describe(keys->self, &backend.ctx, &actor.user_id, &before), ERR_OK);
    assert_int_equal(accounts_rotate_key(backend.core, &backend.ctx, &after), ERR_OK);
    assert_string_not_equal(before.reference, after.reference);
    expect_ready(&actor.user_id);
    actor_fini(&actor);
}

static void test_ended_sessions_are_refused_at_once(void **state)
{
    (void)state;
    const struct identity_credential credential = {.password = BYTES_LIT(BACKEND_PASSWORD)};
    struct identity_grant grant;
    struct actor actor, other;
    join("selma", &actor);
    assert_int_equal(sessions_sign_in(backend.core, &backend.ctx, BYTES_LIT("selma"), &credential,
                                      BYTES_LIT("test"), &grant),
                     ERR_OK);
    assert_int_equal(
        sessions_authenticate(backend.core, &backend.ctx, grant.access_token, ACTOR_ACCESS, &other),
        ERR_OK);
    assert_int_equal(
        sessions_authenticate(backend.core, &backend.ctx, grant.access_token, ACTOR_ID, &other),
        ERR_ID_TOKEN_REQUIRED);
    bool known = false;
    assert_int_equal(sessions_recall(backend.core, &backend.ctx, grant.access_token, ACTOR_ACCESS,
                                     &other, &known),
                     ERR_OK);
    assert_true(known);
    assert_int_equal(sessions_end_others(backend.core, &backend.ctx), ERR_OK);
    assert_int_equal(
        sessions_authenticate(backend.core, &backend.ctx, grant.access_token, ACTOR_ACCESS, &other),
        ERR_UNAUTHENTICATED);
    assert_int_equal(sessions_end(backend.core, &backend.ctx, &grant.session_id), ERR_NOT_FOUND);
    assert_int_equal(sessions_end(backend.core, &backend.ctx, &actor.session_id), ERR_OK);
    actor_fini(&actor);
    actor_fini(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_confirmation_cut_and_repeated),
        cmocka_unit_test(test_sign_in_completes_a_cut_confirmation),
        cmocka_unit_test(test_erasure_cut_and_repeated),
        cmocka_unit_test(test_wrong_password_erases_nothing),
        cmocka_unit_test(test_rotation_reaches_the_record),
        cmocka_unit_test(test_ended_sessions_are_refused_at_once),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
