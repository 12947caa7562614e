/* A user's own AWS credentials: the identity pool's answer to the user's ID token (GetId,
 * GetCredentialsForIdentity), tagged with the token's sub. Cached in memory by session until five
 * minutes before they or the token expire, bounded in number. Thread-safe. */
#ifndef LETTERLOCK_AWS_OWNER_CREDENTIALS_H
#define LETTERLOCK_AWS_OWNER_CREDENTIALS_H

#include "aws/client/aws_client.h"
#include "ports/actor.h"

struct owner_credentials;

struct owner_credentials *owner_credentials_create(struct aws_client *client)
    __attribute__((returns_nonnull));
void owner_credentials_destroy(struct owner_credentials *owners); /* NULL is legal */

/* Copies the credentials of ctx->actor to *out; the caller cleanses them. ERR_ID_TOKEN_REQUIRED
 * when the actor came with an access token, ERR_UNAUTHENTICATED when the pool refuses the token. */
enum err owner_credentials_get(struct owner_credentials *owners, struct ctx *ctx,
                               struct aws_credentials *out) MUST_CHECK;

/* Forgets those of ctx->actor's session: AWS said that they are expired. */
void owner_credentials_drop(struct owner_credentials *owners, const struct ctx *ctx);

#endif
