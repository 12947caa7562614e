#include "contract_keys.h"

#include "base/threads.h"
#include "sealed_letter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The points of an EDK's info (message format, section 5). */
#define RECIPIENT_OFFSET 5
#define SENDER_OFFSET 42
#define THREADS 4
#define ROUNDS 100

static void rotate(struct household *h)
{
    struct key_description out;
    assert_int_equal(h->keys.rotate(h->keys.self, &h->ctx, &out), ERR_OK);
}

static void test_public_keys(void **state)
{
    struct household *h = *state;
    struct key_description first;
    struct key_description again;
    struct uuid id;
    assert_int_equal(household_sign_up(h, "anna", &id), ERR_OK);
    assert_int_equal(h->keys.provision(h->keys.self, &h->ctx, &id, &first), ERR_OK);
    assert_int_equal(h->keys.provision(h->keys.self, &h->ctx, &id, &again), ERR_OK);
    assert_true(first.has_point);
    assert_memory_equal(first.point, again.point, sizeof first.point);
    assert_int_equal(first.created_unix_ms, h->start_unix_ms);
    household_restart(h);
    again = sealed_letter_key(h, &id);
    assert_memory_equal(first.point, again.point, sizeof first.point);
}

static void test_rotating_takes_the_id_token(void **state)
{
    struct household *h = *state;
    struct key_description out;
    household_add(h, "anna");
    struct identity_grant grant = household_enter(h, "anna");
    household_act(h, grant.access_token);
    assert_int_equal(h->keys.rotate(h->keys.self, &h->ctx, &out), ERR_ID_TOKEN_REQUIRED);
    h->ctx.actor = NULL;
    assert_int_equal(h->keys.rotate(h->keys.self, &h->ctx, &out), ERR_ID_TOKEN_REQUIRED);
}

/* Also what an ended session had in memory opens nothing, even before its token is forgotten. */
static void test_ended_sessions_open_nothing(void **state)
{
    struct household *h = *state;
    household_add(h, "anna");
    struct uuid bert = household_add(h, "bert");
    household_enter(h, "anna");
    struct sealed_letter letter = sealed_letter_make(h, &bert, true);
    struct identity_grant grant = household_enter(h, "bert");
    sealed_letter_assert_opens(h, &letter, true);
    assert_int_equal(h->identity.session_end(h->identity.self, &h->ctx, &grant.session_id), ERR_OK);
    sealed_letter_assert_refused(h, &letter, ERR_UNAUTHENTICATED);
    household_enter(h, "bert");
    sealed_letter_assert_opens(h, &letter, true);
    assert_int_equal(h->identity.sessions_end_all(h->identity.self, &h->ctx, NULL), ERR_OK);
    sealed_letter_assert_refused(h, &letter, ERR_UNAUTHENTICATED);
}

static void test_wrong_custody_opens_nothing(void **state)
{
    struct household *h = *state;
    struct uuid anna = household_add(h, "anna");
    household_enter(h, "anna");
    struct sealed_letter letter = sealed_letter_make(h, &anna, true);
    h->actor.custody.b[0] ^= 1;
    sealed_letter_assert_refused(h, &letter, ERR_UNAUTHENTICATED);
    h->actor.custody.b[0] ^= 1;
    sealed_letter_assert_opens(h, &letter, true);
}

/* What an EDK says of the keys it was made with is authenticated. */
static void test_changed_info(void **state)
{
    struct household *h = *state;
    household_add(h, "anna");
    struct uuid bert = household_add(h, "bert");
    bool can_open;
    bool verified;
    household_enter(h, "anna");
    struct sealed_letter letter = sealed_letter_make(h, &bert, true);
    struct sealed_letter bad = sealed_letter_tampered(h, &letter, true, RECIPIENT_OFFSET + 3);
    assert_int_equal(sealed_letter_check(h, &bad, &bert, &can_open, &verified), ERR_SEALED_INVALID);
    household_enter(h, "bert");
    bad = sealed_letter_tampered(h, &letter, true, SENDER_OFFSET + 5);
    sealed_letter_assert_refused(h, &bad, ERR_LETTER_DAMAGED);
    bad = letter;
    bad.header.edks[0].info.n--;
    sealed_letter_assert_refused(h, &bad, ERR_LETTER_DAMAGED);
}

/* The record's sender is not the one whose key sealed. */
static void test_sender_is_verified(void **state)
{
    struct household *h = *state;
    household_add(h, "anna");
    struct uuid bert = household_add(h, "bert");
    struct uuid carl = household_add(h, "carl");
    household_enter(h, "anna");
    struct sealed_letter letter = sealed_letter_make(h, &bert, true);
    household_enter(h, "bert");
    letter.sender_id = carl;
    sealed_letter_assert_opens(h, &letter, false);
    letter.sender_id = uuid_random();
    sealed_letter_assert_opens(h, &letter, false);
}

