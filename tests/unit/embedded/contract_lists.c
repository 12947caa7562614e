#include "office.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ASSERT_LIST(f, ids, ...)                                                                   \
    do {                                                                                           \
        struct message_page page_ =                                                                \
            office_list((f), &(struct message_query){.limit = 50, __VA_ARGS__});                   \
        office_assert_ids(&page_, (ids), sizeof(ids) / sizeof *(ids));                             \
    } while (0)
#define IDS(...) ((const struct uuid *const[]){__VA_ARGS__})

static void test_lists_are_newest_first(void **state)
{
    struct office *f = *state;
    struct uuid a = office_send(f, &f->alice, &f->bob);
    struct uuid b = office_send(f, &f->bob, &f->alice);
    struct uuid c = office_send(f, &f->carol, &f->alice);
    struct uuid d = office_send(f, &f->alice, &f->carol);
    struct uuid e = office_send(f, &f->alice, &f->alice);
    bool changed = false;
    assert_int_equal(office_mark_read(f, &b, &changed), ERR_OK);
    office_act_as(f, &f->bob);
    assert_int_equal(office_mark_read(f, &a, &changed), ERR_OK);
    office_act_as(f, &f->alice);
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
    assert_int_equal(office_list(f, &(struct message_query){.with = &nobody, .limit = 5}).count, 0);
    struct message_page page = office_list(f, &(struct message_query){.limit = 1});
    assert_string_equal(page.items[0].sender_username, "alice");
    assert_string_equal(page.items[0].recipient_username, "alice");
    assert_int_equal(page.items[0].header.n, 0);
}

static void test_lists_are_paged(void **state)
{
    struct office *f = *state;
    struct uuid ids[7];
    for (int i = 0; i < 7; i++)
        ids[i] = office_send(f, &f->bob, &f->alice);
    struct message_query query = {.box = BOX_INBOX, .limit = 3};
    for (int i = 6; i >= 0; i -= 3) {
        struct message_page page = office_list(f, &query);
        assert_int_equal(page.count, i >= 2 ? 3 : 1);
        for (int k = 0; k < (int)page.count; k++)
            assert_true(uuid_equal(&page.items[k].id, &ids[i - k]));
        assert_int_equal(page.next_cursor != NULL, i > 2);
        if (i == 6)
            /* What arrives between two pages moves nothing. */
            (void)office_send(f, &f->bob, &f->alice);
        query.cursor = bytes_of_str(page.next_cursor);
    }
    query = (struct message_query){.box = BOX_INBOX, .limit = 4};
    query.cursor = bytes_of_str(office_list(f, &query).next_cursor);
    assert_null(office_list(f, &query).next_cursor);
}

static void assert_cursor_refused(struct office *f, struct message_query query, const char *cursor)
{
    struct message_page page;
    query.cursor = bytes_of_str(cursor);
    assert_int_equal(f->port.messages_list(f->port.self, &f->ctx, &query, &page),
                     ERR_INVALID_CURSOR);
}

static void test_foreign_cursors_are_refused(void **state)
{
    struct office *f = *state;
    for (int i = 0; i < 3; i++)
        (void)office_send(f, &f->bob, &f->alice);
    struct message_query inbox = {.box = BOX_INBOX, .limit = 1};
    const char *cursor = office_list(f, &inbox).next_cursor;
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
    office_act_as(f, &f->bob);
    assert_cursor_refused(f, inbox, cursor);
}

