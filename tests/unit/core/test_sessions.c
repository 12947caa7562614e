/* The cache of verified tokens: what it answers, and what makes it forget. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "core/events.h"
#include "core/sessions.h"

#define NOW_MS 1000000

static struct core core;
static struct ctx ctx = {.now_unix_ms = NOW_MS};
static struct uuid alice, bob, first, second;

static void put(const char *token, const struct uuid *user, const struct uuid *session,
                enum actor_power power, int64_t end_unix_ms)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    digest_sha256(bytes_of_str(token), digest);
    const struct actor actor = {.user_id = *user, .session_id = *session, .power = power};
    cache_put(core.tokens, digest, end_unix_ms, &actor);
}

static bool knows(const char *token)
{
    struct actor actor;
    bool known = false;
    assert_int_equal(
        sessions_recall(&core, &ctx, bytes_of_str(token), ACTOR_ACCESS, &actor, &known), ERR_OK);
    return known;
}

static int setup(void **state)
{
    (void)state;
    core.tokens = cache_create(SESSIONS_CACHE_MAX, sizeof(struct actor));
    core.events = events_create(1, 1);
    alice = uuid_random();
    bob = uuid_random();
    first = uuid_random();
    second = uuid_random();
    put("alice 1 id", &alice, &first, ACTOR_ID, INT64_MAX);
    put("alice 1 access", &alice, &first, ACTOR_ACCESS, INT64_MAX);
    put("alice 2 id", &alice, &second, ACTOR_ID, INT64_MAX);
    put("bob", &bob, &bob, ACTOR_ID, NOW_MS + 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cache_destroy(core.tokens);
    events_destroy(core.events);
    return 0;
}

static void test_recall(void **state)
{
    (void)state;
    struct bytes token = BYTES_LIT("alice 1 id");
    struct actor actor;
    bool known = false;
    assert_int_equal(sessions_recall(&core, &ctx, token, ACTOR_ID, &actor, &known), ERR_OK);
    assert_true(known && uuid_equal(&actor.user_id, &alice));
    assert_ptr_equal(actor.id_token.p, token.p); /* the request's own, never the cache's */
    assert_int_equal(
        sessions_recall(&core, &ctx, BYTES_LIT("alice 1 access"), ACTOR_ID, &actor, &known),
        ERR_ID_TOKEN_REQUIRED);
    assert_int_equal(actor.id_token.n, 0);
    assert_false(knows("nobody's"));
    assert_false(knows(""));
}

static void test_entries_end(void **state)
{
    (void)state;
    assert_true(knows("bob"));
    ctx.now_unix_ms = NOW_MS + 2;
    assert_false(knows("bob"));
    ctx.now_unix_ms = NOW_MS;
}

static void test_forget_a_session(void **state)
{
    (void)state;
    sessions_forget(&core, &first);
    assert_false(knows("alice 1 id") || knows("alice 1 access"));
    assert_true(knows("alice 2 id") && knows("bob"));
}

static void test_forget_a_user(void **state)
{
    (void)state;
    sessions_forget_user(&core, &alice, &second);
    assert_false(knows("alice 1 id") || knows("alice 1 access"));
    assert_true(knows("alice 2 id") && knows("bob"));
    sessions_forget_user(&core, &alice, NULL);
    assert_false(knows("alice 2 id"));
    assert_true(knows("bob"));
}

static void test_streams_end_with_a_session(void **state)
{
    (void)state;
    struct event_stream *stream = NULL;
    struct event event;
    assert_int_equal(events_open(core.events, &alice, &stream), ERR_OK);
    sessions_forget_user(&core, &bob, NULL);
    assert_false(events_next(stream, &event));
    sessions_forget_user(&core, &alice, &second);
    assert_true(events_next(stream, &event));
    assert_int_equal(event.kind, EVENT_LOST);
    events_close(stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_recall, setup, teardown),
        cmocka_unit_test_setup_teardown(test_entries_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forget_a_session, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forget_a_user, setup, teardown),
        cmocka_unit_test_setup_teardown(test_streams_end_with_a_session, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
