#include "office.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/threads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TIMEOUT_MS 30000
#define ROOMY_BYTES (1 << 30)

static const struct records_maker *the_maker;

void office_use(const struct records_maker *maker)
{
    the_maker = maker;
}

void office_act_as(struct office *f, const struct uuid *who)
{
    f->actor = (struct actor){.user_id = *who};
    f->ctx.actor = &f->actor;
}

struct user_record office_user_of(const struct uuid *id, const char *name)
{
    static char email[64];
    (void)snprintf(email, sizeof email, "%s@example.org", name);
    struct user_record user = {
        .id = *id,
        .username = name,
        .email = email,
        .topic_reference = "topic",
        .state = USER_READY,
        .created_unix_ms = OFFICE_START_UNIX_MS,
    };
    (void)snprintf(user.key_reference, sizeof user.key_reference, "key-of-%s", name);
    return user;
}

struct uuid office_add_user(struct office *f, const char *name)
{
    struct uuid id = uuid_random();
    struct user_record user = office_user_of(&id, name);
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

struct message_put_result office_put(struct office *f, struct ctx *ctx,
                                     const struct message_put *in)
{
    struct waiter waiter;
    gate_init(&waiter.gate);
    f->port.message_put(f->port.self, ctx, in, put_is_done, &waiter);
    assert_true(gate_wait(&waiter.gate, clock_mono_ms() + TIMEOUT_MS));
    gate_fini(&waiter.gate);
    return waiter.result;
}

struct message_put office_letter(struct office *f, const struct uuid *from, const struct uuid *to)
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
struct uuid office_send(struct office *f, const struct uuid *from, const struct uuid *to)
{
    f->ctx.now_unix_ms++;
    struct message_put in = office_letter(f, from, to);
    assert_int_equal(office_put(f, &f->ctx, &in).e, ERR_OK);
    return in.record.id;
}

struct uuid office_send_expiring(struct office *f, const struct uuid *from, const struct uuid *to,
                                 int64_t expires_unix_ms, bool with_object)
{
    f->ctx.now_unix_ms++;
    struct message_put in = office_letter(f, from, to);
    in.record.expires_unix_ms = expires_unix_ms;
    if (with_object)
        in.record.inline_frames = false;
    assert_int_equal(office_put(f, &f->ctx, &in).e, ERR_OK);
    return in.record.id;
}

enum err office_get(struct office *f, const struct uuid *id, struct message_record *out)
{
    return f->port.message_get(f->port.self, &f->ctx, id, true, out);
}

int64_t office_usage(struct office *f, const struct uuid *id)
{
    int64_t bytes = -1;
    assert_int_equal(f->port.user_usage(f->port.self, &f->ctx, id, &bytes), ERR_OK);
    return bytes;
}

struct message_page office_list(struct office *f, const struct message_query *query)
{
    struct message_page page;
    assert_int_equal(f->port.messages_list(f->port.self, &f->ctx, query, &page), ERR_OK);
    return page;
}

void office_assert_ids(const struct message_page *page, const struct uuid *const *ids, size_t n)
{
    assert_int_equal(page->count, n);
    for (size_t i = 0; i < n; i++)
        assert_true(uuid_equal(&page->items[i].id, ids[i]));
}

struct unread_summary office_unread(struct office *f)
{
    struct unread_summary summary;
    assert_int_equal(f->port.unread(f->port.self, &f->ctx, &summary), ERR_OK);
    return summary;
}

enum err office_mark_read(struct office *f, const struct uuid *id, bool *changed)
{
    struct message_record m;
    return f->port.message_mark_read(f->port.self, &f->ctx, id, &m, changed);
}

enum err office_delete(struct office *f, const struct uuid *id)
{
    struct message_record m;
    return f->port.message_delete(f->port.self, &f->ctx, id, &m);
}

int office_set_up(void **state)
{
    struct office *f = mem_alloc(sizeof *f);
    arena_init(&f->arena);
    ctx_init(&f->ctx, &f->arena, TIMEOUT_MS);
    f->ctx.now_unix_ms = OFFICE_START_UNIX_MS;
    f->made = the_maker->make(&f->port);
    f->alice = office_add_user(f, "alice");
    f->bob = office_add_user(f, "bob");
    f->carol = office_add_user(f, "carol");
    office_act_as(f, &f->alice);
    *state = f;
    return 0;
}

int office_tear_down(void **state)
{
    struct office *f = *state;
    the_maker->unmake(f->made);
    arena_fini(&f->arena);
    mem_free(f);
    return 0;
}