static void test_rotation(void **state)
{
    struct household *h = *state;
    struct uuid anna = household_add(h, "anna");
    struct uuid bert = household_add(h, "bert");
    household_enter(h, "anna");
    struct key_description before = sealed_letter_key(h, &anna);
    struct sealed_letter old = sealed_letter_make(h, &bert, true);
    household_at(h, MINUTE_MS);
    rotate(h);
    struct key_description after = sealed_letter_key(h, &anna);
    assert_memory_not_equal(before.point, after.point, sizeof before.point);
    assert_string_not_equal(before.reference, after.reference);
    assert_int_equal(after.created_unix_ms, h->ctx.now_unix_ms);
    assert_int_equal(after.lost_before_unix_ms, 0);
    struct sealed_letter fresh = sealed_letter_make(h, &bert, true);
    assert_memory_equal(fresh.header.edks[0].info.p + SENDER_OFFSET, after.point, KEY_POINT_BYTES);
    sealed_letter_assert_opens(h, &old, true);
    sealed_letter_assert_opens(h, &fresh, true);
    household_enter(h, "bert");
    sealed_letter_assert_opens(h, &old, true);
    sealed_letter_assert_opens(h, &fresh, true);
    struct sealed_letter answer = sealed_letter_make(h, &anna, true);
    assert_memory_equal(answer.header.edks[0].info.p + RECIPIENT_OFFSET, after.point,
                        KEY_POINT_BYTES);
}

/* More keys than are cached of a user. */
static void test_many_keys(void **state)
{
    struct household *h = *state;
    struct uuid anna = household_add(h, "anna");
    household_enter(h, "anna");
    struct sealed_letter first = sealed_letter_make(h, &anna, true);
    for (int i = 0; i < 40; i++)
        rotate(h);
    struct sealed_letter last = sealed_letter_make(h, &anna, true);
    sealed_letter_assert_opens(h, &first, true);
    sealed_letter_assert_opens(h, &last, true);
}

static void reset(struct household *h, const char *name, const char *recovery_key)
{
    char code[HOUSEHOLD_CODE_BYTES];
    struct uuid id;
    bool keys_lost;
    household_reset_code(h, name, code);
    assert_int_equal(h->identity.reset_password(h->identity.self, &h->ctx, bytes_of_str(name),
                                                bytes_of_str(code), BYTES_LIT(HOUSEHOLD_PASSWORD),
                                                bytes_of_str(recovery_key), &id, &keys_lost),
                     ERR_OK);
}

static void test_lost_keys(void **state)
{
    struct household *h = *state;
    household_at(h, -MINUTE_MS);
    struct uuid anna = household_add(h, "anna");
    struct uuid bert = household_add(h, "bert");
    household_enter(h, "bert");
    struct sealed_letter received = sealed_letter_make(h, &anna, true);
    household_enter(h, "anna");
    struct sealed_letter sent = sealed_letter_make(h, &bert, true);
    struct sealed_letter foreign = sealed_letter_make(h, &bert, false);
    household_at(h, 0);
    reset(h, "anna", "");
    struct key_description now = sealed_letter_key(h, &anna);
    assert_int_equal(now.lost_before_unix_ms, h->ctx.now_unix_ms);
    assert_int_equal(now.created_unix_ms, h->ctx.now_unix_ms);
    household_enter(h, "anna");
    sealed_letter_assert_refused(h, &received, ERR_KEY_LOST);
    sealed_letter_assert_refused(h, &sent, ERR_KEY_LOST);
    sealed_letter_assert_refused(h, &foreign, ERR_NOT_FOR_US);
    household_enter(h, "bert");
    sealed_letter_assert_opens(h, &received, true);
    sealed_letter_assert_opens(h, &sent, true); /* verified by a key that its owner lost */
    struct sealed_letter fresh = sealed_letter_make(h, &anna, true);
    household_enter(h, "anna");
    sealed_letter_assert_opens(h, &fresh, true);
}

