#include "office.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/threads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define TIMEOUT_MS 30000
#define THREADS 4
#define PUTS_PER_THREAD 200

/* --- storing and getting --- */

static void test_put_and_get(void **state)
{
    struct office *f = *state;
    struct message_put in = office_letter(f, &f->alice, &f->bob);
    in.record.sender_verified = true;
    in.record.expires_unix_ms = OFFICE_START_UNIX_MS + OFFICE_DAY_MS;
    struct message_put_result result = office_put(f, &f->ctx, &in);
    assert_int_equal(result.e, ERR_OK);
    assert_false(result.duplicate);
    const struct uuid *const readers[] = {&f->alice, &f->bob};
    for (size_t i = 0; i < 2; i++) {
        struct message_record m;
        office_act_as(f, readers[i]);
        assert_int_equal(office_get(f, &in.record.id, &m), ERR_OK);
        assert_true(uuid_equal(&m.id, &in.record.id));
        assert_true(uuid_equal(&m.sender_id, &f->alice));
        assert_true(uuid_equal(&m.recipient_id, &f->bob));
        assert_string_equal(m.sender_username, "alice");
        assert_string_equal(m.recipient_username, "bob");
        assert_int_equal(m.sent_unix_ms, OFFICE_START_UNIX_MS);
        assert_int_equal(m.read_unix_ms, 0);
        assert_int_equal(m.expires_unix_ms, OFFICE_START_UNIX_MS + OFFICE_DAY_MS);
        assert_int_equal(m.size, 300);
        assert_int_equal(m.sealed_size, 700);
        assert_true(m.sender_can_open && m.sender_verified);
        assert_memory_equal(m.checksum, "fifteen bytes..", CHECKSUM_BYTES);
        assert_true(bytes_equal_str(m.header, "header"));
        assert_int_equal(m.inline_frames, f->port.inline_max_bytes > 0);
        if (m.inline_frames)
            assert_true(bytes_equal_str(m.frames, "frames"));
        assert_int_equal(f->port.message_get(f->port.self, &f->ctx, &in.record.id, false, &m),
                         ERR_OK);
        assert_int_equal(m.header.n, 0);
        assert_int_equal(m.frames.n, 0);
    }
    assert_int_equal(office_usage(f, &f->bob), 700);
    assert_int_equal(office_usage(f, &f->alice), 0);
}

static void test_largest_inline_frames(void **state)
{
    struct office *f = *state;
    if (f->port.inline_max_bytes == 0)
        skip();
    uint8_t *frames = mem_alloc(f->port.inline_max_bytes);
    memset(frames, 0xa5, f->port.inline_max_bytes);
    struct message_put in = office_letter(f, &f->alice, &f->bob);
    in.record.frames = bytes_of(frames, f->port.inline_max_bytes);
    assert_int_equal(office_put(f, &f->ctx, &in).e, ERR_OK);
    struct message_record m;
    assert_int_equal(office_get(f, &in.record.id, &m), ERR_OK);
    assert_true(bytes_equal(m.frames, in.record.frames));
    mem_free(frames);
}

static void test_others_find_nothing(void **state)
{
    struct office *f = *state;
    struct uuid id = office_send(f, &f->alice, &f->bob);
    struct message_record m;
    bool changed = false;
    office_act_as(f, &f->carol);
    assert_int_equal(office_get(f, &id, &m), ERR_NOT_FOUND);
    assert_int_equal(office_mark_read(f, &id, &changed), ERR_NOT_FOUND);
    assert_int_equal(office_delete(f, &id), ERR_NOT_FOUND);
    for (int box = BOX_ANY; box <= BOX_SENT; box++)
        assert_int_equal(
            office_list(f, &(struct message_query){.box = (enum message_box)box, .limit = 50})
                .count,
            0);
    assert_int_equal(office_list(f, &(struct message_query){.with = &f->alice, .limit = 50}).count,
                     0);
    struct message_page page;
    assert_int_equal(f->port.messages_since(f->port.self, &f->ctx, 0, 50, &page), ERR_OK);
    assert_int_equal(page.count, 0);
    assert_int_equal(office_unread(f).count, 0);
    struct uuid stranger = uuid_random();
    office_act_as(f, &stranger);
    assert_int_equal(office_get(f, &id, &m), ERR_NOT_FOUND);
    assert_int_equal(office_list(f, &(struct message_query){.limit = 50}).count, 0);
    assert_int_equal(office_unread(f).count, 0);
}

