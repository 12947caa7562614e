#include "contract_keys.h"

#include "base/threads.h"
#include "household.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The tag of an EDK's ciphertext and the points of its info (message format, section 5). */
#define TAG_OFFSET 96
#define RECIPIENT_OFFSET 5
#define SENDER_OFFSET 42
#define THREADS 4
#define ROUNDS 100

/* A letter as far as keys go. */
struct sealed {
    struct key_wrapped wrapped;
    struct header header;
    struct uuid sender_id;
};

static enum err wrap(struct household *h, const struct uuid *to, bool copy, struct sealed *out)
{
    const struct key_wrap in = {
        .recipient_id = to,
        .recipient_reference = "",
        .sender_reference = "",
        .copy = copy,
        .context = BYTES_LIT("context"),
    };
    enum err e = h->keys.wrap(h->keys.self, &h->ctx, &in, &out->wrapped);
    if (e != ERR_OK)
        return e;
    out->sender_id = h->actor.user_id;
    out->header = (struct header){.aad = in.context, .edk_count = out->wrapped.edk_count};
    memcpy(out->header.edks, out->wrapped.edks, sizeof out->wrapped.edks);
    return ERR_OK;
}

static struct sealed seal(struct household *h, const struct uuid *to, bool copy)
{
    struct sealed out;
    assert_int_equal(wrap(h, to, copy, &out), ERR_OK);
    return out;
}

static enum err open_letter(struct household *h, const struct sealed *letter, bool *verified)
{
    struct secret data_key = {0};
    enum err e = h->keys.unwrap(h->keys.self, &h->ctx, &letter->header, &letter->sender_id,
                                &data_key, verified);
    if (e == ERR_OK)
        assert_true(secret_equal(&data_key, &letter->wrapped.data_key));
    secret_fini(&data_key);
    return e;
}

static void assert_opens(struct household *h, const struct sealed *letter, bool verified)
{
    bool is = !verified;
    assert_int_equal(open_letter(h, letter, &is), ERR_OK);
    assert_int_equal(is, verified);
}

static void assert_refused(struct household *h, const struct sealed *letter, enum err e)
{
    bool verified;
    assert_int_equal(open_letter(h, letter, &verified), e);
}

static struct key_description describe(struct household *h, const struct uuid *id)
{
    struct key_description out;
    assert_int_equal(h->keys.describe(h->keys.self, &h->ctx, id, &out), ERR_OK);
    return out;
}

static void rotate(struct household *h)
{
    struct key_description out;
    assert_int_equal(h->keys.rotate(h->keys.self, &h->ctx, &out), ERR_OK);
}

/* A copy of the letter with one byte of its first EDK changed. */
static struct sealed tampered(struct household *h, const struct sealed *letter, bool info,
                              size_t offset)
{
    struct sealed out = *letter;
    struct bytes *part = info ? &out.header.edks[0].info : &out.header.edks[0].ciphertext;
    uint8_t *copy = arena_alloc(&h->arena, part->n);
    memcpy(copy, part->p, part->n);
    copy[offset] ^= 1;
    part->p = copy;
    return out;
}

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
    assert_true(first.has_point);
    assert_memory_equal(first.point, again.point, sizeof first.point);
    assert_string_equal(first.reference, again.reference);
    assert_int_equal(first.created_unix_ms, h->start_unix_ms);
    assert_int_equal(first.lost_before_unix_ms, 0);
    household_restart(h);
    again = describe(h, &id);
    assert_memory_equal(first.point, again.point, sizeof first.point);
}

static void test_both_sides_open(void **state)
{
    struct household *h = *state;
    household_add(h, "anna");
    struct uuid bert = household_add(h, "bert");
    household_add(h, "carl");
    household_enter(h, "anna");
    struct sealed letter = seal(h, &bert, true);
    assert_true(letter.wrapped.sender_can_open);
    assert_true(letter.wrapped.sender_verified);
    struct sealed second = seal(h, &bert, true);
    assert_false(secret_equal(&letter.wrapped.data_key, &second.wrapped.data_key));
    assert_opens(h, &letter, true);
    household_enter(h, "bert");
    assert_opens(h, &letter, true);
    assert_opens(h, &second, true);
    household_enter(h, "carl");
    assert_refused(h, &letter, ERR_NOT_FOR_US);
    household_restart(h);
    household_enter(h, "bert");
    assert_opens(h, &letter, true);
}

