#include "contract_identity.h"

#include "base/encode.h"
#include "base/threads.h"
#include "household.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define THREADS 8
#define GRACE_MS 10000

static enum err refresh(struct household *h, struct bytes token, struct identity_grant *out)
{
    return h->identity.refresh(h->identity.self, &h->ctx, token, out);
}

static enum err check(struct household *h)
{
    return h->identity.session_check(h->identity.self, &h->ctx, &h->actor);
}

static void test_refresh(void **state)
{
    struct household *h = *state;
    struct identity_grant next;
    household_add(h, "anna");
    struct identity_grant first = household_enter(h, "anna");
    struct actor before = h->actor;
    bool own_tokens = household_traits()->own_tokens;
    household_at(h, own_tokens ? 2 * HOUR_MS : MINUTE_MS);
    assert_int_equal(refresh(h, first.refresh_token, &next), ERR_OK);
    assert_true(uuid_equal(&next.session_id, &first.session_id));
    assert_true(!own_tokens || !bytes_equal(next.refresh_token, first.refresh_token));
    assert_null(next.recovery_key);
    household_act(h, next.id_token);
    assert_true(secret_equal(&h->actor.custody, &before.custody));
    assert_int_equal(check(h), ERR_OK);
    household_act(h, next.access_token);
    assert_int_equal(check(h), ERR_OK);
}

static void test_refresh_after_restart(void **state)
{
    struct household *h = *state;
    struct identity_grant next;
    household_add(h, "anna");
    struct identity_grant grant = household_enter(h, "anna");
    household_restart(h);
    assert_int_equal(refresh(h, grant.refresh_token, &next), ERR_OK);
    household_act(h, next.id_token);
    assert_int_equal(h->actor.has_custody, household_traits()->keys_by_password);
    assert_int_equal(check(h), ERR_OK);
}

static void test_lost_answer_to_refresh(void **state)
{
    struct household *h = *state;
    struct identity_grant second;
    struct identity_grant again;
    struct identity_grant third;
    household_add(h, "anna");
    struct identity_grant first = household_enter(h, "anna");
    assert_int_equal(refresh(h, first.refresh_token, &second), ERR_OK);
    household_at(h, GRACE_MS);
    assert_int_equal(refresh(h, first.refresh_token, &again), ERR_OK);
    assert_true(bytes_equal(second.refresh_token, again.refresh_token));
    household_at(h, HOUR_MS);
    assert_int_equal(refresh(h, second.refresh_token, &third), ERR_OK);
}

static void test_reuse_ends_the_session(void **state)
{
    struct household *h = *state;
    struct identity_grant second;
    struct identity_grant out;
    household_add(h, "anna");
    struct identity_grant first = household_enter(h, "anna");
    assert_int_equal(refresh(h, first.refresh_token, &second), ERR_OK);
    household_at(h, GRACE_MS + 1);
    assert_int_equal(refresh(h, first.refresh_token, &out), ERR_REFRESH_REUSED);
    assert_int_equal(check(h), ERR_UNAUTHENTICATED);
    assert_int_equal(refresh(h, second.refresh_token, &out), ERR_UNAUTHENTICATED);
    assert_int_equal(refresh(h, first.refresh_token, &out), ERR_UNAUTHENTICATED);
}

/* Once the successor was used, a second use within the grace is a thief's too. */
static void test_grace_ends_with_the_successors_use(void **state)
{
    struct household *h = *state;
    struct identity_grant second;
    struct identity_grant third;
    struct identity_grant out;
    household_add(h, "anna");
    struct identity_grant first = household_enter(h, "anna");
    assert_int_equal(refresh(h, first.refresh_token, &second), ERR_OK);
    assert_int_equal(refresh(h, second.refresh_token, &third), ERR_OK);
    assert_int_equal(refresh(h, first.refresh_token, &out), ERR_REFRESH_REUSED);
    assert_int_equal(refresh(h, third.refresh_token, &out), ERR_UNAUTHENTICATED);
}

