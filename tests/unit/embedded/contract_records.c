#include "contract_records.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/threads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TIMEOUT_MS 30000
#define START_UNIX_MS 1795000000000
#define ROOMY_BYTES (1 << 30)
#define DAY_MS ((int64_t)24 * 3600 * 1000)
#define THREADS 4
#define PUTS_PER_THREAD 200

static const struct records_maker *the_maker;

struct fixture {
    struct arena arena;
    struct ctx ctx;
    struct actor actor;
    struct records port;
    void *made;
    struct uuid alice;
    struct uuid bob;
    struct uuid carol;
};

/* --- shorthands --- */

static void act_as(struct fixture *f, const struct uuid *who)
{
    f->actor = (struct actor){.user_id = *who};
    f->ctx.actor = &f->actor;
}

static struct user_record user_of(const struct uuid *id, const char *name)
{
    static char email[64];
    (void)snprintf(email, sizeof email, "%s@example.org", name);
    struct user_record user = {
        .id = *id,
        .username = name,
        .email = email,
        .topic_reference = "topic",
        .state = USER_READY,
        .created_unix_ms = START_UNIX_MS,
    };
    (void)snprintf(user.key_reference, sizeof user.key_reference, "key-of-%s", name);
    return user;
}

static struct uuid add_user(struct fixture *f, const char *name)
{
    struct uuid id = uuid_random();
    struct user_record user = user_of(&id, name);
    assert_int_equal(f->port.user_put(f->port.self, &f->ctx, &user), ERR_OK);
    return id;
}

struct waiter {
    struct gate gate;
    struct message_put_result result;
};

static void put_is_done(void *arg, const struct message_put_result *result)
{
    struct waiter *waiter = arg;
    waiter->result = *result;
    gate_open(&waiter->gate);
}

static struct message_put_result put(struct fixture *f, struct ctx *ctx,
                                     const struct message_put *in)
{
    struct waiter waiter;
    gate_init(&waiter.gate);
    f->port.message_put(f->port.self, ctx, in, put_is_done, &waiter);
    assert_true(gate_wait(&waiter.gate, clock_mono_ms() + TIMEOUT_MS));
    gate_fini(&waiter.gate);
    return waiter.result;
}

static struct message_put letter(struct fixture *f, const struct uuid *from, const struct uuid *to)
{
    struct message_put in = {
        .record = {.id = uuid_at(f->ctx.now_unix_ms),
                   .sender_id = *from,
                   .recipient_id = *to,
                   .sent_unix_ms = f->ctx.now_unix_ms,
                   .size = 300,
                   .sealed_size = 700,
                   .sender_can_open = true,
                   .inline_frames = f->port.inline_max_bytes > 0,
                   .checksum = "fifteen bytes..",
                   .header = BYTES_LIT("header"),
                   .frames = BYTES_LIT("frames")},
        .quota_bytes = ROOMY_BYTES,
    };
    return in;
}

/* Sends a letter a millisecond later than the one before. */
static struct uuid send(struct fixture *f, const struct uuid *from, const struct uuid *to)
{
    f->ctx.now_unix_ms++;
    struct message_put in = letter(f, from, to);
    assert_int_equal(put(f, &f->ctx, &in).e, ERR_OK);
    return in.record.id;
}

static struct uuid send_expiring(struct fixture *f, const struct uuid *from, const struct uuid *to,
                                 int64_t expires_unix_ms, bool with_object)
{
    f->ctx.now_unix_ms++;
    struct message_put in = letter(f, from, to);
    in.record.expires_unix_ms = expires_unix_ms;
    if (with_object)
        in.record.inline_frames = false;
    assert_int_equal(put(f, &f->ctx, &in).e, ERR_OK);
    return in.record.id;
}

static enum err get(struct fixture *f, const struct uuid *id, struct message_record *out)
{
    return f->port.message_get(f->port.self, &f->ctx, id, true, out);
}

static int64_t usage(struct fixture *f, const struct uuid *id)
{
    int64_t bytes = -1;
    assert_int_equal(f->port.user_usage(f->port.self, &f->ctx, id, &bytes), ERR_OK);
    return bytes;
}

static struct message_page list(struct fixture *f, const struct message_query *query)
{
    struct message_page page;
    assert_int_equal(f->port.messages_list(f->port.self, &f->ctx, query, &page), ERR_OK);
    return page;
}

static void assert_ids(const struct message_page *page, const struct uuid *const *ids, size_t n)
{
    assert_int_equal(page->count, n);
    for (size_t i = 0; i < n; i++)
        assert_true(uuid_equal(&page->items[i].id, ids[i]));
}

#define ASSERT_LIST(f, ids, ...)                                                                   \
    do {                                                                                           \
        struct message_page page_ = list((f), &(struct message_query){.limit = 50, __VA_ARGS__});  \
        assert_ids(&page_, (ids), sizeof(ids) / sizeof *(ids));                                    \
    } while (0)