static void test_without_a_copy(void **state)
{
    struct household *h = *state;
    household_add(h, "anna");
    struct uuid bert = household_add(h, "bert");
    struct identity_grant grant = household_enter(h, "anna");
    struct sealed refused = seal(h, &bert, false);
    household_act(h, grant.access_token);
    struct sealed powerless = seal(h, &bert, true);
    const struct sealed *letters[] = {&refused, &powerless};
    for (size_t i = 0; i < 2; i++) {
        assert_false(letters[i]->wrapped.sender_can_open);
        assert_false(letters[i]->wrapped.sender_verified);
        household_act(h, grant.id_token);
        assert_refused(h, letters[i], ERR_NOT_FOR_US);
        household_enter(h, "bert");
        assert_opens(h, letters[i], false);
    }
}

static void test_to_oneself(void **state)
{
    struct household *h = *state;
    struct uuid anna = household_add(h, "anna");
    household_enter(h, "anna");
    struct sealed letter = seal(h, &anna, true);
    struct sealed uncopied = seal(h, &anna, false);
    assert_opens(h, &letter, true);
    assert_opens(h, &uncopied, false);
}

static void test_opening_takes_the_id_token(void **state)
{
    struct household *h = *state;
    household_add(h, "anna");
    struct uuid bert = household_add(h, "bert");
    household_enter(h, "anna");
    struct sealed letter = seal(h, &bert, true);
    struct identity_grant grant = household_enter(h, "bert");
    assert_opens(h, &letter, true);
    household_act(h, grant.access_token);
    assert_refused(h, &letter, ERR_ID_TOKEN_REQUIRED);
    h->ctx.actor = NULL;
    assert_refused(h, &letter, ERR_ID_TOKEN_REQUIRED);
    struct key_description out;
    assert_int_equal(h->keys.rotate(h->keys.self, &h->ctx, &out), ERR_ID_TOKEN_REQUIRED);
}

/* Also what an ended session had in memory opens nothing, even before its token is forgotten. */
static void test_ended_sessions_open_nothing(void **state)
{
    struct household *h = *state;
    household_add(h, "anna");
    struct uuid bert = household_add(h, "bert");
    household_enter(h, "anna");
    struct sealed letter = seal(h, &bert, true);
    struct identity_grant grant = household_enter(h, "bert");
    assert_opens(h, &letter, true);
    assert_int_equal(h->identity.session_end(h->identity.self, &h->ctx, &grant.session_id), ERR_OK);
    assert_refused(h, &letter, ERR_UNAUTHENTICATED);
    household_enter(h, "bert");
    assert_opens(h, &letter, true);
    assert_int_equal(h->identity.sessions_end_all(h->identity.self, &h->ctx, NULL), ERR_OK);
    assert_refused(h, &letter, ERR_UNAUTHENTICATED);
}

static void test_wrong_custody_opens_nothing(void **state)
{
    struct household *h = *state;
    struct uuid anna = household_add(h, "anna");
    household_enter(h, "anna");
    struct sealed letter = seal(h, &anna, true);
    h->actor.custody.b[0] ^= 1;
    assert_refused(h, &letter, ERR_UNAUTHENTICATED);
    h->actor.custody.b[0] ^= 1;
    assert_opens(h, &letter, true);
}

static void test_unknown_recipient(void **state)
{
    struct household *h = *state;
    struct uuid unconfirmed;
    struct uuid nobody = uuid_random();
    struct sealed out;
    household_add(h, "anna");
    assert_int_equal(household_sign_up(h, "bert", &unconfirmed), ERR_OK);
    household_enter(h, "anna");
    assert_int_equal(wrap(h, &nobody, true, &out), ERR_UNKNOWN_RECIPIENT);
    assert_int_equal(wrap(h, &unconfirmed, true, &out), ERR_UNKNOWN_RECIPIENT);
}

static void test_damage(void **state)
{
    struct household *h = *state;
    household_add(h, "anna");
    struct uuid bert = household_add(h, "bert");
    household_enter(h, "anna");
    struct sealed letter = seal(h, &bert, true);
    household_enter(h, "bert");
    struct sealed bad = tampered(h, &letter, false, TAG_OFFSET);
    assert_refused(h, &bad, ERR_LETTER_DAMAGED);
    bad = tampered(h, &letter, true, SENDER_OFFSET + 5);
    assert_refused(h, &bad, ERR_LETTER_DAMAGED);
    bad = letter;
    bad.header.aad = BYTES_LIT("contexT");
    assert_refused(h, &bad, ERR_LETTER_DAMAGED);
    bad = letter;
    bad.header.edks[0].info.n--;
    assert_refused(h, &bad, ERR_LETTER_DAMAGED);
    bad = letter;
    bad.header.edks[0].provider = BYTES_LIT("aws-kms");
    assert_refused(h, &bad, ERR_NOT_FOR_US);
}

