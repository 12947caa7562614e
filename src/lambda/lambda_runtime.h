/* The client of Lambda's Runtime API (Lambda Developer Guide, "Using the Lambda runtime API for
 * custom runtimes"): one invocation after another, over one connection. */
#ifndef LETTERLOCK_LAMBDA_RUNTIME_H
#define LETTERLOCK_LAMBDA_RUNTIME_H

#include "base/buffer.h"
#include "base/err.h"

#define LAMBDA_REQUEST_ID_BYTES 128u
#define LAMBDA_TRACE_ID_BYTES 256u

/* Lambda's ceiling of a synchronous payload, each way (Lambda quotas: 6 MB). */
#define LAMBDA_PAYLOAD_MAX (6u << 20)

struct lambda_invocation {
    char request_id[LAMBDA_REQUEST_ID_BYTES];
    char trace_id[LAMBDA_TRACE_ID_BYTES]; /* X-Ray's, or "" */
    int64_t deadline_unix_ms;             /* when the sandbox is stopped; 0: not told */
    struct buffer event;                  /* JSON; owned; overflown beyond the ceiling */
};

struct lambda_runtime;

/* runtime_api is host:port, and outlives it. */
struct lambda_runtime *lambda_runtime_create(const char *runtime_api)
    __attribute__((returns_nonnull));
void lambda_runtime_destroy(struct lambda_runtime *runtime); /* NULL is legal */

/* Waits for the next invocation, for as long as it takes: the sandbox is frozen meanwhile.
 * ERR_UNAVAILABLE when the runtime is gone. lambda_invocation_fini ends it, in either case. */
enum err lambda_runtime_next(struct lambda_runtime *runtime,
                             struct lambda_invocation *out) MUST_CHECK;
void lambda_invocation_fini(struct lambda_invocation *invocation);

/* Answers an invocation. ERR_UNAVAILABLE, after a line in the log, when the answer was not taken.
 */
enum err lambda_runtime_respond(struct lambda_runtime *runtime,
                                const struct lambda_invocation *invocation,
                                struct bytes payload) MUST_CHECK;

/* Reports that an invocation failed; or, with NULL, that the start did. type is like
 * "Letterlock.BadEvent". */
enum err lambda_runtime_fail(struct lambda_runtime *runtime,
                             const struct lambda_invocation *invocation, const char *type,
                             const char *message) MUST_CHECK;

#endif
