/* Two nodes on one set of records: what is sent through one reaches streams of the other. */
#include "base/clock.h"
#include "base/threads.h"
#include "core/events.h"
#include "core/letters.h"
#include "core/relay.h"
#include "office.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define WAIT_MS 15000

/* Another node: a core of its own over the office's ports. */
struct node {
    struct core core;
    struct relay *relay;
    struct event_stream *stream;
};

static void node_open(struct node *node, struct office *office, enum office_user listener)
{
    office->ports.records.shared = true;
    *node = (struct node){.core = office->core};
    node->core.events = events_create(4, 8);
    const struct uuid *id = &office->actors[listener].user_id;
    assert_int_equal(events_open(node->core.events, id, &node->stream), ERR_OK);
    node->relay = relay_start(&node->core);
    assert_non_null(node->relay);
}

static void node_close(struct node *node)
{
    relay_stop(node->relay);
    events_close(node->stream);
    events_destroy(node->core.events);
}

static void wake(void *arg)
{
    gate_open(arg);
}

/* The stream's next event; fails after a deadline. */
static struct event next_event(struct node *node)
{
    struct event event;
    while (!events_next(node->stream, &event)) {
        struct gate gate;
        gate_init(&gate);
        if (events_arm(node->stream, wake, &gate))
            assert_true(gate_wait(&gate, clock_mono_ms() + WAIT_MS));
        gate_fini(&gate);
    }
    return event;
}

static struct event next_of(struct node *node, enum event_kind kind)
{
    struct event event = next_event(node);
    while (event.kind != kind)
        event = next_event(node);
    return event;
}

static void test_letters_and_counts_reach_the_other_node_once(void **state)
{
    struct office *office = *state;
    struct node node;
    struct message_record first;
    struct message_record second;
    const struct letter_draft draft = {.to = BYTES_LIT("bob"), .text = BYTES_LIT("over there")};
    node_open(&node, office, BOB);
    assert_int_equal(next_of(&node, EVENT_UNREAD).unread_count, 0);
    assert_int_equal(office_send(office, ALICE, &draft, -1, &first, NULL), ERR_OK);
    struct event told = next_of(&node, EVENT_LETTER);
    assert_true(uuid_equal(&told.letter.id, &first.id));
    assert_string_equal(told.sender_username, "alice");
    assert_int_equal(next_of(&node, EVENT_UNREAD).unread_count, 1);
    /* Several rounds see the first letter again: the next that is told is the second all the same.
     */
    assert_int_equal(office_send(office, EVE, &draft, -1, &second, NULL), ERR_OK);
    told = next_of(&node, EVENT_LETTER);
    assert_true(uuid_equal(&told.letter.id, &second.id));
    assert_int_equal(next_of(&node, EVENT_UNREAD).unread_count, 2);
    assert_int_equal(letters_mark_read(&office->core, office_as(office, BOB), &first.id), ERR_OK);
    assert_int_equal(next_of(&node, EVENT_UNREAD).unread_count, 1);
    node_close(&node);
}

static void test_there_is_no_relay_where_nobody_else_writes(void **state)
{
    struct office *office = *state;
    assert_null(relay_start(&office->core));
    relay_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_letters_and_counts_reach_the_other_node_once,
                                        office_open, office_close),
        cmocka_unit_test_setup_teardown(test_there_is_no_relay_where_nobody_else_writes,
                                        office_open, office_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