/* The record's sender is not the one whose key sealed. */
static void test_sender_is_verified(void **state)
{
    struct household *h = *state;
    household_add(h, "anna");
    struct uuid bert = household_add(h, "bert");
    struct uuid carl = household_add(h, "carl");
    household_enter(h, "anna");
    struct sealed letter = seal(h, &bert, true);
    household_enter(h, "bert");
    letter.sender_id = carl;
    assert_opens(h, &letter, false);
    letter.sender_id = uuid_random();
    assert_opens(h, &letter, false);
}

static void test_rotation(void **state)
{
    struct household *h = *state;
    struct uuid anna = household_add(h, "anna");
    struct uuid bert = household_add(h, "bert");
    household_enter(h, "anna");
    struct key_description before = describe(h, &anna);
    struct sealed old = seal(h, &bert, true);
    household_at(h, MINUTE_MS);
    rotate(h);
    struct key_description after = describe(h, &anna);
    assert_memory_not_equal(before.point, after.point, sizeof before.point);
    assert_string_not_equal(before.reference, after.reference);
    assert_int_equal(after.created_unix_ms, h->ctx.now_unix_ms);
    assert_int_equal(after.lost_before_unix_ms, 0);
    struct sealed fresh = seal(h, &bert, true);
    assert_memory_equal(fresh.header.edks[0].info.p + SENDER_OFFSET, after.point, KEY_POINT_BYTES);
    assert_opens(h, &old, true);
    assert_opens(h, &fresh, true);
    household_enter(h, "bert");
    assert_opens(h, &old, true);
    assert_opens(h, &fresh, true);
    struct sealed answer = seal(h, &anna, true);
    assert_memory_equal(answer.header.edks[0].info.p + RECIPIENT_OFFSET, after.point,
                        KEY_POINT_BYTES);
}

/* More keys than are cached of a user. */
static void test_many_keys(void **state)
{
    struct household *h = *state;
    struct uuid anna = household_add(h, "anna");
    household_enter(h, "anna");
    struct sealed first = seal(h, &anna, true);
    for (int i = 0; i < 40; i++)
        rotate(h);
    struct sealed last = seal(h, &anna, true);
    assert_opens(h, &first, true);
    assert_opens(h, &last, true);
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
    struct sealed received = seal(h, &anna, true);
    household_enter(h, "anna");
    struct sealed sent = seal(h, &bert, true);
    struct sealed foreign = seal(h, &bert, false);
    household_at(h, 0);
    reset(h, "anna", "");
    struct key_description now = describe(h, &anna);
    assert_int_equal(now.lost_before_unix_ms, h->ctx.now_unix_ms);
    assert_int_equal(now.created_unix_ms, h->ctx.now_unix_ms);
    household_enter(h, "anna");
    assert_refused(h, &received, ERR_KEY_LOST);
    assert_refused(h, &sent, ERR_KEY_LOST);
    assert_refused(h, &foreign, ERR_NOT_FOR_US);
    household_enter(h, "bert");
    assert_opens(h, &received, true);
    assert_opens(h, &sent, true); /* verified by a key that its owner lost */
    struct sealed fresh = seal(h, &anna, true);
    household_enter(h, "anna");
    assert_opens(h, &fresh, true);
}

static void test_recovered_and_rewrapped_keys(void **state)
{
    struct household *h = *state;
    struct uuid anna = household_add(h, "anna");
    struct identity_grant grant = household_enter(h, "anna");
    struct sealed letter = seal(h, &anna, true);
    struct key_description before = describe(h, &anna);
    reset(h, "anna", grant.recovery_key);
    household_enter(h, "anna");
    assert_opens(h, &letter, true);
    struct key_description after = describe(h, &anna);
    assert_memory_equal(before.point, after.point, sizeof before.point);
    assert_int_equal(after.lost_before_unix_ms, 0);
    assert_int_equal(h->identity.change_password(h->identity.self, &h->ctx,
                                                 BYTES_LIT(HOUSEHOLD_PASSWORD),
                                                 BYTES_LIT(HOUSEHOLD_NEW_PASSWORD)),
                     ERR_OK);
    assert_opens(h, &letter, true);
    struct identity_grant next;
    assert_int_equal(household_sign_in(h, "anna", HOUSEHOLD_NEW_PASSWORD, &next), ERR_OK);
    household_act(h, next.id_token);
    assert_opens(h, &letter, true);
    assert_int_equal(h->identity.refresh(h->identity.self, &h->ctx, next.refresh_token, &next),
                     ERR_OK);
    household_act(h, next.id_token);
    assert_opens(h, &letter, true);
}

