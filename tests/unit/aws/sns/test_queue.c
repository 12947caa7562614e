#include "aws/sns/notice_queue.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/threads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TARGET "arn:aws:sns:us-east-1:123456789012:user-1"
#define WAIT_MS 10000

static int start(void **state)
{
    *state = notice_queue_create();
    return 0;
}

static int end(void **state)
{
    notice_queue_destroy(*state);
    return 0;
}

static struct uuid user(unsigned number)
{
    struct uuid id = {.b = {(uint8_t)(number >> 8), (uint8_t)number}};
    return id;
}

static void add(struct notice_queue *queue, unsigned number)
{
    struct uuid id = user(number);
    notice_queue_add(queue, &id, TARGET);
}

static bool take_due(struct notice_queue *queue, struct notice *out)
{
    return notice_queue_take_now(queue, clock_mono_ms(), out);
}

static void test_a_user_is_told_once(void **state)
{
    struct notice_queue *queue = *state;
    struct notice notice;
    struct uuid id = user(1);
    assert_false(take_due(queue, &notice));
    add(queue, 1);
    add(queue, 1);
    assert_true(take_due(queue, &notice));
    assert_true(uuid_equal(&notice.user_id, &id));
    assert_string_equal(notice.target, TARGET);
    assert_false(notice_queue_take_now(queue, INT64_MAX, &notice));
    notice_queue_done(queue, &notice, true);
}

static void test_a_minute_lies_between(void **state)
{
    struct notice_queue *queue = *state;
    struct notice notice;
    add(queue, 1);
    int64_t before = clock_mono_ms();
    assert_true(take_due(queue, &notice));
    int64_t after = clock_mono_ms();
    /* While the first is on its way, and after. */
    add(queue, 1);
    notice_queue_done(queue, &notice, true);
    add(queue, 1);
    assert_false(notice_queue_take_now(queue, before + NOTICE_INTERVAL_MS - 1, &notice));
    assert_true(notice_queue_take_now(queue, after + NOTICE_INTERVAL_MS, &notice));
    assert_false(notice_queue_take_now(queue, INT64_MAX, &notice));
}

static void test_others_need_not_wait(void **state)
{
    struct notice_queue *queue = *state;
    struct notice notice;
    add(queue, 1);
    assert_true(take_due(queue, &notice));
    notice_queue_done(queue, &notice, true);
    add(queue, 1);
    for (unsigned i = 2; i < 5; i++)
        add(queue, i);
    for (unsigned i = 2; i < 5; i++) {
        struct uuid id = user(i);
        assert_true(take_due(queue, &notice));
        assert_true(uuid_equal(&notice.user_id, &id));
    }
    assert_false(take_due(queue, &notice));
}

static void test_failures_are_tried_again(void **state)
{
    struct notice_queue *queue = *state;
    struct notice notice;
    add(queue, 1);
    assert_true(take_due(queue, &notice));
    for (unsigned i = 1; i < NOTICE_ATTEMPTS_MAX; i++) {
        notice_queue_done(queue, &notice, false);
        assert_false(take_due(queue, &notice));
        assert_true(notice_queue_take_now(queue, clock_mono_ms() + NOTICE_INTERVAL_MS, &notice));
        assert_int_equal(notice.attempts, i);
    }
    notice_queue_done(queue, &notice, false);
    assert_false(notice_queue_take_now(queue, INT64_MAX, &notice));
}

static void test_a_newer_letter_takes_the_place_of_a_failure(void **state)
{
    struct notice_queue *queue = *state;
    struct notice notice;
    add(queue, 1);
    assert_true(take_due(queue, &notice));
    add(queue, 1);
    notice_queue_done(queue, &notice, false);
    assert_true(notice_queue_take_now(queue, INT64_MAX, &notice));
    assert_int_equal(notice.attempts, 0);
    assert_false(notice_queue_take_now(queue, INT64_MAX, &notice));
}

static void test_ceiling(void **state)
{
    struct notice_queue *queue = *state;
    struct notice notice;
    for (unsigned i = 0; i < NOTICE_QUEUE_MAX + 10; i++)
        add(queue, i);
    for (unsigned i = 0; i < NOTICE_QUEUE_MAX; i++)
        assert_true(take_due(queue, &notice));
    assert_false(notice_queue_take_now(queue, INT64_MAX, &notice));
}

static void test_long_targets(void **state)
{
    struct notice_queue *queue = *state;
    struct notice notice;
    struct uuid id = user(1);
    char target[NOTICE_TARGET_BYTES + 1];
    memset(target, 'a', sizeof target);
    target[NOTICE_TARGET_BYTES] = '\0';
    notice_queue_add(queue, &id, target);
    assert_false(notice_queue_take_now(queue, INT64_MAX, &notice));
    target[NOTICE_TARGET_BYTES - 1] = '\0';
    notice_queue_add(queue, &id, target);
    assert_true(take_due(queue, &notice));
    assert_string_equal(notice.target, target);
}

/* A thread that takes until the end, and counts. */
struct taker {
    struct notice_queue *queue;
    struct gate first;
    unsigned taken;
};

static void take_all(void *arg)
{
    struct taker *taker = arg;
    struct notice notice;
    while (notice_queue_take(taker->queue, &notice)) {
        taker->taken++;
        gate_open(&taker->first);
        notice_queue_done(taker->queue, &notice, true);
    }
}

static void test_a_thread_waits_and_ends(void **state)
{
    struct taker taker = {.queue = *state};
    struct thread thread = {0};
    gate_init(&taker.first);
    thread_start(&thread, "taker", take_all, &taker);
    add(taker.queue, 1);
    assert_true(gate_wait(&taker.first, clock_mono_ms() + WAIT_MS));
    add(taker.queue, 1);
    notice_queue_settle(taker.queue, clock_mono_ms() + WAIT_MS);
    notice_queue_end(taker.queue);
    thread_join(&thread);
    assert_int_equal(taker.taken, 1);
    /* What waited for its minute is still there for the end of the process. */
    struct notice notice;
    assert_true(notice_queue_take_now(taker.queue, INT64_MAX, &notice));
    notice_queue_done(taker.queue, &notice, false);
    assert_false(notice_queue_take_now(taker.queue, INT64_MAX, &notice));
    gate_fini(&taker.first);
}

static void test_settling_has_a_deadline(void **state)
{
    struct notice_queue *queue = *state;
    struct notice notice;
    add(queue, 1);
    assert_true(take_due(queue, &notice));
    int64_t deadline = clock_mono_ms() + 50;
    notice_queue_settle(queue, deadline);
    assert_true(clock_mono_ms() >= deadline);
    notice_queue_done(queue, &notice, true);
    deadline = clock_mono_ms() + WAIT_MS;
    notice_queue_settle(queue, deadline);
    assert_true(clock_mono_ms() < deadline);
}

int main(void)
{
#define CASE(function) cmocka_unit_test_setup_teardown(function, start, end)
    const struct CMUnitTest tests[] = {
        CASE(test_a_user_is_told_once),
        CASE(test_a_minute_lies_between),
        CASE(test_others_need_not_wait),
        CASE(test_failures_are_tried_again),
        CASE(test_a_newer_letter_takes_the_place_of_a_failure),
        CASE(test_ceiling),
        CASE(test_long_targets),
        CASE(test_a_thread_waits_and_ends),
        CASE(test_settling_has_a_deadline),
    };
    return cmocka_run_group_tests_name("queue of notices", tests, NULL, NULL);
}
