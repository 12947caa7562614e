/* The pool's JWK Set, fetched and kept for a few seconds: core's verifier asks for it when it meets
 * a key that it does not know, and anybody may ask the server for it. */
#ifndef LETTERLOCK_AWS_COGNITO_JWKS_H
#define LETTERLOCK_AWS_COGNITO_JWKS_H

#include "aws/aws_config.h"
#include "base/ctx.h"

struct cognito_jwks;

/* config outlives it. */
struct cognito_jwks *cognito_jwks_create(const struct aws_config *config)
    __attribute__((returns_nonnull));
void cognito_jwks_destroy(struct cognito_jwks *jwks); /* NULL is legal */

/* Gives the set, at most five seconds old, in the arena; a set that did not change is not sent
 * again. Thread-safe. ERR_UNAVAILABLE with a logged cause. */
enum err cognito_jwks_get(struct cognito_jwks *jwks, struct ctx *ctx,
                          struct bytes *json) MUST_CHECK;

#endif