static void test_recovered_and_rewrapped_keys(void **state)
{
    struct household *h = *state;
    struct uuid anna = household_add(h, "anna");
    struct identity_grant grant = household_enter(h, "anna");
    struct sealed_letter letter = sealed_letter_make(h, &anna, true);
    struct key_description before = sealed_letter_key(h, &anna);
    reset(h, "anna", grant.recovery_key);
    household_enter(h, "anna");
    sealed_letter_assert_opens(h, &letter, true);
    struct key_description after = sealed_letter_key(h, &anna);
    assert_memory_equal(before.point, after.point, sizeof before.point);
    assert_int_equal(after.lost_before_unix_ms, 0);
    const struct identity_credential old = {.password = BYTES_LIT(HOUSEHOLD_PASSWORD)};
    assert_int_equal(h->identity.change_password(h->identity.self, &h->ctx, &old,
                                                 BYTES_LIT(HOUSEHOLD_NEW_PASSWORD)),
                     ERR_OK);
    sealed_letter_assert_opens(h, &letter, true);
    struct identity_grant next;
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_NEW_PASSWORD, &next), ERR_OK);
    household_act(h, next.id_token);
    sealed_letter_assert_opens(h, &letter, true);
    assert_int_equal(h->identity.refresh(h->identity.self, &h->ctx, next.refresh_token, &next),
                     ERR_OK);
    household_act(h, next.id_token);
    sealed_letter_assert_opens(h, &letter, true);
}

/* Only the recipient's present key will do; of the sender's own, all that still open. */
static void test_check_sealed_after_changes(void **state)
{
    struct household *h = *state;
    household_add(h, "anna");
    struct uuid bert = household_add(h, "bert");
    bool can_open;
    bool verified;
    household_enter(h, "anna");
    struct sealed_letter letter = sealed_letter_make(h, &bert, true);
    household_enter(h, "bert");
    rotate(h);
    household_enter(h, "anna");
    assert_int_equal(sealed_letter_check(h, &letter, &bert, &can_open, &verified),
                     ERR_SEALED_INVALID);
    letter = sealed_letter_make(h, &bert, true);
    rotate(h);
    assert_int_equal(sealed_letter_check(h, &letter, &bert, &can_open, &verified), ERR_OK);
    assert_true(can_open && verified);
    reset(h, "anna", "");
    household_enter(h, "anna");
    assert_int_equal(sealed_letter_check(h, &letter, &bert, &can_open, &verified), ERR_OK);
    assert_false(can_open || verified);
}

/* --- several at a time --- */

struct sender {
    struct household *h;
    struct actor actor;
    struct uuid to;
    atomic_bool *stop;
    enum err result;
    unsigned sent;
};

static void send_on_thread(void *arg)
{
    struct sender *s = arg;
    do {
        struct arena arena = {0};
        struct household own = {.keys = s->h->keys, .actor = s->actor};
        struct sealed_letter letter;
        bool verified = false;
        ctx_init(&own.ctx, &arena, 30000);
        own.ctx.actor = &own.actor;
        s->result = sealed_letter_wrap(&own, &s->to, true, &letter);
        if (s->result == ERR_OK)
            s->result = sealed_letter_open(&own, &letter, &verified);
        if (s->result == ERR_OK && !verified)
            s->result = ERR_LETTER_DAMAGED;
        s->sent++;
        arena_fini(&arena);
    } while (s->result == ERR_OK && !atomic_load(s->stop));
}

/* Letters are sealed and opened while their recipient's key turns over; once it has, no letter is
 * sealed to the old one. */
static void test_rotation_under_load(void **state)
{
    struct household *h = *state;
    struct thread threads[THREADS] = {0};
    struct sender senders[THREADS];
    atomic_bool stop = false;
    household_add(h, "anna");
    struct uuid bert = household_add(h, "bert");
    household_enter(h, "anna");
    for (int i = 0; i < THREADS; i++) {
        senders[i] = (struct sender){.h = h, .actor = h->actor, .to = bert, .stop = &stop};
        thread_start(&threads[i], "sender", send_on_thread, &senders[i]);
    }
    household_enter(h, "bert");
    for (int i = 0; i < ROUNDS; i++) {
        rotate(h);
        struct key_description now = sealed_letter_key(h, &bert);
        struct sealed_letter letter = sealed_letter_make(h, &bert, false);
        assert_memory_equal(letter.header.edks[0].info.p + RECIPIENT_OFFSET, now.point,
                            KEY_POINT_BYTES);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < THREADS; i++) {
        thread_join(&threads[i]);
        assert_int_equal(senders[i].result, ERR_OK);
        assert_true(senders[i].sent > 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, household_open, household_close)

int contract_key_rings_run(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_public_keys),
        TEST(test_rotating_takes_the_id_token),
        TEST(test_ended_sessions_open_nothing),
        TEST(test_wrong_custody_opens_nothing),
        TEST(test_changed_info),
        TEST(test_sender_is_verified),
        TEST(test_rotation),
        TEST(test_many_keys),
        TEST(test_lost_keys),
        TEST(test_recovered_and_rewrapped_keys),
        TEST(test_check_sealed_after_changes),
        TEST(test_rotation_under_load),
    };
    return cmocka_run_group_tests_name("key rings", tests, NULL, NULL);
}
