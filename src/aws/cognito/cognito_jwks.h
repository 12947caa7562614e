/* The pool's JWK Set, fetched and kept for a moment: core's verifier asks for it when it meets a
 * key that it does not know, every few seconds at most, and anybody may ask the server for it. */
#ifndef LETTERLOCK_AWS_COGNITO_JWKS_H
#define LETTERLOCK_AWS_COGNITO_JWKS_H

#include "aws/aws_config.h"
#include "base/ctx.h"

struct cognito_jwks;

/* config outlives it. A set is kept for kept_ms. */
struct cognito_jwks *cognito_jwks_create(const struct aws_config *config, int64_t kept_ms)
    __attribute__((returns_nonnull));
void cognito_jwks_destroy(struct cognito_jwks *jwks); /* NULL is legal */

/* Gives the set in the arena; one that did not change is not sent again. While it is fetched,
 * others get the one before. Thread-safe. ERR_UNAVAILABLE with a logged cause. */
enum err cognito_jwks_get(struct cognito_jwks *jwks, struct ctx *ctx,
                          struct bytes *json) MUST_CHECK;

#endif