/* Noise under a session's id does not end it. */
static void test_forged_refresh_tokens(void **state)
{
    struct household *h = *state;
    struct identity_grant out;
    struct bytes raw;
    household_add(h, "anna");
    struct identity_grant grant = household_enter(h, "anna");
    assert_true(encode_base64url_decode(&h->arena, grant.refresh_token, &raw));
    for (size_t i = 0; i < 3; i++) {
        static const size_t places[] = {0, UUID_BYTES, UUID_BYTES + 2 * SECRET_BYTES - 1};
        uint8_t *forged = arena_alloc(&h->arena, raw.n);
        memcpy(forged, raw.p, raw.n);
        forged[places[i]] ^= 1;
        struct buffer text;
        buffer_init(&text, 256);
        encode_base64url(&text, bytes_of(forged, raw.n));
        /* Who has the right family secret had a token once: that is a second use. */
        assert_int_equal(refresh(h, buffer_bytes(&text), &out),
                         i == 2 ? ERR_REFRESH_REUSED : ERR_UNAUTHENTICATED);
        assert_int_equal(check(h), i == 2 ? ERR_UNAUTHENTICATED : ERR_OK);
        buffer_fini(&text);
    }
}

static void test_malformed_refresh_tokens(void **state)
{
    struct household *h = *state;
    struct identity_grant out;
    household_add(h, "anna");
    struct identity_grant grant = household_enter(h, "anna");
    struct bytes token = grant.refresh_token;
    const struct bytes malformed[] = {
        {0}, BYTES_LIT("x"), bytes_slice(token, 0, token.n - 1), grant.id_token, BYTES_LIT("..")};
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++)
        assert_int_equal(refresh(h, malformed[i], &out), ERR_UNAUTHENTICATED);
    assert_int_equal(check(h), ERR_OK);
}

static void test_unused_sessions_expire(void **state)
{
    struct household *h = *state;
    struct identity_grant out;
    struct identity_session *sessions;
    size_t count;
    household_add(h, "anna");
    struct identity_grant grant = household_enter(h, "anna");
    int64_t lifetime_ms = grant.refresh_expires_s * 1000;
    household_at(h, lifetime_ms - MINUTE_MS);
    assert_int_equal(refresh(h, grant.refresh_token, &grant), ERR_OK);
    household_at(h, 2 * lifetime_ms);
    assert_int_equal(check(h), ERR_UNAUTHENTICATED);
    assert_int_equal(refresh(h, grant.refresh_token, &out), ERR_UNAUTHENTICATED);
    assert_int_equal(h->identity.sessions_list(h->identity.self, &h->ctx, &sessions, &count),
                     ERR_OK);
    assert_int_equal(count, 0);
}

static void test_list(void **state)
{
    struct household *h = *state;
    struct identity_session *sessions;
    size_t count;
    struct identity_grant out;
    const struct identity_credential credential = {.password = BYTES_LIT(HOUSEHOLD_PASSWORD)};
    household_add(h, "anna");
    household_add(h, "bert");
    household_enter(h, "bert");
    struct identity_grant first = household_enter(h, "anna");
    household_at(h, MINUTE_MS);
    char long_name[300];
    memset(long_name, 'x', sizeof long_name);
    memcpy(long_name, "a\n\x1b<b>", 6);
    assert_int_equal(h->identity.sign_in(h->identity.self, &h->ctx, BYTES_LIT("anna"), &credential,
                                         bytes_of(long_name, sizeof long_name), &out),
                     ERR_OK);
    household_at(h, 2 * MINUTE_MS);
    assert_int_equal(refresh(h, first.refresh_token, &first), ERR_OK);
    assert_int_equal(h->identity.sessions_list(h->identity.self, &h->ctx, &sessions, &count),
                     ERR_OK);
    assert_int_equal(count, 2);
    assert_true(uuid_equal(&sessions[0].id, &out.session_id));
    assert_true(strlen(sessions[0].client) <= 100);
    assert_int_equal(strncmp(sessions[0].client, "a?\?<b>", 6), 0);
    assert_true(uuid_equal(&sessions[1].id, &first.session_id));
    assert_string_equal(sessions[1].client, "a test");
    assert_int_equal(sessions[1].created_unix_ms, h->start_unix_ms);
    assert_int_equal(sessions[1].last_used_unix_ms, h->start_unix_ms + 2 * MINUTE_MS);
    assert_int_equal(sessions[1].expires_unix_ms,
                     h->ctx.now_unix_ms + first.refresh_expires_s * 1000);
}

