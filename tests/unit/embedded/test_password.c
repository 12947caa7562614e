/* Stretching passwords, a few at a time. */
#include "embedded/password.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define THREADS 8
#define ROUNDS 20
#define MAX 2
#define TIMEOUT_MS 60000

static struct kdf_parameters cheap(void)
{
    struct kdf_parameters params = kdf_parameters_new();
    params.memory_kib = 8;
    params.passes = 1;
    return params;
}

static enum err stretch(struct password_gate *gate, int64_t deadline_mono_ms)
{
    struct ctx ctx = {.deadline_mono_ms = deadline_mono_ms};
    struct kdf_parameters params = cheap();
    struct secret authentication = {0};
    struct secret wrapping = {0};
    enum err e = password_stretch(gate, &ctx, BYTES_LIT("nine lives of cats"), &params,
                                  &authentication, &wrapping);
    secret_fini(&authentication);
    secret_fini(&wrapping);
    return e;
}

static void test_waits_until_the_deadline_only(void **state)
{
    struct password_gate gate;
    (void)state;
    password_gate_init(&gate, MAX);
    gate.running = MAX; /* all places are taken, by nobody who will leave */
    assert_int_equal(stretch(&gate, clock_mono_ms() - 1), ERR_DEADLINE);
    assert_int_equal(stretch(&gate, clock_mono_ms() + 20), ERR_DEADLINE);
    gate.running = MAX - 1;
    assert_int_equal(stretch(&gate, clock_mono_ms() + TIMEOUT_MS), ERR_OK);
    assert_int_equal(gate.running, MAX - 1);
    password_gate_fini(&gate);
}

/* A place is given back by failures too. */
static void test_costs_out_of_bounds(void **state)
{
    struct password_gate gate;
    struct ctx ctx = {.deadline_mono_ms = clock_mono_ms() + TIMEOUT_MS};
    struct kdf_parameters params = cheap();
    (void)state;
    password_gate_init(&gate, 1);
    params.memory_kib = KEY_RING_MEMORY_KIB_MAX + 1;
    for (int i = 0; i < 3; i++)
        assert_int_equal(password_stretch(&gate, &ctx, BYTES_LIT("x"), &params, NULL, NULL),
                         ERR_INVALID_FIELD);
    assert_int_equal(gate.running, 0);
    password_gate_fini(&gate);
}

struct crowd {
    struct password_gate *gate;
    atomic_uint failures;
};

static void stretch_many(void *arg)
{
    struct crowd *crowd = arg;
    for (int i = 0; i < ROUNDS; i++)
        atomic_fetch_add(&crowd->failures,
                         stretch(crowd->gate, clock_mono_ms() + TIMEOUT_MS) != ERR_OK);
}

static void test_everyone_gets_a_turn(void **state)
{
    struct password_gate gate;
    struct thread threads[THREADS] = {0};
    struct crowd crowd = {.gate = &gate};
    (void)state;
    password_gate_init(&gate, MAX);
    for (int i = 0; i < THREADS; i++)
        thread_start(&threads[i], "guesser", stretch_many, &crowd);
    for (int i = 0; i < THREADS; i++)
        thread_join(&threads[i]);
    assert_int_equal(atomic_load(&crowd.failures), 0);
    assert_int_equal(gate.running, 0);
    password_gate_fini(&gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waits_until_the_deadline_only),
        cmocka_unit_test(test_costs_out_of_bounds),
        cmocka_unit_test(test_everyone_gets_a_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
