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

/* Finishes what is in the background, until the deadline of ctx. */
void backend_settle(struct backend *backend, struct ctx *ctx);

/* backend may be NULL. */
void backend_close(struct backend *backend);

#endif
