/* Requests of API Gateway through the API: a whole body in, a whole reply out. */
#ifndef LETTERLOCK_LAMBDA_GATEWAY_H
#define LETTERLOCK_LAMBDA_GATEWAY_H

#include "api/api.h"
#include "lambda/lambda_event.h"

/* Appends to out the answer to a request: always one, problem documents included. A reply that does
 * not fit into Lambda's payload is answered ERR_ANSWER_TOO_LARGE with the way to get at it, an
 * event stream ERR_NOT_FOUND. Nothing of the call waits past latest_mono_ms. */
void lambda_gateway_answer(struct api *api, const struct lambda_request *request,
                           int64_t latest_mono_ms, struct buffer *out);

#endif