static void test_put_is_create_only(void **state)
{
    struct office *f = *state;
    struct message_put in = office_letter(f, &f->alice, &f->bob);
    assert_int_equal(office_put(f, &f->ctx, &in).e, ERR_OK);
    in.record.sender_id = f->carol;
    assert_int_equal(office_put(f, &f->ctx, &in).e, ERR_CONFLICT);
    assert_int_equal(office_usage(f, &f->bob), 700);
    struct message_record m;
    assert_int_equal(office_get(f, &in.record.id, &m), ERR_OK);
    assert_string_equal(m.sender_username, "alice");
}

static void test_quota(void **state)
{
    struct office *f = *state;
    struct message_put in = office_letter(f, &f->alice, &f->bob);
    in.quota_bytes = 1400;
    assert_int_equal(office_put(f, &f->ctx, &in).e, ERR_OK);
    in.record.id = uuid_at(OFFICE_START_UNIX_MS);
    assert_int_equal(office_put(f, &f->ctx, &in).e, ERR_OK);
    in.record.id = uuid_at(OFFICE_START_UNIX_MS);
    in.record.sealed_size = 1;
    assert_int_equal(office_put(f, &f->ctx, &in).e, ERR_QUOTA_EXCEEDED);
    in.record.sealed_size = UINT64_MAX;
    assert_int_equal(office_put(f, &f->ctx, &in).e, ERR_QUOTA_EXCEEDED);
    struct message_record m;
    assert_int_equal(office_get(f, &in.record.id, &m), ERR_NOT_FOUND);
    assert_int_equal(office_usage(f, &f->bob), 1400);
    in.quota_bytes = 0;
    assert_int_equal(office_put(f, &f->ctx, &in).e, ERR_QUOTA_EXCEEDED);
}

static void test_unknown_recipient(void **state)
{
    struct office *f = *state;
    struct uuid nobody = uuid_random();
    struct message_put in = office_letter(f, &f->alice, &nobody);
    assert_int_equal(office_put(f, &f->ctx, &in).e, ERR_UNKNOWN_RECIPIENT);
}

/* --- idempotency --- */

static void test_idempotency_key(void **state)
{
    struct office *f = *state;
    struct message_put in = office_letter(f, &f->alice, &f->bob);
    in.idempotency_key = BYTES_LIT("key-1");
    memset(in.fingerprint, 7, sizeof in.fingerprint);
    assert_int_equal(office_put(f, &f->ctx, &in).e, ERR_OK);

    struct message_put again = in;
    again.record.id = uuid_at(OFFICE_START_UNIX_MS + 1);
    struct message_put_result result = office_put(f, &f->ctx, &again);
    assert_int_equal(result.e, ERR_OK);
    assert_true(result.duplicate);
    assert_true(uuid_equal(&result.stored.id, &in.record.id));
    assert_true(uuid_equal(&result.stored.recipient_id, &f->bob));
    assert_int_equal(result.stored.sent_unix_ms, OFFICE_START_UNIX_MS);
    assert_int_equal(result.stored.size, 300);
    assert_true(result.stored.sender_can_open);
    assert_int_equal(office_usage(f, &f->bob), 700);

    again.fingerprint[31] ^= 1;
    assert_int_equal(office_put(f, &f->ctx, &again).e, ERR_IDEMPOTENCY_MISMATCH);
    again.record.sender_id = f->carol;
    result = office_put(f, &f->ctx, &again);
    assert_int_equal(result.e, ERR_OK);
    assert_false(result.duplicate);
}

