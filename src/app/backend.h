/* The backend that the configuration names. */
#ifndef LETTERLOCK_APP_BACKEND_H
#define LETTERLOCK_APP_BACKEND_H

#include "app/config.h"
#include "ports/ports.h"

struct backend;

/* Opens it for serving. config outlives it. ERR_UNAVAILABLE with ctx->detail in words; on failure
 * nothing stays open. */
enum err backend_open(struct ctx *ctx, const struct config *config,
                      struct backend **out) MUST_CHECK;

/* The ports, which live as long as the backend. */
struct ports *backend_ports(struct backend *backend);

/* Housekeeping of the adapters themselves, about once a minute. */
void backend_sweep(struct backend *backend, struct ctx *ctx);

/* How the backend is off; -1 for what does not apply to it or cannot be had. */
struct backend_state {
    int64_t free_bytes;     /* for the data directory's files */
    int64_t mails_waiting;  /* to be sent, or sent again */
    int64_t oldest_mail_ms; /* since the first of them was queued; 0 when there is none */
};

/* Looks, until the deadline of ctx. */
void backend_look(struct backend *backend, struct ctx *ctx, struct backend_state *out);

/* Finishes what is in the background, until the deadline of ctx. */
void backend_settle(struct backend *backend, struct ctx *ctx);

/* backend may be NULL. */
void backend_close(struct backend *backend);

#endif