static void test_end_one(void **state)
{
    struct household *h = *state;
    struct identity_grant out;
    household_add(h, "anna");
    household_add(h, "bert");
    struct identity_grant berts = household_enter(h, "bert");
    struct actor bert = h->actor;
    struct identity_grant annas = household_enter(h, "anna");
    assert_int_equal(h->identity.session_end(h->identity.self, &h->ctx, &berts.session_id),
                     ERR_NOT_FOUND);
    assert_int_equal(h->identity.session_check(h->identity.self, &h->ctx, &bert), ERR_OK);
    assert_int_equal(h->identity.session_end(h->identity.self, &h->ctx, &annas.session_id), ERR_OK);
    assert_int_equal(check(h), ERR_UNAUTHENTICATED);
    assert_int_equal(refresh(h, annas.refresh_token, &out), ERR_UNAUTHENTICATED);
    assert_int_equal(h->identity.session_end(h->identity.self, &h->ctx, &annas.session_id),
                     ERR_NOT_FOUND);
    /* A session of one is not that of another. */
    h->actor.session_id = berts.session_id;
    assert_int_equal(check(h), ERR_UNAUTHENTICATED);
}

static void test_end_all(void **state)
{
    struct household *h = *state;
    struct identity_grant out;
    household_add(h, "anna");
    household_add(h, "bert");
    household_enter(h, "bert");
    struct actor bert = h->actor;
    struct identity_grant other = household_enter(h, "anna");
    struct identity_grant kept = household_enter(h, "anna");
    assert_int_equal(h->identity.sessions_end_all(h->identity.self, &h->ctx, &kept.session_id),
                     ERR_OK);
    assert_int_equal(check(h), ERR_OK);
    assert_int_equal(refresh(h, other.refresh_token, &out), ERR_UNAUTHENTICATED);
    assert_int_equal(h->identity.sessions_end_all(h->identity.self, &h->ctx, NULL), ERR_OK);
    assert_int_equal(check(h), ERR_UNAUTHENTICATED);
    assert_int_equal(h->identity.session_check(h->identity.self, &h->ctx, &bert), ERR_OK);
}

static void test_disabling_ends_sessions(void **state)
{
    struct household *h = *state;
    struct identity_grant out;
    household_add(h, "anna");
    struct identity_grant grant = household_enter(h, "anna");
    h->maker->set_disabled(h->made, &h->ctx, "anna", true);
    assert_int_equal(check(h), ERR_UNAUTHENTICATED);
    assert_int_equal(refresh(h, grant.refresh_token, &out), ERR_UNAUTHENTICATED);
}

/* --- several at a time --- */

struct refresher {
    struct household *h;
    struct bytes token;
    struct arena arena;
    struct identity_grant grant;
    enum err result;
};

static void refresh_on_thread(void *arg)
{
    struct refresher *r = arg;
    struct ctx ctx;
    ctx_init(&ctx, &r->arena, 30000);
    ctx.now_unix_ms = r->h->ctx.now_unix_ms;
    r->result = r->h->identity.refresh(r->h->identity.self, &ctx, r->token, &r->grant);
}

/* Windows of one browser share a token and need not agree on who refreshes. */
static void test_windows_refresh_at_once(void **state)
{
    struct household *h = *state;
    struct thread threads[THREADS] = {0};
    struct refresher refreshers[THREADS] = {0};
    struct identity_grant next;
    household_add(h, "anna");
    struct identity_grant grant = household_enter(h, "anna");
    for (int i = 0; i < THREADS; i++) {
        refreshers[i] = (struct refresher){.h = h, .token = grant.refresh_token};
        thread_start(&threads[i], "refresh", refresh_on_thread, &refreshers[i]);
    }
    for (int i = 0; i < THREADS; i++)
        thread_join(&threads[i]);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(refreshers[i].result, ERR_OK);
        assert_true(
            bytes_equal(refreshers[i].grant.refresh_token, refreshers[0].grant.refresh_token));
    }
    assert_int_equal(refresh(h, refreshers[THREADS - 1].grant.refresh_token, &next), ERR_OK);
    for (int i = 0; i < THREADS; i++)
        arena_fini(&refreshers[i].arena);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, household_open, household_close)

int contract_sessions_run(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_refresh),
        TEST(test_refresh_after_restart),
        TEST(test_lost_answer_to_refresh),
        TEST(test_malformed_refresh_tokens),
        TEST(test_unused_sessions_expire),
        TEST(test_list),
        TEST(test_end_one),
        TEST(test_end_all),
        TEST(test_disabling_ends_sessions),
        TEST(test_windows_refresh_at_once),
    };
    const struct CMUnitTest own_tokens[] = {
        TEST(test_reuse_ends_the_session),
        TEST(test_grace_ends_with_the_successors_use),
        TEST(test_forged_refresh_tokens),
    };
    int failed = cmocka_run_group_tests_name("sessions", tests, NULL, NULL);
    if (household_traits()->own_tokens)
        failed += cmocka_run_group_tests_name("refresh tokens of its own", own_tokens, NULL, NULL);
    return failed;
}