static void test_idempotency_key_lasts_a_day(void **state)
{
    struct office *f = *state;
    struct message_put in = office_letter(f, &f->alice, &f->bob);
    in.idempotency_key = BYTES_LIT("key-1");
    assert_int_equal(office_put(f, &f->ctx, &in).e, ERR_OK);
    struct uuid *ids = NULL;
    size_t count = 0;
    size_t deleted = 0;
    f->ctx.now_unix_ms = OFFICE_START_UNIX_MS + OFFICE_DAY_MS - 1;
    assert_int_equal(f->port.messages_expire(f->port.self, &f->ctx, 100, &ids, &count, &deleted),
                     ERR_OK);
    in.record.id = uuid_at(f->ctx.now_unix_ms);
    assert_true(office_put(f, &f->ctx, &in).duplicate);
    f->ctx.now_unix_ms = OFFICE_START_UNIX_MS + OFFICE_DAY_MS + 1;
    in.record.id = uuid_at(f->ctx.now_unix_ms);
    in.record.sent_unix_ms = f->ctx.now_unix_ms;
    struct message_put_result result = office_put(f, &f->ctx, &in);
    assert_int_equal(result.e, ERR_OK);
    assert_false(result.duplicate);
    assert_int_equal(f->port.messages_expire(f->port.self, &f->ctx, 100, &ids, &count, &deleted),
                     ERR_OK);
    assert_int_equal(deleted, 0);
    in.record.id = uuid_at(f->ctx.now_unix_ms);
    assert_true(office_put(f, &f->ctx, &in).duplicate);
}

/* --- deletion and expiry --- */

static void test_delete(void **state)
{
    struct office *f = *state;
    bool changed = false;
    struct uuid unread_one = office_send(f, &f->bob, &f->alice);
    struct uuid read_one = office_send(f, &f->bob, &f->alice);
    struct uuid object = office_send_expiring(f, &f->bob, &f->alice, 0, true);
    struct message_record m;
    bool exists = false;
    assert_int_equal(office_usage(f, &f->alice), 2100);
    assert_int_equal(office_mark_read(f, &read_one, &changed), ERR_OK);
    office_act_as(f, &f->bob);
    assert_int_equal(office_delete(f, &read_one), ERR_ALREADY_READ);
    assert_int_equal(office_delete(f, &unread_one), ERR_OK);
    assert_int_equal(office_delete(f, &unread_one), ERR_NOT_FOUND);
    office_act_as(f, &f->alice);
    assert_int_equal(office_get(f, &unread_one, &m), ERR_NOT_FOUND);
    assert_int_equal(office_delete(f, &read_one), ERR_OK);
    assert_int_equal(f->port.message_delete(f->port.self, &f->ctx, &object, &m), ERR_OK);
    assert_false(m.inline_frames);
    assert_int_equal(office_usage(f, &f->alice), 0);
    assert_int_equal(office_unread(f).count, 0);
    assert_int_equal(f->port.message_exists(f->port.self, &f->ctx, &object, &exists), ERR_OK);
    assert_false(exists);
}

static void test_expired_letters_are_invisible(void **state)
{
    struct office *f = *state;
    int64_t end = OFFICE_START_UNIX_MS + 1000;
    struct uuid id = office_send_expiring(f, &f->bob, &f->alice, end, false);
    struct message_record m;
    bool changed = false;
    f->ctx.now_unix_ms = end - 1;
    assert_int_equal(office_get(f, &id, &m), ERR_OK);
    assert_int_equal(office_unread(f).count, 1);
    f->ctx.now_unix_ms = end;
    assert_int_equal(office_get(f, &id, &m), ERR_NOT_FOUND);
    assert_int_equal(office_mark_read(f, &id, &changed), ERR_NOT_FOUND);
    assert_int_equal(office_delete(f, &id), ERR_NOT_FOUND);
    assert_int_equal(office_unread(f).count, 0);
    struct message_page page;
    assert_int_equal(f->port.messages_since(f->port.self, &f->ctx, 0, 50, &page), ERR_OK);
    assert_int_equal(page.count, 0);
    for (int box = BOX_ANY; box <= BOX_SENT; box++) {
        struct message_query query = {.box = (enum message_box)box, .limit = 50};
        assert_int_equal(office_list(f, &query).count, 0);
        query.unread_only = true;
        assert_int_equal(office_list(f, &query).count, 0);
    }
    office_act_as(f, &f->bob);
    assert_int_equal(office_list(f, &(struct message_query){.box = BOX_SENT, .limit = 50}).count,
                     0);
}

