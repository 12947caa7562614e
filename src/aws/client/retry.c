#include "aws/client/retry.h"

#include "base/mem.h"
#include "base/random.h"
#include "base/threads.h"

#include <string.h>

#define CAPACITY 500
#define COST 5
#define GIFT 1 /* for a call that needed no retry */
#define TRANSIENT_BASE_MS 50u
#define THROTTLED_BASE_MS 250u
#define DELAY_MAX_MS 5000u
#define DOUBLINGS_MAX 6u

struct retry_budget {
    struct lock lock;
    int tokens;
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

bool retry_budget_take(struct retry_budget *budget, enum retry_reason reason)
{
    int cost = reason == RETRY_THROTTLED ? COST : 2 * COST;
    lock_acquire(&budget->lock);
    bool enough = budget->tokens >= cost;
    if (enough)
        budget->tokens -= cost;
    lock_release(&budget->lock);
    return enough;
}

void retry_budget_give(struct retry_budget *budget, unsigned retries)
{
    int back = retries == 0 ? GIFT : (int)retries * COST;
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
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
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