#define IDS(...) ((const struct uuid *const[]){__VA_ARGS__})

static struct unread_summary unread(struct fixture *f)
{
    struct unread_summary summary;
    assert_int_equal(f->port.unread(f->port.self, &f->ctx, &summary), ERR_OK);
    return summary;
}

static enum err mark_read(struct fixture *f, const struct uuid *id, bool *changed)
{
    struct message_record m;
    return f->port.message_mark_read(f->port.self, &f->ctx, id, &m, changed);
}

static enum err delete_letter(struct fixture *f, const struct uuid *id)
{
    struct message_record m;
    return f->port.message_delete(f->port.self, &f->ctx, id, &m);
}

static int set_up(void **state)
{
    struct fixture *f = mem_alloc(sizeof *f);
    arena_init(&f->arena);
    ctx_init(&f->ctx, &f->arena, TIMEOUT_MS);
    f->ctx.now_unix_ms = START_UNIX_MS;
    f->made = the_maker->make(&f->port);
    f->alice = add_user(f, "alice");
    f->bob = add_user(f, "bob");
    f->carol = add_user(f, "carol");
    act_as(f, &f->alice);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    the_maker->unmake(f->made);
    arena_fini(&f->arena);
    mem_free(f);
    return 0;
}

/* --- users --- */

static void test_user_is_found_by_id_and_name(void **state)
{
    struct fixture *f = *state;
    struct user_record user;
    assert_int_equal(f->port.user_by_id(f->port.self, &f->ctx, &f->bob, &user), ERR_OK);
    assert_string_equal(user.username, "bob");
    assert_string_equal(user.email, "bob@example.org");
    assert_string_equal(user.key_reference, "key-of-bob");
    assert_string_equal(user.topic_reference, "topic");
    assert_int_equal(user.state, USER_READY);
    assert_int_equal(user.created_unix_ms, START_UNIX_MS);
    assert_int_equal(user.quota_bytes, 0);
    assert_int_equal(f->port.user_by_name(f->port.self, &f->ctx, BYTES_LIT("bob"), &user), ERR_OK);
    assert_true(uuid_equal(&user.id, &f->bob));
    assert_int_equal(usage(f, &f->bob), 0);
}

static void test_unknown_user_is_not_found(void **state)
{
    struct fixture *f = *state;
    struct user_record user;
    struct uuid nobody = uuid_random();
    int64_t bytes = 0;
    assert_int_equal(f->port.user_by_id(f->port.self, &f->ctx, &nobody, &user), ERR_NOT_FOUND);
    assert_int_equal(f->port.user_by_name(f->port.self, &f->ctx, BYTES_LIT("nobody"), &user),
                     ERR_NOT_FOUND);
    assert_int_equal(f->port.user_by_name(f->port.self, &f->ctx, (struct bytes){0}, &user),
                     ERR_NOT_FOUND);
    assert_int_equal(f->port.user_usage(f->port.self, &f->ctx, &nobody, &bytes), ERR_NOT_FOUND);
}

static void test_user_put_completes(void **state)
{
    struct fixture *f = *state;
    struct user_record user = user_of(&f->bob, "bob");
    user.email = "";
    user.topic_reference = "another-topic";
    user.key_reference[0] = '\0';
    user.created_unix_ms = 5;
    user.quota_bytes = 1000;
    user.state = USER_DISABLED;
    assert_int_equal(f->port.user_put(f->port.self, &f->ctx, &user), ERR_OK);
    user.quota_bytes = 0;
    assert_int_equal(f->port.user_put(f->port.self, &f->ctx, &user), ERR_OK);
    assert_int_equal(f->port.user_by_id(f->port.self, &f->ctx, &f->bob, &user), ERR_OK);
    assert_string_equal(user.email, "bob@example.org");
    assert_string_equal(user.key_reference, "key-of-bob");
    assert_string_equal(user.topic_reference, "another-topic");
    assert_int_equal(user.created_unix_ms, START_UNIX_MS);
    assert_int_equal(user.quota_bytes, 1000);
    assert_int_equal(user.state, USER_DISABLED);
}

static void test_changed_user_is_seen_at_once(void **state)
{
    struct fixture *f = *state;
    struct user_record user;
    for (int i = 0; i < 20; i++) {
        struct user_record change = user_of(&f->bob, "bob");
        change.quota_bytes = 1 + i;
        assert_int_equal(f->port.user_put(f->port.self, &f->ctx, &change), ERR_OK);
        assert_int_equal(f->port.user_by_name(f->port.self, &f->ctx, BYTES_LIT("bob"), &user),
                         ERR_OK);
        assert_int_equal(user.quota_bytes, 1 + i);
        assert_int_equal(f->port.user_by_id(f->port.self, &f->ctx, &f->bob, &user), ERR_OK);
        assert_int_equal(user.quota_bytes, 1 + i);
    }
}