static void test_expiry_sweep(void **state)
{
    struct office *f = *state;
    int64_t end = OFFICE_START_UNIX_MS + 1000;
    struct uuid object = office_send_expiring(f, &f->bob, &f->alice, end, true);
    (void)office_send_expiring(f, &f->bob, &f->alice, end + 1, false);
    (void)office_send_expiring(f, &f->bob, &f->alice, end + 100, false);
    struct uuid forever = office_send(f, &f->bob, &f->alice);
    struct uuid *ids = NULL;
    size_t count = 0;
    size_t deleted = 0;
    f->ctx.now_unix_ms = end - 1;
    assert_int_equal(f->port.messages_expire(f->port.self, &f->ctx, 10, &ids, &count, &deleted),
                     ERR_OK);
    assert_int_equal(deleted, 0);
    f->ctx.now_unix_ms = end + 1;
    assert_int_equal(f->port.messages_expire(f->port.self, &f->ctx, 1, &ids, &count, &deleted),
                     ERR_OK);
    assert_int_equal(deleted, 1);
    assert_int_equal(count, 1);
    assert_true(uuid_equal(&ids[0], &object));
    assert_int_equal(f->port.messages_expire(f->port.self, &f->ctx, 10, &ids, &count, &deleted),
                     ERR_OK);
    assert_int_equal(deleted, 1);
    assert_int_equal(count, 0);
    assert_int_equal(office_usage(f, &f->alice), 1400);
    bool exists = false;
    assert_int_equal(f->port.message_exists(f->port.self, &f->ctx, &object, &exists), ERR_OK);
    assert_false(exists);
    assert_int_equal(f->port.message_exists(f->port.self, &f->ctx, &forever, &exists), ERR_OK);
    assert_true(exists);
}

/* --- many at once --- */

struct sender {
    struct office *f;
    struct thread thread;
    struct arena arena;
    struct ctx ctx;
    struct message_put puts[PUTS_PER_THREAD];
    atomic_int stored;
};

static void count_stored(void *arg, const struct message_put_result *result)
{
    struct sender *sender = arg;
    if (result->e == ERR_OK)
        atomic_fetch_add(&sender->stored, 1);
}

static void send_many(void *arg)
{
    struct sender *sender = arg;
    struct office *f = sender->f;
    for (int i = 0; i < PUTS_PER_THREAD; i++) {
        sender->puts[i] = office_letter(f, &f->alice, &f->bob);
        f->port.message_put(f->port.self, &sender->ctx, &sender->puts[i], count_stored, sender);
        struct unread_summary summary;
        if (f->port.unread(f->port.self, &sender->ctx, &summary) != ERR_OK)
            return;
    }
    int64_t end = clock_mono_ms() + TIMEOUT_MS;
    while (atomic_load(&sender->stored) < PUTS_PER_THREAD && clock_mono_ms() < end) {
        if (f->port.ping(f->port.self, &sender->ctx) != ERR_OK)
            return;
    }
}

static void test_many_threads(void **state)
{
    struct office *f = *state;
    struct sender *senders = mem_calloc(THREADS, sizeof *senders);
    for (int i = 0; i < THREADS; i++) {
        senders[i].f = f;
        arena_init(&senders[i].arena);
        ctx_init(&senders[i].ctx, &senders[i].arena, TIMEOUT_MS);
        senders[i].ctx.actor = &f->actor;
        thread_start(&senders[i].thread, "sender", send_many, &senders[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        thread_join(&senders[i].thread);
        assert_int_equal(atomic_load(&senders[i].stored), PUTS_PER_THREAD);
        arena_fini(&senders[i].arena);
    }
    mem_free(senders);
    assert_int_equal(office_usage(f, &f->bob), 700 * THREADS * PUTS_PER_THREAD);
    office_act_as(f, &f->bob);
    assert_int_equal(office_unread(f).count, THREADS * PUTS_PER_THREAD);
}

static int run_letters(void)
{
    const struct CMUnitTest tests[] = {
        OFFICE_CASE(test_put_and_get),
        OFFICE_CASE(test_largest_inline_frames),
        OFFICE_CASE(test_others_find_nothing),
        OFFICE_CASE(test_put_is_create_only),
        OFFICE_CASE(test_quota),
        OFFICE_CASE(test_unknown_recipient),
        OFFICE_CASE(test_idempotency_key),
        OFFICE_CASE(test_idempotency_key_lasts_a_day),
        OFFICE_CASE(test_delete),
        OFFICE_CASE(test_expired_letters_are_invisible),
        OFFICE_CASE(test_expiry_sweep),
        OFFICE_CASE(test_many_threads),
    };
    return cmocka_run_group_tests_name("letters", tests, NULL, NULL);
}

int contract_records_run(const struct records_maker *maker)
{
    office_use(maker);
    return contract_users_run() + run_letters() + contract_lists_run();
}
