#include "aws/client/retry.h"

#include "base/mem.h"
#include "base/random.h"
#include "base/threads.h"

#include <string.h>

#define CAPACITY 500u
#define COST_THROTTLED 5u
#define COST_TRANSIENT 10u /* it may have cost a long wait */
#define GIFT 1u            /* for a call that needed no retry */
#define TRANSIENT_BASE_MS 50u
#define THROTTLED_BASE_MS 250u
#define DELAY_MAX_MS 5000u
#define DOUBLINGS_MAX 6u

struct retry_budget {
    struct lock lock;
    unsigned tokens;
};

struct retry_budget *retry_budget_create(void)
{
    struct retry_budget *budget = mem_alloc(sizeof *budget);
    lock_init(&budget->lock);
    budget->tokens = CAPACITY;
    return budget;
}

void retry_budget_destroy(struct retry_budget *budget)
{
    if (budget == NULL)
        return;
    lock_fini(&budget->lock);
    mem_free(budget);
}

unsigned retry_budget_take(struct retry_budget *budget, enum retry_reason reason)
{
    unsigned cost = reason == RETRY_THROTTLED ? COST_THROTTLED : COST_TRANSIENT;
    lock_acquire(&budget->lock);
    if (budget->tokens < cost)
        cost = 0;
    budget->tokens -= cost;
    lock_release(&budget->lock);
    return cost;
}

void retry_budget_give(struct retry_budget *budget, unsigned cost)
{
    unsigned back = cost == 0 ? GIFT : cost;
    lock_acquire(&budget->lock);
    budget->tokens = budget->tokens + back < CAPACITY ? budget->tokens + back : CAPACITY;
    lock_release(&budget->lock);
}

int64_t retry_delay_ms(unsigned attempt, enum retry_reason reason)
{
    uint32_t base = reason == RETRY_THROTTLED ? THROTTLED_BASE_MS : TRANSIENT_BASE_MS;
    uint32_t most = base << (attempt - 1 < DOUBLINGS_MAX ? attempt - 1 : DOUBLINGS_MAX);
    return (int64_t)random_below((most < DELAY_MAX_MS ? most : DELAY_MAX_MS) + 1);
}

static bool is_one_of(const char *code, const char *const *codes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(code, codes[i]) == 0)
            return true;
    }
    return false;
}

/* Cognito's LimitExceededException counts a user's attempts, and KMS' a quota of the account:
 * neither passes within seconds, so they are not here. */
bool retry_is_throttle(const char *code)
{
    static const char *const codes[] = {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "KMSThrottling",
        "KMSThrottlingException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttled",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    };
    return is_one_of(code, codes, sizeof codes / sizeof codes[0]);
}

bool retry_is_transient(const char *code)
{
    static const char *const codes[] = {
        "DependencyTimeoutException", "InternalError",
        "InternalErrorException",     "InternalFailure",
        "InternalServerError",        "KMSInternalException",
        "KeyUnavailableException",    "RequestTimeout",
        "RequestTimeoutException",    "ServiceUnavailable",
    };
    return is_one_of(code, codes, sizeof codes / sizeof codes[0]);
}