static void test_taken_name_is_a_conflict(void **state)
{
    struct fixture *f = *state;
    struct uuid id = uuid_random();
    struct user_record user = user_of(&id, "bob");
    assert_int_equal(f->port.user_put(f->port.self, &f->ctx, &user), ERR_CONFLICT);
    assert_int_equal(f->port.user_by_name(f->port.self, &f->ctx, BYTES_LIT("bob"), &user), ERR_OK);
    assert_true(uuid_equal(&user.id, &f->bob));
}

static struct user_page people(struct fixture *f, const char *prefix, size_t limit,
                               const char *cursor)
{
    struct user_page page;
    assert_int_equal(f->port.users_list(f->port.self, &f->ctx, bytes_of_str(prefix), limit,
                                        bytes_of_str(cursor), &page),
                     ERR_OK);
    return page;
}

static void test_people_are_listed_by_name_without_the_actor(void **state)
{
    struct fixture *f = *state;
    (void)add_user(f, "bobby");
    struct uuid id = uuid_random();
    struct user_record unready = user_of(&id, "bo");
    unready.state = USER_PROVISIONING;
    assert_int_equal(f->port.user_put(f->port.self, &f->ctx, &unready), ERR_OK);
    struct user_page page = people(f, "", 50, "");
    assert_int_equal(page.count, 3);
    assert_string_equal(page.items[0].username, "bob");
    assert_string_equal(page.items[0].email, "");
    assert_true(uuid_equal(&page.items[0].id, &f->bob));
    assert_string_equal(page.items[1].username, "bobby");
    assert_string_equal(page.items[2].username, "carol");
    assert_null(page.next_cursor);
    page = people(f, "bobb", 50, "");
    assert_int_equal(page.count, 1);
    assert_string_equal(page.items[0].username, "bobby");
    assert_int_equal(people(f, "alice", 50, "").count, 0);
    assert_int_equal(people(f, "\xff%_", 50, "").count, 0);
    assert_int_equal(people(f, "a-name-that-is-longer-than-any-can-be", 50, "").count, 0);
}

static void test_people_are_paged(void **state)
{
    struct fixture *f = *state;
    char name[16];
    for (int i = 0; i < 7; i++) {
        (void)snprintf(name, sizeof name, "dora%d", i);
        (void)add_user(f, name);
    }
    const char *cursor = "";
    for (int i = 0; i < 7; i += 3) {
        struct user_page page = people(f, "dora", 3, cursor);
        (void)snprintf(name, sizeof name, "dora%d", i);
        assert_string_equal(page.items[0].username, name);
        assert_int_equal(page.count, i < 6 ? 3 : 1);
        assert_int_equal(page.next_cursor != NULL, i < 6);
        cursor = page.next_cursor;
    }
    cursor = people(f, "dora", 3, "").next_cursor;
    struct user_page page;
    assert_int_equal(
        f->port.users_list(f->port.self, &f->ctx, BYTES_LIT("dor"), 3, bytes_of_str(cursor), &page),
        ERR_INVALID_CURSOR);
    assert_int_equal(
        f->port.users_list(f->port.self, &f->ctx, BYTES_LIT("dora"), 3, BYTES_LIT("dora3"), &page),
        ERR_INVALID_CURSOR);
}

/* --- erasure --- */

static size_t erase(struct fixture *f, const struct uuid *id, const struct uuid *expected_object)
{
    size_t total = 0;
    for (;;) {
        struct uuid *ids = NULL;
        size_t count = 0;
        assert_int_equal(f->port.user_erase(f->port.self, &f->ctx, id, &ids, &count), ERR_OK);
        if (count == 0)
            return total;
        for (size_t i = 0; expected_object != NULL && i < count; i++)
            assert_true(uuid_equal(&ids[i], expected_object));
        total += count;
    }
}

static void test_erasure(void **state)
{
    struct fixture *f = *state;
    struct uuid sent = send(f, &f->bob, &f->alice);
    struct uuid received = send(f, &f->alice, &f->bob);
    struct uuid object = send_expiring(f, &f->alice, &f->bob, 0, true);
    assert_int_equal(erase(f, &f->bob, &object), 1);

    struct user_record user;
    struct message_record m;
    assert_int_equal(f->port.user_by_id(f->port.self, &f->ctx, &f->bob, &user), ERR_NOT_FOUND);
    assert_int_equal(f->port.user_by_name(f->port.self, &f->ctx, BYTES_LIT("bob"), &user),
                     ERR_NOT_FOUND);
    assert_int_equal(get(f, &received, &m), ERR_NOT_FOUND);
    assert_int_equal(get(f, &object, &m), ERR_NOT_FOUND);
    assert_int_equal(get(f, &sent, &m), ERR_OK);
    assert_string_equal(m.sender_username, "");
    assert_true(uuid_equal(&m.sender_id, &f->bob));
    assert_string_equal(unread(f).senders[0].username, "");

    struct message_put late = letter(f, &f->alice, &f->bob);
    assert_int_equal(put(f, &f->ctx, &late).e, ERR_UNKNOWN_RECIPIENT);
    user = user_of(&f->bob, "bob");
    assert_int_equal(f->port.user_put(f->port.self, &f->ctx, &user), ERR_CONFLICT);
    struct uuid another = add_user(f, "bob");
    assert_int_equal(usage(f, &another), 0);
    assert_int_equal(f->port.user_by_name(f->port.self, &f->ctx, BYTES_LIT("bob"), &user), ERR_OK);
    assert_true(uuid_equal(&user.id, &another));
}

