/* Triggers of a Cognito user pool (Cognito Developer Guide, "Post confirmation Lambda trigger"). */
#ifndef LETTERLOCK_LAMBDA_TRIGGER_H
#define LETTERLOCK_LAMBDA_TRIGGER_H

#include "base/json.h"
#include "lambda/lambda.h"

/* True for an event of a user pool. */
bool lambda_trigger_is(const json_t *event);

/* Runs config->confirmed for PostConfirmation_ConfirmSignUp; other confirmations pass. Appends the
 * answer to out: the event as it came. ERR_INVALID_REQUEST for any other trigger, and for an event
 * that lacks what the sign-up's has; what confirmed gives. */
enum err lambda_trigger_serve(const struct lambda_config *config, struct ctx *ctx,
                              const json_t *event, struct buffer *out) MUST_CHECK;

#endif
