/* The Idempotency-Key header of requests that make a letter. */
#ifndef LETTERLOCK_API_IDEMPOTENCY_KEY_H
#define LETTERLOCK_API_IDEMPOTENCY_KEY_H

#include "api/call.h"

/* Reads it, borrowed from the request; *key is empty when there is none. ERR_INVALID_FIELD. */
enum err idempotency_key_read(struct api_call *call, struct bytes *key) MUST_CHECK;

#endif
