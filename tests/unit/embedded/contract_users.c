#include "office.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_user_is_found_by_id_and_name(void **state)
{
    struct office *f = *state;
    struct user_record user;
    assert_int_equal(f->port.user_by_id(f->port.self, &f->ctx, &f->bob, &user), ERR_OK);
    assert_string_equal(user.username, "bob");
    assert_string_equal(user.email, "bob@example.org");
    assert_string_equal(user.key_reference, "key-of-bob");
    assert_string_equal(user.topic_reference, "topic");
    assert_int_equal(user.state, USER_READY);
    assert_int_equal(user.created_unix_ms, OFFICE_START_UNIX_MS);
    assert_int_equal(user.quota_bytes, 0);
    assert_int_equal(f->port.user_by_name(f->port.self, &f->ctx, BYTES_LIT("bob"), &user), ERR_OK);
    assert_true(uuid_equal(&user.id, &f->bob));
    assert_int_equal(office_usage(f, &f->bob), 0);
}

static void test_unknown_user_is_not_found(void **state)
{
    struct office *f = *state;
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
    struct office *f = *state;
    struct user_record user = office_user_of(&f->bob, "bob");
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
    assert_int_equal(user.created_unix_ms, OFFICE_START_UNIX_MS);
    assert_int_equal(user.quota_bytes, 1000);
    assert_int_equal(user.state, USER_DISABLED);
}

static void test_changed_user_is_seen_at_once(void **state)
{
    struct office *f = *state;
    struct user_record user;
    for (int i = 0; i < 20; i++) {
        struct user_record change = office_user_of(&f->bob, "bob");
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
    struct office *f = *state;
    struct uuid id = uuid_random();
    struct user_record user = office_user_of(&id, "bob");
    assert_int_equal(f->port.user_put(f->port.self, &f->ctx, &user), ERR_CONFLICT);
    assert_int_equal(f->port.user_by_name(f->port.self, &f->ctx, BYTES_LIT("bob"), &user), ERR_OK);
    assert_true(uuid_equal(&user.id, &f->bob));
}

static struct user_page people(struct office *f, const char *prefix, size_t limit,
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
    struct office *f = *state;
    (void)office_add_user(f, "bobby");
    struct uuid id = uuid_random();
    struct user_record unready = office_user_of(&id, "bo");
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
    struct office *f = *state;
    char name[16];
    for (int i = 0; i < 7; i++) {
        (void)snprintf(name, sizeof name, "dora%d", i);
        (void)office_add_user(f, name);
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

static size_t erase(struct office *f, const struct uuid *id, const struct uuid *expected_object)
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
    struct office *f = *state;
    struct uuid sent = office_send(f, &f->bob, &f->alice);
    struct uuid received = office_send(f, &f->alice, &f->bob);
    struct uuid object = office_send_expiring(f, &f->alice, &f->bob, 0, true);
    assert_int_equal(erase(f, &f->bob, &object), 1);

    struct user_record user;
    struct message_record m;
    assert_int_equal(f->port.user_by_id(f->port.self, &f->ctx, &f->bob, &user), ERR_NOT_FOUND);
    assert_int_equal(f->port.user_by_name(f->port.self, &f->ctx, BYTES_LIT("bob"), &user),
                     ERR_NOT_FOUND);
    assert_int_equal(office_get(f, &received, &m), ERR_NOT_FOUND);
    assert_int_equal(office_get(f, &object, &m), ERR_NOT_FOUND);
    assert_int_equal(office_get(f, &sent, &m), ERR_OK);
    assert_string_equal(m.sender_username, "");
    assert_true(uuid_equal(&m.sender_id, &f->bob));
    assert_string_equal(office_unread(f).senders[0].username, "");
    /* A conversation outlives the one who left. */
    assert_int_equal(office_list(f, &(struct message_query){.limit = 50, .with = &f->bob}).count,
                     1);

    struct message_put late = office_letter(f, &f->alice, &f->bob);
    assert_int_equal(office_put(f, &f->ctx, &late).e, ERR_UNKNOWN_RECIPIENT);
    user = office_user_of(&f->bob, "bob");
    assert_int_equal(f->port.user_put(f->port.self, &f->ctx, &user), ERR_CONFLICT);
    struct uuid another = office_add_user(f, "bob");
    assert_int_equal(office_usage(f, &another), 0);
    assert_int_equal(f->port.user_by_name(f->port.self, &f->ctx, BYTES_LIT("bob"), &user), ERR_OK);
    assert_true(uuid_equal(&user.id, &another));
}

static void test_erasure_of_many_letters(void **state)
{
    struct office *f = *state;
    enum { INLINE = 600, OBJECTS = 301 };
    for (int i = 0; i < INLINE; i++)
        (void)office_send(f, &f->alice, &f->bob);
    for (int i = 0; i < OBJECTS; i++)
        (void)office_send_expiring(f, &f->alice, &f->bob, 0, true);
    assert_int_equal(erase(f, &f->bob, NULL), OBJECTS);
    assert_int_equal(office_list(f, &(struct message_query){.limit = 50}).count, 0);
    assert_int_equal(erase(f, &f->bob, NULL), 0);
    struct uuid nobody = uuid_random();
    assert_int_equal(erase(f, &nobody, NULL), 0);
}

int contract_users_run(void)
{
    const struct CMUnitTest tests[] = {
        OFFICE_CASE(test_user_is_found_by_id_and_name),
        OFFICE_CASE(test_unknown_user_is_not_found),
        OFFICE_CASE(test_user_put_completes),
        OFFICE_CASE(test_changed_user_is_seen_at_once),
        OFFICE_CASE(test_taken_name_is_a_conflict),
        OFFICE_CASE(test_people_are_listed_by_name_without_the_actor),
        OFFICE_CASE(test_people_are_paged),
        OFFICE_CASE(test_erasure),
        OFFICE_CASE(test_erasure_of_many_letters),
    };
    return cmocka_run_group_tests_name("users", tests, NULL, NULL);
}
