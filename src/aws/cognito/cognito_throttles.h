/* The counts of ports/throttle.h in memory, for one process: the pool itself locks accounts that
 * are guessed at, on whatever node, and a web application firewall is what counts addresses across
 * nodes. Bounded; thread-safe. */
#ifndef LETTERLOCK_AWS_COGNITO_THROTTLES_H
#define LETTERLOCK_AWS_COGNITO_THROTTLES_H

#include "base/ctx.h"
#include "ports/throttle.h"

struct cognito_throttles;

struct cognito_throttles *cognito_throttles_create(void) __attribute__((returns_nonnull));
void cognito_throttles_destroy(struct cognito_throttles *throttles); /* NULL is legal */

/* ERR_RATE_LIMITED, with ctx->retry_after_s, while one of the keys is barred. */
enum err cognito_throttles_check(struct cognito_throttles *throttles, struct ctx *ctx,
                                 const struct throttle *keys, size_t count) MUST_CHECK;

/* Counts a failure for each key. */
void cognito_throttles_count(struct cognito_throttles *throttles, const struct ctx *ctx,
                             const struct throttle *keys, size_t count);

/* Forgets the key's failures. */
void cognito_throttles_clear(struct cognito_throttles *throttles, const struct throttle *key);

#endif
