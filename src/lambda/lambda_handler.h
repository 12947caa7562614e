/* What an invocation's event is answered, whichever service it comes from. */
#ifndef LETTERLOCK_LAMBDA_HANDLER_H
#define LETTERLOCK_LAMBDA_HANDLER_H

#include "base/buffer.h"
#include "lambda/lambda.h"

/* For the Runtime API: static texts. */
struct lambda_error {
    const char *type;    /* "Letterlock.BadEvent" */
    const char *message; /* shown to users by Cognito, so without particulars */
};

/* Answers an event, which is JSON: true with the answer's JSON appended to out, or false with what
 * was wrong in *error. Nothing waits past ctx's deadline. */
bool lambda_handler_answer(struct api *api, const struct lambda_config *config, struct ctx *ctx,
                           struct bytes event, struct buffer *out,
                           struct lambda_error *error) MUST_CHECK;

#endif
