#include "nodes.h"

#include "aws/dynamo/dynamo_schema.h"
#include "office.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void (*open_another)(void *made, struct tables_node *out);

struct other {
    struct tables_node node;
    struct records port;
};

static void open_other(struct office *f, struct other *other)
{
    open_another(f->made, &other->node);
    other->port = dynamo_records_port(other->node.records);
}

static void test_nodes_take_each_others_cursors(void **state)
{
    struct office *f = *state;
    struct other other;
    open_other(f, &other);
    struct uuid first = office_send(f, &f->bob, &f->alice);
    (void)office_send(f, &f->bob, &f->alice);
    struct message_query query = {.box = BOX_INBOX, .limit = 1};
    struct message_page page = office_list(f, &query);
    query.cursor = bytes_of_str(page.next_cursor);
    assert_int_equal(other.port.messages_list(other.port.self, &f->ctx, &query, &page), ERR_OK);
    const struct uuid *const ids[] = {&first};
    office_assert_ids(&page, ids, 1);
    assert_null(page.next_cursor);
    struct user_page people;
    assert_int_equal(other.port.users_list(other.port.self, &f->ctx, (struct bytes){0}, 1,
                                           (struct bytes){0}, &people),
                     ERR_OK);
    assert_string_equal(people.items[0].username, "bob");
    assert_int_equal(f->port.users_list(f->port.self, &f->ctx, (struct bytes){0}, 1,
                                        bytes_of_str(people.next_cursor), &people),
                     ERR_OK);
    assert_string_equal(people.items[0].username, "carol");
    tables_close(&other.node);
}

/* The other node still knows the account: the write itself refuses. */
static void test_an_account_erased_elsewhere_gets_nothing(void **state)
{
    struct office *f = *state;
    struct other other;
    open_other(f, &other);
    struct user_record user;
    struct message_record m;
    struct uuid *ids = NULL;
    size_t count = 0;
    struct uuid letter = office_send(f, &f->bob, &f->alice);
    assert_int_equal(f->port.user_by_id(f->port.self, &f->ctx, &f->bob, &user), ERR_OK);
    assert_int_equal(other.port.user_erase(other.port.self, &f->ctx, &f->bob, &ids, &count),
                     ERR_OK);
    struct message_put in = office_letter(f, &f->alice, &f->bob);
    assert_int_equal(office_put(f, &f->ctx, &in).e, ERR_UNKNOWN_RECIPIENT);
    f->ctx.now_unix_ms += DYNAMO_USER_CACHE_MS + 1;
    assert_int_equal(f->port.user_by_id(f->port.self, &f->ctx, &f->bob, &user), ERR_NOT_FOUND);
    assert_int_equal(f->port.user_by_name(f->port.self, &f->ctx, BYTES_LIT("bob"), &user),
                     ERR_NOT_FOUND);
    assert_int_equal(office_get(f, &letter, &m), ERR_OK);
    assert_string_equal(m.sender_username, "");
    tables_close(&other.node);
}

static void test_a_put_for_another_key_is_refused(void **state)
{
    struct office *f = *state;
    struct message_put in = office_letter(f, &f->alice, &f->bob);
    in.recipient_key = "key-of-bob";
    assert_int_equal(office_put(f, &f->ctx, &in).e, ERR_OK);
    in.record.id = uuid_at(f->ctx.now_unix_ms);
    in.recipient_key = "key-that-bob-had-before";
    assert_int_equal(office_put(f, &f->ctx, &in).e, ERR_UNAVAILABLE);
    assert_int_equal(office_usage(f, &f->bob), OFFICE_SEALED_BYTES);
}

/* A retry must not bring back what its recipient has deleted. */
static void test_a_deleted_letter_is_not_sent_again(void **state)
{
    struct office *f = *state;
    struct message_put in = office_letter(f, &f->alice, &f->bob);
    in.idempotency_key = BYTES_LIT("key-1");
    assert_int_equal(office_put(f, &f->ctx, &in).e, ERR_OK);
    struct uuid id = in.record.id;
    assert_int_equal(office_delete(f, &id), ERR_OK);
    in.record.id = uuid_at(f->ctx.now_unix_ms + 1);
    struct message_put_result result = office_put(f, &f->ctx, &in);
    assert_int_equal(result.e, ERR_OK);
    assert_true(result.duplicate);
    assert_true(uuid_equal(&result.stored.id, &id));
    assert_int_equal(office_usage(f, &f->bob), 0);
}

static void test_a_new_name_is_a_conflict(void **state)
{
    struct office *f = *state;
    struct user_record user = office_user_of(&f->bob, "robert");
    assert_int_equal(f->port.user_put(f->port.self, &f->ctx, &user), ERR_CONFLICT);
    assert_int_equal(f->port.user_by_name(f->port.self, &f->ctx, BYTES_LIT("robert"), &user),
                     ERR_NOT_FOUND);
    assert_int_equal(f->port.user_by_name(f->port.self, &f->ctx, BYTES_LIT("bob"), &user), ERR_OK);
}

/* More letters than a transaction has room for, and recipients of several kinds. */
static void test_many_expire_together(void **state)
{
    struct office *f = *state;
    enum { LETTERS = 120 };
    const struct uuid *const to[] = {&f->alice, &f->bob, &f->carol};
    int64_t end = OFFICE_START_UNIX_MS + 1000;
    for (int i = 0; i < LETTERS; i++)
        (void)office_send_expiring(f, &f->alice, to[i % 3], end, i % 2 == 0);
    struct uuid *ids = NULL;
    size_t count = 0;
    size_t deleted = 0;
    f->ctx.now_unix_ms = end;
    assert_int_equal(f->port.messages_expire(f->port.self, &f->ctx, 200, &ids, &count, &deleted),
                     ERR_OK);
    assert_int_equal(deleted, LETTERS);
    assert_int_equal(count, LETTERS / 2);
    for (int i = 0; i < 3; i++)
        assert_int_equal(office_usage(f, to[i]), 0);
}

int nodes_run(void (*open)(void *made, struct tables_node *out))
{
    const struct CMUnitTest tests[] = {
        OFFICE_CASE(test_nodes_take_each_others_cursors),
        OFFICE_CASE(test_an_account_erased_elsewhere_gets_nothing),
        OFFICE_CASE(test_a_put_for_another_key_is_refused),
        OFFICE_CASE(test_a_deleted_letter_is_not_sent_again),
        OFFICE_CASE(test_a_new_name_is_a_conflict),
        OFFICE_CASE(test_many_expire_together),
    };
    open_another = open;
    return cmocka_run_group_tests_name("several nodes", tests, NULL, NULL);
}
