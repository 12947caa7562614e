#include "base/clock.h"
#include "base/threads.h"
#include "core/events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

static struct message_record letter_at(int64_t sent_unix_ms)
{
    return (struct message_record){.id = uuid_at(sent_unix_ms),
                                   .sent_unix_ms = sent_unix_ms,
                                   .sender_username = "alice",
                                   .recipient_username = "bob"};
}

static void count_wake(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

static void test_events_come_in_order_and_only_to_their_user(void **state)
{
    (void)state;
    struct events *events = events_create(2, 10);
    struct uuid bob = uuid_random();
    struct uuid eve = uuid_random();
    struct event_stream *stream = NULL;
    struct event event;
    assert_false(events_heard(events, &bob));
    assert_int_equal(events_open(events, &bob, &stream), ERR_OK);
    assert_true(events_heard(events, &bob));
    assert_false(events_next(stream, &event));
    struct message_record a = letter_at(1000);
    struct message_record b = letter_at(2000);
    uint64_t count = 7;
    events_publish_letter(events, &bob, &a);
    events_publish_unread(events, &bob, NULL);
    events_publish_letter(events, &eve, &b);
    events_publish_read(events, &bob, &b);
    events_publish_unread(events, &bob, &count);
    assert_true(events_next(stream, &event));
    assert_int_equal(event.kind, EVENT_LETTER);
    assert_int_equal(event.letter.sent_unix_ms, 1000);
    assert_string_equal(event.letter.sender_username, "alice");
    assert_true(events_next(stream, &event));
    assert_int_equal(event.kind, EVENT_READ);
    assert_true(events_next(stream, &event));
    assert_int_equal(event.kind, EVENT_UNREAD);
    assert_true(event.unread_known);
    assert_int_equal(event.unread_count, 7);
    assert_false(events_next(stream, &event));
    events_close(stream);
    events_destroy(events);
}

static void test_a_slow_stream_is_told(void **state)
{
    (void)state;
    struct events *events = events_create(2, 10);
    struct uuid bob = uuid_random();
    struct event_stream *stream = NULL;
    struct event event;
    assert_int_equal(events_open(events, &bob, &stream), ERR_OK);
    for (unsigned i = 0; i <= EVENTS_QUEUE_MAX; i++) {
        struct message_record letter = letter_at(i);
        events_publish_letter(events, &bob, &letter);
    }
    for (int i = 0; i < 3; i++) {
        assert_true(events_next(stream, &event));
        assert_int_equal(event.kind, EVENT_LOST);
    }
    events_close(stream);
    events_destroy(events);
}

static void test_a_letter_is_told_once(void **state)
{
    (void)state;
    struct events *events = events_create(2, 10);
    struct uuid bob = uuid_random();
    struct event_stream *stream = NULL;
    struct event event;
    struct message_record letter = letter_at(1);
    assert_int_equal(events_open(events, &bob, &stream), ERR_OK);
    events_publish_letter(events, &bob, &letter);
    events_publish_letter(events, &bob, &letter);
    assert_true(events_next(stream, &event));
    events_publish_letter(events, &bob, &letter);
    assert_false(events_next(stream, &event));
    events_close(stream);
    events_destroy(events);
}

static void test_users_are_named_once(void **state)
{
    (void)state;
    struct events *events = events_create(2, 10);
    struct uuid ids[2] = {uuid_random(), uuid_random()};
    struct uuid users[4];
    struct event_stream *streams[3];
    assert_int_equal(events_users(events, users, 4), 0);
    assert_int_equal(events_open(events, &ids[0], &streams[0]), ERR_OK);
    assert_int_equal(events_open(events, &ids[1], &streams[1]), ERR_OK);
    assert_int_equal(events_open(events, &ids[0], &streams[2]), ERR_OK);
    assert_int_equal(events_users(events, users, 4), 2);
    assert_false(uuid_equal(&users[0], &users[1]));
    assert_int_equal(events_users(events, users, 1), 1);
    for (int i = 0; i < 3; i++)
        events_close(streams[i]);
    events_destroy(events);
}

static void test_caps(void **state)
{
    (void)state;
    struct events *events = events_create(2, 3);
    struct uuid users[3] = {uuid_random(), uuid_random(), uuid_random()};
    struct event_stream *streams[3] = {NULL};
    struct event_stream *refused = NULL;
    assert_int_equal(events_open(events, &users[0], &streams[0]), ERR_OK);
    assert_int_equal(events_open(events, &users[0], &streams[1]), ERR_OK);
    assert_int_equal(events_open(events, &users[0], &refused), ERR_TOO_MANY_STREAMS);
    assert_int_equal(events_open(events, &users[1], &streams[2]), ERR_OK);
    assert_int_equal(events_open(events, &users[2], &refused), ERR_TOO_MANY_STREAMS);
    events_close(streams[0]);
    assert_int_equal(events_open(events, &users[2], &streams[0]), ERR_OK);
    assert_int_equal(events_streams(events), 3);
    for (int i = 0; i < 3; i++)
        events_close(streams[i]);
    events_destroy(events);
}

static void test_arming(void **state)
{
    (void)state;
    struct events *events = events_create(2, 3);
    struct uuid bob = uuid_random();
    struct event_stream *stream = NULL;
    struct event event;
    atomic_int wakes = 0;
    struct message_record letter = letter_at(1);
    assert_int_equal(events_open(events, &bob, &stream), ERR_OK);
    assert_true(events_arm(stream, count_wake, &wakes));
    events_publish_letter(events, &bob, &letter);
    events_publish_letter(events, &bob, &letter);
    assert_int_equal(atomic_load(&wakes), 1);
    assert_false(events_arm(stream, count_wake, &wakes));
    while (events_next(stream, &event))
        continue;
    assert_true(events_arm(stream, count_wake, &wakes));
    events_close(stream);
    events_publish_letter(events, &bob, &letter);
    assert_int_equal(atomic_load(&wakes), 1);
    events_destroy(events);
}

/* --- many threads --- */

#define PUBLISHERS 3
#define ROUNDS 3000
#define WAIT_MS 20000

struct race {
    struct events *events;
    struct uuid user_id;
    struct lock lock;
    struct condition changed;
    bool woken;
    atomic_int closed_streams;
};

static void wake_reader(void *arg)
{
    struct race *race = arg;
    lock_acquire(&race->lock);
    race->woken = true;
    condition_signal(&race->changed);
    lock_release(&race->lock);
}

static void publish_all(void *arg)
{
    struct race *race = arg;
    for (int i = 1; i <= ROUNDS; i++) {
        struct message_record letter = letter_at(i);
        events_publish_read(race->events, &race->user_id, &letter);
        if (i % 16 == 0)
            events_publish_unread(race->events, &race->user_id, NULL);
    }
}

/* Opens and closes streams all the while: a wake after close would touch freed memory. */
static void come_and_go(void *arg)
{
    struct race *race = arg;
    for (int i = 0; i < ROUNDS / 4; i++) {
        struct event_stream *stream = NULL;
        atomic_int *wakes = &(atomic_int){0};
        if (events_open(race->events, &race->user_id, &stream) != ERR_OK)
            continue;
        (void)events_arm(stream, count_wake, wakes);
        events_close(stream);
        atomic_fetch_add(&race->closed_streams, 1);
    }
}

/* Reads until the publishers' last mark came; false when nothing wakes it in time. */
static bool read_until_end(struct race *race, struct event_stream *stream)
{
    int64_t deadline = clock_mono_ms() + WAIT_MS;
    struct event event;
    for (;;) {
        while (events_next(stream, &event)) {
            if (event.kind == EVENT_LOST)
                return true;
            if (event.kind == EVENT_LETTER)
                return true;
        }
        lock_acquire(&race->lock);
        race->woken = false;
        lock_release(&race->lock);
        if (!events_arm(stream, wake_reader, race))
            continue;
        lock_acquire(&race->lock);
        while (!race->woken && condition_wait(&race->changed, &race->lock, deadline))
            continue;
        bool woken = race->woken;
        lock_release(&race->lock);
        if (!woken)
            return false;
    }
}

struct reader {
    struct race *race;
    struct event_stream *stream;
    bool finished;
};

static void read_all(void *arg)
{
    struct reader *reader = arg;
    reader->finished = read_until_end(reader->race, reader->stream);
}

static void test_no_wake_is_lost_and_none_comes_late(void **state)
{
    (void)state;
    struct race race = {.events = events_create(8, 8), .user_id = uuid_random()};
    struct thread publishers[PUBLISHERS];
    struct thread visitor;
    struct thread reading;
    struct reader reader = {.race = &race};
    lock_init(&race.lock);
    condition_init(&race.changed);
    assert_int_equal(events_open(race.events, &race.user_id, &reader.stream), ERR_OK);
    thread_start(&reading, "reader", read_all, &reader);
    thread_start(&visitor, "visitor", come_and_go, &race);
    for (int i = 0; i < PUBLISHERS; i++)
        thread_start(&publishers[i], "publisher", publish_all, &race);
    for (int i = 0; i < PUBLISHERS; i++)
        thread_join(&publishers[i]);
    thread_join(&visitor);
    struct message_record last = letter_at(1);
    events_publish_letter(race.events, &race.user_id, &last);
    thread_join(&reading);
    assert_true(reader.finished);
    assert_true(atomic_load(&race.closed_streams) > 0);
    events_close(reader.stream);
    events_destroy(race.events);
    condition_fini(&race.changed);
    lock_fini(&race.lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_come_in_order_and_only_to_their_user),
        cmocka_unit_test(test_a_slow_stream_is_told),
        cmocka_unit_test(test_a_letter_is_told_once),
        cmocka_unit_test(test_users_are_named_once),
        cmocka_unit_test(test_caps),
        cmocka_unit_test(test_arming),
        cmocka_unit_test(test_no_wake_is_lost_and_none_comes_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
