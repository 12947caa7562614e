/* The request context: first argument of every fallible core or port call. One thread at a time
 * uses it; it lives as long as the request. */
#ifndef LETTERLOCK_BASE_CTX_H
#define LETTERLOCK_BASE_CTX_H

#include "base/arena.h"
#include "base/err.h"

#define CTX_REQUEST_ID_BYTES 17u /* 16 hex digits and the NUL */
#define CTX_DETAIL_BYTES 160u

struct actor;

struct ctx {
    struct arena *arena;        /* borrowed; results of calls live here unless said otherwise */
    int64_t deadline_mono_ms;   /* nothing called with this context waits past it */
    int64_t now_unix_ms;        /* the request's one idea of the present */
    const struct actor *actor;  /* who asks (ports/actor.h), or NULL before authentication */
    const char *client_address; /* numeric address of the peer, or NULL; for throttles only */
    char request_id[CTX_REQUEST_ID_BYTES];
    char detail[CTX_DETAIL_BYTES]; /* for the problem document: which field, which limit */
    int64_t retry_after_s;         /* with ERR_RATE_LIMITED and the like: when to come again; 0: not
                                      known */
};

/* Starts a context: a fresh request id, now, and a deadline timeout_ms from now. */
void ctx_init(struct ctx *ctx, struct arena *arena, int64_t timeout_ms);

/* Milliseconds left before the deadline; 0 when it has passed. */
int64_t ctx_left_ms(const struct ctx *ctx);

/* Notes the detail that the user will see with e (no secrets, no other user's data) and gives e
 * back, so that a check reads: return ctx_fail(ctx, ERR_INVALID_FIELD, "limit is …"). */
enum err ctx_fail(struct ctx *ctx, enum err e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Logs an internal failure once, with the request id, and gives e back. The format follows
 * log_write's rules. */
enum err ctx_log_fail(struct ctx *ctx, enum err e, const char *event, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