static void test_erasure_of_many_letters(void **state)
{
    struct fixture *f = *state;
    enum { INLINE = 600, OBJECTS = 301 };
    for (int i = 0; i < INLINE; i++)
        (void)send(f, &f->alice, &f->bob);
    for (int i = 0; i < OBJECTS; i++)
        (void)send_expiring(f, &f->alice, &f->bob, 0, true);
    assert_int_equal(erase(f, &f->bob, NULL), OBJECTS);
    assert_int_equal(list(f, &(struct message_query){.limit = 50}).count, 0);
    assert_int_equal(erase(f, &f->bob, NULL), 0);
    struct uuid nobody = uuid_random();
    assert_int_equal(erase(f, &nobody, NULL), 0);
}

/* --- storing and getting --- */

static void test_put_and_get(void **state)
{
    struct fixture *f = *state;
    struct message_put in = letter(f, &f->alice, &f->bob);
    in.record.sender_verified = true;
    in.record.expires_unix_ms = START_UNIX_MS + DAY_MS;
    struct message_put_result result = put(f, &f->ctx, &in);
    assert_int_equal(result.e, ERR_OK);
    assert_false(result.duplicate);
    const struct uuid *const readers[] = {&f->alice, &f->bob};
    for (size_t i = 0; i < 2; i++) {
        struct message_record m;
        act_as(f, readers[i]);
        assert_int_equal(get(f, &in.record.id, &m), ERR_OK);
        assert_true(uuid_equal(&m.id, &in.record.id));
        assert_true(uuid_equal(&m.sender_id, &f->alice));
        assert_true(uuid_equal(&m.recipient_id, &f->bob));
        assert_string_equal(m.sender_username, "alice");
        assert_string_equal(m.recipient_username, "bob");
        assert_int_equal(m.sent_unix_ms, START_UNIX_MS);
        assert_int_equal(m.read_unix_ms, 0);
        assert_int_equal(m.expires_unix_ms, START_UNIX_MS + DAY_MS);
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
    assert_int_equal(usage(f, &f->bob), 700);
    assert_int_equal(usage(f, &f->alice), 0);
}

static void test_largest_inline_frames(void **state)
{
    struct fixture *f = *state;
    if (f->port.inline_max_bytes == 0)
        skip();
    uint8_t *frames = mem_alloc(f->port.inline_max_bytes);
    memset(frames, 0xa5, f->port.inline_max_bytes);
    struct message_put in = letter(f, &f->alice, &f->bob);
    in.record.frames = bytes_of(frames, f->port.inline_max_bytes);
    assert_int_equal(put(f, &f->ctx, &in).e, ERR_OK);
    struct message_record m;
    assert_int_equal(get(f, &in.record.id, &m), ERR_OK);
    assert_true(bytes_equal(m.frames, in.record.frames));
    mem_free(frames);
}

static void test_others_find_nothing(void **state)
{
    struct fixture *f = *state;
    struct uuid id = send(f, &f->alice, &f->bob);
    struct message_record m;
    bool changed = false;
    act_as(f, &f->carol);
    assert_int_equal(get(f, &id, &m), ERR_NOT_FOUND);
    assert_int_equal(mark_read(f, &id, &changed), ERR_NOT_FOUND);
    assert_int_equal(delete_letter(f, &id), ERR_NOT_FOUND);
    for (int box = BOX_ANY; box <= BOX_SENT; box++)
        assert_int_equal(
            list(f, &(struct message_query){.box = (enum message_box)box, .limit = 50}).count, 0);
    assert_int_equal(list(f, &(struct message_query){.with = &f->alice, .limit = 50}).count, 0);
    struct message_page page;
    assert_int_equal(f->port.messages_since(f->port.self, &f->ctx, 0, 50, &page), ERR_OK);
    assert_int_equal(page.count, 0);
    assert_int_equal(unread(f).count, 0);
    struct uuid stranger = uuid_random();
    act_as(f, &stranger);
    assert_int_equal(get(f, &id, &m), ERR_NOT_FOUND);
    assert_int_equal(list(f, &(struct message_query){.limit = 50}).count, 0);
    assert_int_equal(unread(f).count, 0);
}

static void test_put_is_create_only(void **state)
{
    struct fixture *f = *state;
    struct message_put in = letter(f, &f->alice, &f->bob);
    assert_int_equal(put(f, &f->ctx, &in).e, ERR_OK);
    in.record.sender_id = f->carol;
    assert_int_equal(put(f, &f->ctx, &in).e, ERR_CONFLICT);
    assert_int_equal(usage(f, &f->bob), 700);
    struct message_record m;
    assert_int_equal(get(f, &in.record.id, &m), ERR_OK);
    assert_string_equal(m.sender_username, "alice");
}

static void test_quota(void **state)
{
    struct fixture *f = *state;
    struct message_put in = letter(f, &f->alice, &f->bob);
    in.quota_bytes = 1400;
    assert_int_equal(put(f, &f->ctx, &in).e, ERR_OK);
    in.record.id = uuid_at(START_UNIX_MS);
    assert_int_equal(put(f, &f->ctx, &in).e, ERR_OK);
    in.record.id = uuid_at(START_UNIX_MS);
    in.record.sealed_size = 1;
    assert_int_equal(put(f, &f->ctx, &in).e, ERR_QUOTA_EXCEEDED);
    in.record.sealed_size = UINT64_MAX;
    assert_int_equal(put(f, &f->ctx, &in).e, ERR_QUOTA_EXCEEDED);
    struct message_record m;
    assert_int_equal(get(f, &in.record.id, &m), ERR_NOT_FOUND);
    assert_int_equal(usage(f, &f->bob), 1400);
    in.quota_bytes = 0;
    assert_int_equal(put(f, &f->ctx, &in).e, ERR_QUOTA_EXCEEDED);
}

static void test_unknown_recipient(void **state)
{
    struct fixture *f = *state;
    struct uuid nobody = uuid_random();
    struct message_put in = letter(f, &f->alice, &nobody);
    assert_int_equal(put(f, &f->ctx, &in).e, ERR_UNKNOWN_RECIPIENT);
}

/* --- idempotency --- */

static void test_idempotency_key(void **state)
{
    struct fixture *f = *state;
    struct message_put in = letter(f, &f->alice, &f->bob);
    in.idempotency_key = BYTES_LIT("key-1");
    memset(in.fingerprint, 7, sizeof in.fingerprint);
    assert_int_equal(put(f, &f->ctx, &in).e, ERR_OK);

    struct message_put again = in;
    again.record.id = uuid_at(START_UNIX_MS + 1);
    struct message_put_result result = put(f, &f->ctx, &again);
    assert_int_equal(result.e, ERR_OK);
    assert_true(result.duplicate);
    assert_true(uuid_equal(&result.stored.id, &in.record.id));
    assert_true(uuid_equal(&result.stored.recipient_id, &f->bob));
    assert_int_equal(result.stored.sent_unix_ms, START_UNIX_MS);
    assert_int_equal(result.stored.size, 300);
    assert_true(result.stored.sender_can_open);
    assert_int_equal(usage(f, &f->bob), 700);

    again.fingerprint[31] ^= 1;
    assert_int_equal(put(f, &f->ctx, &again).e, ERR_IDEMPOTENCY_MISMATCH);
    again.record.sender_id = f->carol;
    result = put(f, &f->ctx, &again);
    assert_int_equal(result.e, ERR_OK);
    assert_false(result.duplicate);
}

static void test_idempotency_key_lasts_a_day(void **state)
{
    struct fixture *f = *state;
    struct message_put in = letter(f, &f->alice, &f->bob);
    in.idempotency_key = BYTES_LIT("key-1");
    assert_int_equal(put(f, &f->ctx, &in).e, ERR_OK);
    struct uuid *ids = NULL;
    size_t count = 0;
    size_t deleted = 0;
    f->ctx.now_unix_ms = START_UNIX_MS + DAY_MS - 1;
    assert_int_equal(f->port.messages_expire(f->port.self, &f->ctx, 100, &ids, &count, &deleted),
                     ERR_OK);
    in.record.id = uuid_at(f->ctx.now_unix_ms);
    assert_true(put(f, &f->ctx, &in).duplicate);
    f->ctx.now_unix_ms = START_UNIX_MS + DAY_MS + 1;
    in.record.id = uuid_at(f->ctx.now_unix_ms);
    in.record.sent_unix_ms = f->ctx.now_unix_ms;
    struct message_put_result result = put(f, &f->ctx, &in);
    assert_int_equal(result.e, ERR_OK);
    assert_false(result.duplicate);
    assert_int_equal(f->port.messages_expire(f->port.self, &f->ctx, 100, &ids, &count, &deleted),
                     ERR_OK);
    assert_int_equal(deleted, 0);
    in.record.id = uuid_at(f->ctx.now_unix_ms);
    assert_true(put(f, &f->ctx, &in).duplicate);
}

/* --- lists --- */

static void test_lists_are_newest_first(void **state)
{
    struct fixture *f = *state;
    struct uuid a = send(f, &f->alice, &f->bob);
    struct uuid b = send(f, &f->bob, &f->alice);
    struct uuid c = send(f, &f->carol, &f->alice);
    struct uuid d = send(f, &f->alice, &f->carol);
    struct uuid e = send(f, &f->alice, &f->alice);
    bool changed = false;
    assert_int_equal(mark_read(f, &b, &changed), ERR_OK);
    act_as(f, &f->bob);
    assert_int_equal(mark_read(f, &a, &changed), ERR_OK);
    act_as(f, &f->alice);
    ASSERT_LIST(f, IDS(&e, &d, &c, &b, &a), .box = BOX_ANY);
    ASSERT_LIST(f, IDS(&e, &c, &b), .box = BOX_INBOX);
    ASSERT_LIST(f, IDS(&e, &d, &a), .box = BOX_SENT);
    ASSERT_LIST(f, IDS(&e, &d, &c), .box = BOX_ANY, .unread_only = true);
    ASSERT_LIST(f, IDS(&e, &c), .box = BOX_INBOX, .unread_only = true);
    ASSERT_LIST(f, IDS(&e, &d), .box = BOX_SENT, .unread_only = true);
    ASSERT_LIST(f, IDS(&b, &a), .box = BOX_ANY, .with = &f->bob);
    ASSERT_LIST(f, IDS(&b), .box = BOX_INBOX, .with = &f->bob);
    ASSERT_LIST(f, IDS(&a), .box = BOX_SENT, .with = &f->bob);
    ASSERT_LIST(f, IDS(&d, &c), .box = BOX_ANY, .with = &f->carol, .unread_only = true);
    ASSERT_LIST(f, IDS(&d), .box = BOX_SENT, .with = &f->carol, .unread_only = true);
    ASSERT_LIST(f, IDS(&c), .box = BOX_INBOX, .with = &f->carol, .unread_only = true);
    ASSERT_LIST(f, IDS(&e), .box = BOX_ANY, .with = &f->alice);
    struct uuid nobody = uuid_random();
    assert_int_equal(list(f, &(struct message_query){.with = &nobody, .limit = 5}).count, 0);
    struct message_page page = list(f, &(struct message_query){.limit = 1});
    assert_string_equal(page.items[0].sender_username, "alice");
    assert_string_equal(page.items[0].recipient_username, "alice");
    assert_int_equal(page.items[0].header.n, 0);
}

static void test_lists_are_paged(void **state)
{
    struct fixture *f = *state;
    struct uuid ids[7];
    for (int i = 0; i < 7; i++)
        ids[i] = send(f, &f->bob, &f->alice);
    struct message_query query = {.box = BOX_INBOX, .limit = 3};
    for (int i = 6; i >= 0; i -= 3) {
        struct message_page page = list(f, &query);
        assert_int_equal(page.count, i >= 2 ? 3 : 1);
        for (int k = 0; k < (int)page.count; k++)
            assert_true(uuid_equal(&page.items[k].id, &ids[i - k]));
        assert_int_equal(page.next_cursor != NULL, i > 2);
        if (i == 6)
            /* What arrives between two pages moves nothing. */
            (void)send(f, &f->bob, &f->alice);
        query.cursor = bytes_of_str(page.next_cursor);
    }
    query = (struct message_query){.box = BOX_INBOX, .limit = 4};
    query.cursor = bytes_of_str(list(f, &query).next_cursor);
    assert_null(list(f, &query).next_cursor);
}

static void assert_cursor_refused(struct fixture *f, struct message_query query, const char *cursor)
{
    struct message_page page;
    query.cursor = bytes_of_str(cursor);
    assert_int_equal(f->port.messages_list(f->port.self, &f->ctx, &query, &page),
                     ERR_INVALID_CURSOR);
}

static void test_foreign_cursors_are_refused(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++)
        (void)send(f, &f->bob, &f->alice);
    struct message_query inbox = {.box = BOX_INBOX, .limit = 1};
    const char *cursor = list(f, &inbox).next_cursor;
    assert_non_null(cursor);
    assert_true(strlen(cursor) < RECORDS_CURSOR_BYTES);
    assert_cursor_refused(f, (struct message_query){.box = BOX_ANY, .limit = 1}, cursor);
    assert_cursor_refused(f, (struct message_query){.box = BOX_SENT, .limit = 1}, cursor);
    assert_cursor_refused(
        f, (struct message_query){.box = BOX_INBOX, .unread_only = true, .limit = 1}, cursor);
    assert_cursor_refused(f, (struct message_query){.box = BOX_INBOX, .with = &f->bob, .limit = 1},
                          cursor);
    assert_cursor_refused(f, inbox, "x");
    assert_cursor_refused(f, inbox, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert_cursor_refused(f, inbox, "no base64url at all");
    char *changed = arena_str(&f->arena, bytes_of_str(cursor));
    changed[strlen(changed) / 2] = changed[strlen(changed) / 2] == 'A' ? 'B' : 'A';
    assert_cursor_refused(f, inbox, changed);
    char *longer = arena_printf(&f->arena, "%s%0300d", cursor, 0);
    assert_cursor_refused(f, inbox, longer);
    act_as(f, &f->bob);
    assert_cursor_refused(f, inbox, cursor);
}

static void test_since(void **state)
{
    struct fixture *f = *state;
    struct uuid ids[5];
    int64_t sent[5];
    bool changed = false;
    for (int i = 0; i < 5; i++) {
        ids[i] = send(f, &f->bob, &f->alice);
        sent[i] = f->ctx.now_unix_ms;
    }
    (void)send(f, &f->alice, &f->bob);
    assert_int_equal(mark_read(f, &ids[3], &changed), ERR_OK);
    struct message_page page;
    assert_int_equal(f->port.messages_since(f->port.self, &f->ctx, sent[2], 50, &page), ERR_OK);
    assert_ids(&page, IDS(&ids[2], &ids[3], &ids[4]), 3);
    assert_int_equal(f->port.messages_since(f->port.self, &f->ctx, sent[1], 2, &page), ERR_OK);
    assert_ids(&page, IDS(&ids[1], &ids[2]), 2);
    assert_int_equal(f->port.messages_since(f->port.self, &f->ctx, sent[4] + 1, 2, &page), ERR_OK);
    assert_int_equal(page.count, 0);
    assert_int_equal(f->port.messages_since(f->port.self, &f->ctx, 0, 200, &page), ERR_OK);
    assert_int_equal(page.count, 5);
}

/* --- unread --- */

static void test_unread_summary(void **state)
{
    struct fixture *f = *state;
    bool changed = false;
    (void)send(f, &f->bob, &f->alice);
    struct uuid b = send(f, &f->bob, &f->alice);
    struct uuid c = send(f, &f->carol, &f->alice);
    int64_t latest = f->ctx.now_unix_ms;
    (void)send(f, &f->alice, &f->bob);
    struct unread_summary summary = unread(f);
    assert_int_equal(summary.count, 3);
    assert_int_equal(summary.sender_count, 2);
    assert_string_equal(summary.senders[0].username, "carol");
    assert_true(uuid_equal(&summary.senders[0].id, &f->carol));
    assert_int_equal(summary.senders[0].count, 1);
    assert_int_equal(summary.senders[0].latest_unix_ms, latest);
    assert_string_equal(summary.senders[1].username, "bob");
    assert_int_equal(summary.senders[1].count, 2);
    assert_int_equal(mark_read(f, &c, &changed), ERR_OK);
    assert_int_equal(mark_read(f, &b, &changed), ERR_OK);
    assert_int_equal(mark_read(f, &b, &changed), ERR_OK);
    summary = unread(f);
    assert_int_equal(summary.count, 1);
    assert_int_equal(summary.sender_count, 1);
    assert_int_equal(summary.senders[0].count, 1);
    assert_int_equal(summary.senders[0].latest_unix_ms, START_UNIX_MS + 1);
}

static void test_mark_read(void **state)
{
    struct fixture *f = *state;
    struct uuid id = send(f, &f->bob, &f->alice);
    struct message_record m;
    bool changed = true;
    act_as(f, &f->bob);
    assert_int_equal(mark_read(f, &id, &changed), ERR_NOT_FOUND);
    assert_false(changed);
    act_as(f, &f->alice);
    f->ctx.now_unix_ms += 10;
    int64_t now = f->ctx.now_unix_ms;
    assert_int_equal(f->port.message_mark_read(f->port.self, &f->ctx, &id, &m, &changed), ERR_OK);
    assert_true(changed);
    assert_int_equal(m.read_unix_ms, now);
    f->ctx.now_unix_ms += 10;
    assert_int_equal(f->port.message_mark_read(f->port.self, &f->ctx, &id, &m, &changed), ERR_OK);
    assert_false(changed);
    assert_int_equal(m.read_unix_ms, now);
    assert_int_equal(get(f, &id, &m), ERR_OK);
    assert_int_equal(m.read_unix_ms, now);
    assert_true(bytes_equal_str(m.header, "header"));
}

/* --- deletion and expiry --- */

static void test_delete(void **state)
{
    struct fixture *f = *state;
    bool changed = false;
    struct uuid unread_one = send(f, &f->bob, &f->alice);
    struct uuid read_one = send(f, &f->bob, &f->alice);
    struct uuid object = send_expiring(f, &f->bob, &f->alice, 0, true);
    struct message_record m;
    bool exists = false;
    assert_int_equal(usage(f, &f->alice), 2100);
    assert_int_equal(mark_read(f, &read_one, &changed), ERR_OK);
    act_as(f, &f->bob);
    assert_int_equal(delete_letter(f, &read_one), ERR_ALREADY_READ);
    assert_int_equal(delete_letter(f, &unread_one), ERR_OK);
    assert_int_equal(delete_letter(f, &unread_one), ERR_NOT_FOUND);
    act_as(f, &f->alice);
    assert_int_equal(get(f, &unread_one, &m), ERR_NOT_FOUND);
    assert_int_equal(delete_letter(f, &read_one), ERR_OK);
    assert_int_equal(f->port.message_delete(f->port.self, &f->ctx, &object, &m), ERR_OK);
    assert_false(m.inline_frames);
    assert_int_equal(usage(f, &f->alice), 0);
    assert_int_equal(unread(f).count, 0);
    assert_int_equal(f->port.message_exists(f->port.self, &f->ctx, &object, &exists), ERR_OK);
    assert_false(exists);
}

static void test_expired_letters_are_invisible(void **state)
{
    struct fixture *f = *state;
    int64_t end = START_UNIX_MS + 1000;
    struct uuid id = send_expiring(f, &f->bob, &f->alice, end, false);
    struct message_record m;
    bool changed = false;
    f->ctx.now_unix_ms = end - 1;
    assert_int_equal(get(f, &id, &m), ERR_OK);
    assert_int_equal(unread(f).count, 1);
    f->ctx.now_unix_ms = end;
    assert_int_equal(get(f, &id, &m), ERR_NOT_FOUND);
    assert_int_equal(mark_read(f, &id, &changed), ERR_NOT_FOUND);
    assert_int_equal(delete_letter(f, &id), ERR_NOT_FOUND);
    assert_int_equal(unread(f).count, 0);
    struct message_page page;
    assert_int_equal(f->port.messages_since(f->port.self, &f->ctx, 0, 50, &page), ERR_OK);
    assert_int_equal(page.count, 0);
    for (int box = BOX_ANY; box <= BOX_SENT; box++) {
        struct message_query query = {.box = (enum message_box)box, .limit = 50};
        assert_int_equal(list(f, &query).count, 0);
        query.unread_only = true;
        assert_int_equal(list(f, &query).count, 0);
    }
    act_as(f, &f->bob);
    assert_int_equal(list(f, &(struct message_query){.box = BOX_SENT, .limit = 50}).count, 0);
}

static void test_expiry_sweep(void **state)
{
    struct fixture *f = *state;
    int64_t end = START_UNIX_MS + 1000;
    struct uuid object = send_expiring(f, &f->bob, &f->alice, end, true);
    (void)send_expiring(f, &f->bob, &f->alice, end + 1, false);
    (void)send_expiring(f, &f->bob, &f->alice, end + 100, false);
    struct uuid forever = send(f, &f->bob, &f->alice);
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
    assert_int_equal(usage(f, &f->alice), 1400);
    bool exists = false;
    assert_int_equal(f->port.message_exists(f->port.self, &f->ctx, &object, &exists), ERR_OK);
    assert_false(exists);
    assert_int_equal(f->port.message_exists(f->port.self, &f->ctx, &forever, &exists), ERR_OK);
    assert_true(exists);
}

/* --- many at once --- */

struct sender {
    struct fixture *f;
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
    struct fixture *f = sender->f;
    for (int i = 0; i < PUTS_PER_THREAD; i++) {
        sender->puts[i] = letter(f, &f->alice, &f->bob);
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
    struct fixture *f = *state;
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
    assert_int_equal(usage(f, &f->bob), 700 * THREADS * PUTS_PER_THREAD);
    act_as(f, &f->bob);
    assert_int_equal(unread(f).count, THREADS * PUTS_PER_THREAD);
}

int contract_records_run(const char *name, const struct records_maker *maker)
{
#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_user_is_found_by_id_and_name),
        CASE(test_unknown_user_is_not_found),
        CASE(test_user_put_completes),
        CASE(test_changed_user_is_seen_at_once),
        CASE(test_taken_name_is_a_conflict),
        CASE(test_people_are_listed_by_name_without_the_actor),
        CASE(test_people_are_paged),
        CASE(test_erasure),
        CASE(test_erasure_of_many_letters),
        CASE(test_put_and_get),
        CASE(test_largest_inline_frames),
        CASE(test_others_find_nothing),
        CASE(test_put_is_create_only),
        CASE(test_quota),
        CASE(test_unknown_recipient),
        CASE(test_idempotency_key),
        CASE(test_idempotency_key_lasts_a_day),
        CASE(test_lists_are_newest_first),
        CASE(test_lists_are_paged),
        CASE(test_foreign_cursors_are_refused),
        CASE(test_since),
        CASE(test_unread_summary),
        CASE(test_mark_read),
        CASE(test_delete),
        CASE(test_expired_letters_are_invisible),
        CASE(test_expiry_sweep),
        CASE(test_many_threads),
    };
    the_maker = maker;
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
