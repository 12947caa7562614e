/* The notices port on Amazon SNS (a topic per user, e-mail subscription) or SES (one mail per
 * notice, for many users). Notices are sent by a thread of their own from a bounded queue, at most
 * one per user and minute, and name nobody. */
#ifndef LETTERLOCK_AWS_SNS_NOTICES_H
#define LETTERLOCK_AWS_SNS_NOTICES_H

#include "aws/client/aws_client.h"
#include "ports/notices.h"

struct sns_notices;

/* client outlives it. */
struct sns_notices *sns_notices_create(struct aws_client *client) __attribute__((returns_nonnull));
struct notices sns_notices_port(struct sns_notices *notices);

/* Sends what is due, until the deadline of ctx; for the end of a Lambda invocation, whose threads
 * stand still afterwards. A notice that waits for its minute goes with a later invocation. */
void sns_notices_flush(struct sns_notices *notices, struct ctx *ctx);

/* Sends all that waits first, for five seconds at most, and what is being sent is waited for. NULL
 * is legal. */
void sns_notices_destroy(struct sns_notices *notices);

#endif
