/* When calls are repeated, at what price, and after how long. */
#include "aws/client/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static int set_up(void **state)
{
    *state = retry_budget_create();
    return 0;
}

static int tear_down(void **state)
{
    retry_budget_destroy(*state);
    return 0;
}

static unsigned drain(struct retry_budget *budget, enum retry_reason reason)
{
    unsigned taken = 0;
    while (retry_budget_take(budget, reason) > 0)
        taken++;
    return taken;
}

static void test_the_budget_ends(void **state)
{
    assert_int_equal(drain(*state, RETRY_THROTTLED), 100);
    assert_int_equal(retry_budget_take(*state, RETRY_TRANSIENT), 0);
}

static void test_lost_answers_cost_double(void **state)
{
    assert_int_equal(drain(*state, RETRY_TRANSIENT), 50);
}

static void test_success_gives_back_what_its_retry_took(void **state)
{
    (void)drain(*state, RETRY_TRANSIENT);
    retry_budget_give(*state, 10);
    assert_int_equal(drain(*state, RETRY_TRANSIENT), 1);
}

static void test_success_without_retries_gives_a_little(void **state)
{
    (void)drain(*state, RETRY_THROTTLED);
    for (int i = 0; i < 4; i++)
        retry_budget_give(*state, 0);
    assert_int_equal(retry_budget_take(*state, RETRY_THROTTLED), 0);
    retry_budget_give(*state, 0);
    assert_int_equal(retry_budget_take(*state, RETRY_THROTTLED), 5);
}

static void test_the_budget_does_not_grow_beyond_its_size(void **state)
{
    for (int i = 0; i < 1000; i++)
        retry_budget_give(*state, 10);
    assert_int_equal(drain(*state, RETRY_THROTTLED), 100);
}

static int64_t longest_delay(unsigned attempt, enum retry_reason reason)
{
    int64_t longest = 0;
    for (int i = 0; i < 2000; i++) {
        int64_t delay = retry_delay_ms(attempt, reason);
        assert_in_range(delay, 0, 5000);
        longest = delay > longest ? delay : longest;
    }
    return longest;
}

/* The chance that 2000 uniform numbers all miss the upper tenth of their range is 1e-91. */
static void test_delays_double_by_chance(void **state)
{
    (void)state;
    assert_in_range(longest_delay(1, RETRY_TRANSIENT), 45, 50);
    assert_in_range(longest_delay(2, RETRY_TRANSIENT), 90, 100);
    assert_in_range(longest_delay(1, RETRY_THROTTLED), 225, 250);
    assert_in_range(longest_delay(2, RETRY_THROTTLED), 450, 500);
    assert_in_range(longest_delay(40, RETRY_THROTTLED), 4500, 5000);
}

static void test_codes(void **state)
{
    (void)state;
    assert_true(retry_is_throttle("ThrottlingException"));
    assert_true(retry_is_throttle("ProvisionedThroughputExceededException"));
    assert_true(retry_is_throttle("SlowDown"));
    assert_true(retry_is_throttle("TooManyRequestsException"));
    /* Cognito: a user's tries; KMS: a quota. Asking again would only make it worse. */
    assert_false(retry_is_throttle("LimitExceededException"));
    assert_false(retry_is_throttle("AccessDeniedException"));
    assert_false(retry_is_throttle(""));
    assert_true(retry_is_transient("InternalError"));
    assert_true(retry_is_transient("KMSInternalException"));
    assert_false(retry_is_transient("ValidationException"));
}

#define WITH_BUDGET(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BUDGET(test_the_budget_ends),
        WITH_BUDGET(test_lost_answers_cost_double),
        WITH_BUDGET(test_success_gives_back_what_its_retry_took),
        WITH_BUDGET(test_success_without_retries_gives_a_little),
        WITH_BUDGET(test_the_budget_does_not_grow_beyond_its_size),
        cmocka_unit_test(test_delays_double_by_chance),
        cmocka_unit_test(test_codes),
    };
    return cmocka_run_group_tests_name("aws_retry", tests, NULL, NULL);
}
