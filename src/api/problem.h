/* Problem documents (RFC 9457): the one form of every error reply. */
#ifndef LETTERLOCK_API_PROBLEM_H
#define LETTERLOCK_API_PROBLEM_H

#include "api/call.h"

/* Fills call->reply, which is fresh (reply_start), with the problem document of e: status, body,
 * WWW-Authenticate with 401, Retry-After where waiting helps. call->ctx.detail is its detail. */
void problem_write(struct api_call *call, enum err e);

#endif
