/* One operation of DynamoDB: what is busy is tried again until the deadline, and what a condition
 * refused is told apart from what failed. */
#ifndef LETTERLOCK_AWS_DYNAMO_CALL_H
#define LETTERLOCK_AWS_DYNAMO_CALL_H

#include "aws/client/aws_client.h"

#include <jansson.h>

struct dynamo_answer {
    json_t *body; /* owned; of a refusal "Item" or "CancellationReasons" in it */
    bool refused; /* a condition did not hold: nothing was done */
};

/* Runs operation with the request in, whose reference is taken. Transactions get a
 * ClientRequestToken of their own, so that the client's repetitions are carried out once; every
 * other operation must be one that does no harm twice. A conflict with another transaction, and a
 * transaction cancelled by throttling, are tried again with full jitter until the deadline:
 * ERR_UNAVAILABLE then. Other errors as aws_answer_error gives them. *out is for dynamo_call_end
 * whatever comes back. */
enum err dynamo_call_run(struct aws_client *client, struct ctx *ctx, const char *operation,
                         json_t *in, struct dynamo_answer *out) MUST_CHECK;

/* Ends an answer; a zeroed one is legal. */
void dynamo_call_end(struct dynamo_answer *answer);

/* Waits a random time, longer the more often it was tried (0 first). False, at once, when the
 * deadline leaves no room for it. */
bool dynamo_call_wait(struct ctx *ctx, unsigned tried);

/* Whether the transaction's action of that number (from 0) was among those refused. *item is what
 * the table holds, borrowed from the answer, or NULL when there is no such item; it needs the
 * action's ReturnValuesOnConditionCheckFailure. */
bool dynamo_call_refused(const struct dynamo_answer *answer, size_t action, const json_t **item);

/* The item of a GetItem, or that of a refusal; borrowed; NULL when there is none. */
const json_t *dynamo_call_item(const struct dynamo_answer *answer);

#endif
