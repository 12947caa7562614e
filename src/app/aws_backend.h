/* The AWS backend as one thing: builds its adapters over one client, in order, and takes them down
 * again. */
#ifndef LETTERLOCK_APP_AWS_BACKEND_H
#define LETTERLOCK_APP_AWS_BACKEND_H

#include "app/config.h"
#include "ports/ports.h"

struct aws_backend;
struct aws_client;       /* aws/client/aws_client.h */
struct cognito_identity; /* aws/cognito/cognito_identity.h */

/* Makes the adapters; nothing is asked of AWS yet. config outlives it. ERR_UNAVAILABLE with
 * ctx->detail in words for settings that cannot be used. On failure nothing stays open. */
enum err aws_backend_open(struct ctx *ctx, const struct config *config,
                          struct aws_backend **out) MUST_CHECK;

/* The ports, which live as long as the backend. */
struct ports *aws_backend_ports(struct aws_backend *aws);

/* The client and the identity adapter, for operators' commands; as long as the backend. */
struct aws_client *aws_backend_client(struct aws_backend *aws);
struct cognito_identity *aws_backend_identity(struct aws_backend *aws);

/* Sends the notices that wait, until the deadline of ctx: threads stand still between the
 * invocations of a Lambda function. */
void aws_backend_settle(struct aws_backend *aws, struct ctx *ctx);

/* aws may be NULL. */
void aws_backend_close(struct aws_backend *aws);

#endif
