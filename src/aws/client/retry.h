/* When to repeat a call: the "standard" retry mode of the AWS SDKs and Tools Reference Guide, a
 * token bucket that lets a healthy service be asked again and a failing one be left alone, and
 * exponential delays with full jitter. Thread-safe. */
#ifndef LETTERLOCK_AWS_CLIENT_RETRY_H
#define LETTERLOCK_AWS_CLIENT_RETRY_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define RETRY_ATTEMPTS_MAX 3u

enum retry_reason { RETRY_TRANSIENT, RETRY_THROTTLED };

struct retry_budget;

struct retry_budget *retry_budget_create(void) __attribute__((returns_nonnull));
void retry_budget_destroy(struct retry_budget *budget); /* NULL is legal */

/* Takes the price of one more attempt and tells it; 0, and it must not be made, when there is not
 * enough. */
unsigned retry_budget_take(struct retry_budget *budget, enum retry_reason reason) MUST_CHECK;

/* An attempt succeeded: gives back what the call's last retry took, or a little when cost is 0. */
void retry_budget_give(struct retry_budget *budget, unsigned cost);

/* Milliseconds to wait before the attempt-th repetition (1, 2 …), by chance. */
int64_t retry_delay_ms(unsigned attempt, enum retry_reason reason);

/* True for error codes that mean "later": throttles, whatever their HTTP status. */
bool retry_is_throttle(const char *code);

/* True for error codes that mean "again": faults of the moment. */
bool retry_is_transient(const char *code);

#endif