static void test_since(void **state)
{
    struct office *f = *state;
    struct uuid ids[5];
    int64_t sent[5];
    bool changed = false;
    for (int i = 0; i < 5; i++) {
        ids[i] = office_send(f, &f->bob, &f->alice);
        sent[i] = f->ctx.now_unix_ms;
    }
    (void)office_send(f, &f->alice, &f->bob);
    assert_int_equal(office_mark_read(f, &ids[3], &changed), ERR_OK);
    struct message_page page;
    assert_int_equal(f->port.messages_since(f->port.self, &f->ctx, sent[2], 50, &page), ERR_OK);
    office_assert_ids(&page, IDS(&ids[2], &ids[3], &ids[4]), 3);
    assert_int_equal(f->port.messages_since(f->port.self, &f->ctx, sent[1], 2, &page), ERR_OK);
    office_assert_ids(&page, IDS(&ids[1], &ids[2]), 2);
    assert_int_equal(f->port.messages_since(f->port.self, &f->ctx, sent[4] + 1, 2, &page), ERR_OK);
    assert_int_equal(page.count, 0);
    assert_int_equal(f->port.messages_since(f->port.self, &f->ctx, 0, 200, &page), ERR_OK);
    assert_int_equal(page.count, 5);
}

static void test_unread_summary(void **state)
{
    struct office *f = *state;
    bool changed = false;
    (void)office_send(f, &f->bob, &f->alice);
    struct uuid b = office_send(f, &f->bob, &f->alice);
    struct uuid c = office_send(f, &f->carol, &f->alice);
    int64_t latest = f->ctx.now_unix_ms;
    (void)office_send(f, &f->alice, &f->bob);
    struct unread_summary summary = office_unread(f);
    assert_int_equal(summary.count, 3);
    assert_int_equal(summary.sender_count, 2);
    assert_string_equal(summary.senders[0].username, "carol");
    assert_true(uuid_equal(&summary.senders[0].id, &f->carol));
    assert_int_equal(summary.senders[0].count, 1);
    assert_int_equal(summary.senders[0].latest_unix_ms, latest);
    assert_string_equal(summary.senders[1].username, "bob");
    assert_int_equal(summary.senders[1].count, 2);
    assert_int_equal(office_mark_read(f, &c, &changed), ERR_OK);
    assert_int_equal(office_mark_read(f, &b, &changed), ERR_OK);
    assert_int_equal(office_mark_read(f, &b, &changed), ERR_OK);
    summary = office_unread(f);
    assert_int_equal(summary.count, 1);
    assert_int_equal(summary.sender_count, 1);
    assert_int_equal(summary.senders[0].count, 1);
    assert_int_equal(summary.senders[0].latest_unix_ms, OFFICE_START_UNIX_MS + 1);
}

static void test_mark_read(void **state)
{
    struct office *f = *state;
    struct uuid id = office_send(f, &f->bob, &f->alice);
    struct message_record m;
    bool changed = true;
    office_act_as(f, &f->bob);
    assert_int_equal(office_mark_read(f, &id, &changed), ERR_NOT_FOUND);
    assert_false(changed);
    office_act_as(f, &f->alice);
    f->ctx.now_unix_ms += 10;
    int64_t now = f->ctx.now_unix_ms;
    assert_int_equal(f->port.message_mark_read(f->port.self, &f->ctx, &id, &m, &changed), ERR_OK);
    assert_true(changed);
    assert_int_equal(m.read_unix_ms, now);
    f->ctx.now_unix_ms += 10;
    assert_int_equal(f->port.message_mark_read(f->port.self, &f->ctx, &id, &m, &changed), ERR_OK);
    assert_false(changed);
    assert_int_equal(m.read_unix_ms, now);
    assert_int_equal(office_get(f, &id, &m), ERR_OK);
    assert_int_equal(m.read_unix_ms, now);
    assert_true(bytes_equal_str(m.header, "header"));
}

int contract_lists_run(void)
{
    const struct CMUnitTest tests[] = {
        OFFICE_CASE(test_lists_are_newest_first),
        OFFICE_CASE(test_lists_are_paged),
        OFFICE_CASE(test_foreign_cursors_are_refused),
        OFFICE_CASE(test_since),
        OFFICE_CASE(test_unread_summary),
        OFFICE_CASE(test_mark_read),
    };
    return cmocka_run_group_tests_name("lists of letters", tests, NULL, NULL);
}