static enum err check_sealed(struct household *h, const struct sealed *letter,
                             const struct uuid *to, bool *can_open, bool *verified)
{
    return h->keys.check_sealed(h->keys.self, &h->ctx, &letter->header, to, can_open, verified);
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
    struct sealed letter = seal(h, &bert, true);
    struct sealed ephemeral = seal(h, &bert, false);
    assert_int_equal(check_sealed(h, &letter, &bert, &can_open, &verified), ERR_OK);
    assert_true(can_open && verified);
    assert_int_equal(check_sealed(h, &ephemeral, &bert, &can_open, &verified), ERR_OK);
    assert_false(can_open || verified);
    assert_int_equal(check_sealed(h, &letter, &anna, &can_open, &verified), ERR_SEALED_INVALID);
    assert_int_equal(check_sealed(h, &letter, &nobody, &can_open, &verified),
                     ERR_UNKNOWN_RECIPIENT);
    struct sealed bad = tampered(h, &letter, true, RECIPIENT_OFFSET + 3);
    assert_int_equal(check_sealed(h, &bad, &bert, &can_open, &verified), ERR_SEALED_INVALID);
    bad = letter;
    bad.header.edk_count = 0;
    assert_int_equal(check_sealed(h, &bad, &bert, &can_open, &verified), ERR_SEALED_INVALID);
    /* Sealed by anna, posted by carl: no word on who sealed it. */
    household_add(h, "carl");
    household_enter(h, "carl");
    assert_int_equal(check_sealed(h, &letter, &bert, &can_open, &verified), ERR_OK);
    assert_false(can_open || verified);
    household_enter(h, "bert");
    rotate(h);
    household_enter(h, "anna");
    assert_int_equal(check_sealed(h, &letter, &bert, &can_open, &verified), ERR_SEALED_INVALID);
    letter = seal(h, &bert, true);
    rotate(h);
    assert_int_equal(check_sealed(h, &letter, &bert, &can_open, &verified), ERR_OK);
    assert_true(can_open && verified);
    reset(h, "anna", "");
    household_enter(h, "anna");
    assert_int_equal(check_sealed(h, &letter, &bert, &can_open, &verified), ERR_OK);
    assert_false(can_open || verified);
}

static void test_destroy(void **state)
{
    struct household *h = *state;
    struct key_description out;
    struct sealed letter;
    struct uuid anna = household_add(h, "anna");
    household_add(h, "bert");
    household_enter(h, "bert");
    letter = seal(h, &anna, true);
    assert_int_equal(h->keys.destroy(h->keys.self, &h->ctx, &anna), ERR_OK);
    assert_int_equal(h->keys.destroy(h->keys.self, &h->ctx, &anna), ERR_OK);
    assert_int_equal(h->keys.describe(h->keys.self, &h->ctx, &anna, &out), ERR_NOT_FOUND);
    assert_int_equal(wrap(h, &anna, true, &letter), ERR_UNKNOWN_RECIPIENT);
    assert_opens(h, &letter, true);
    household_enter(h, "anna");
    assert_refused(h, &letter, ERR_NOT_FOR_US);
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
        struct sealed letter;
        bool verified = false;
        ctx_init(&own.ctx, &arena, 30000);
        own.ctx.actor = &own.actor;
        s->result = wrap(&own, &s->to, true, &letter);
        if (s->result == ERR_OK)
            s->result = open_letter(&own, &letter, &verified);
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
        struct key_description now = describe(h, &bert);
        struct sealed letter = seal(h, &bert, false);
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

int contract_keys_run(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_provision_and_describe),
        TEST(test_both_sides_open),
        TEST(test_without_a_copy),
        TEST(test_to_oneself),
        TEST(test_opening_takes_the_id_token),
        TEST(test_ended_sessions_open_nothing),
        TEST(test_wrong_custody_opens_nothing),
        TEST(test_unknown_recipient),
        TEST(test_damage),
        TEST(test_sender_is_verified),
        TEST(test_rotation),
        TEST(test_many_keys),
        TEST(test_lost_keys),
        TEST(test_recovered_and_rewrapped_keys),
        TEST(test_check_sealed),
        TEST(test_destroy),
        TEST(test_rotation_under_load),
    };
    return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
