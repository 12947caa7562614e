/* What the contract suites of the records port share: an adapter with three users, and shorthands
 * that call it and assert that the call succeeds. */
#ifndef LETTERLOCK_TESTS_OFFICE_H
#define LETTERLOCK_TESTS_OFFICE_H

#include "contract_records.h"

#define OFFICE_START_UNIX_MS 1795000000000
#define OFFICE_DAY_MS ((int64_t)24 * 3600 * 1000)
#define OFFICE_SEALED_BYTES 700

struct office {
    struct arena arena;
    struct ctx ctx;
    struct actor actor;
    struct records port;
    void *made;
    struct uuid alice;
    struct uuid bob;
    struct uuid carol;
};

/* The adapter that the following tests run on. */
void office_use(const struct records_maker *maker);

/* cmocka's set-up and tear-down: *state is a struct office whose actor is alice. */
int office_set_up(void **state);
int office_tear_down(void **state);

#define OFFICE_CASE(function)                                                                      \
    cmocka_unit_test_setup_teardown(function, office_set_up, office_tear_down)

void office_act_as(struct office *f, const struct uuid *who);

/* A ready user of that name; its e-mail address is valid until the next call. */
struct user_record office_user_of(const struct uuid *id, const char *name);
struct uuid office_add_user(struct office *f, const char *name);

/* A letter of the present, with OFFICE_SEALED_BYTES, not stored yet. */
struct message_put office_letter(struct office *f, const struct uuid *from, const struct uuid *to);

/* Stores it and waits for the outcome. */
struct message_put_result office_put(struct office *f, struct ctx *ctx,
                                     const struct message_put *in);

/* Stores a letter a millisecond later than the one before. */
struct uuid office_send(struct office *f, const struct uuid *from, const struct uuid *to);
struct uuid office_send_expiring(struct office *f, const struct uuid *from, const struct uuid *to,
                                 int64_t expires_unix_ms, bool with_object);

/* Calls of the port as the actor. */
enum err office_get(struct office *f, const struct uuid *id, struct message_record *out);
enum err office_mark_read(struct office *f, const struct uuid *id, bool *changed);
enum err office_delete(struct office *f, const struct uuid *id);
int64_t office_usage(struct office *f, const struct uuid *id);
struct message_page office_list(struct office *f, const struct message_query *query);
struct unread_summary office_unread(struct office *f);

void office_assert_ids(const struct message_page *page, const struct uuid *const *ids, size_t n);

#endif
