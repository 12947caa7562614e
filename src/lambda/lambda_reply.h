/* Replies of the API as what API Gateway takes from a proxy integration (API Gateway Developer
 * Guide, "Output format of a Lambda function for proxy integration"; HTTP APIs, payload 2.0). Pure.
 */
#ifndef LETTERLOCK_LAMBDA_REPLY_H
#define LETTERLOCK_LAMBDA_REPLY_H

#include "lambda/lambda_event.h"

/* The most bytes of a body that fit into a payload whatever they are: base64 makes four of three,
 * and the headers need room. */
#define LAMBDA_REPLY_BODY_MAX (4u << 20)

/* Appends the reply's JSON: text as it is, other bodies as base64. body is the whole of it, from
 * the call's reply or its source, at most LAMBDA_REPLY_BODY_MAX. */
void lambda_reply_write(struct buffer *out, enum lambda_payload payload,
                        const struct api_reply *reply, struct bytes body);

/* A reply header's value, or NULL. */
const char *lambda_reply_header(const struct api_reply *reply, const char *name);

#endif
