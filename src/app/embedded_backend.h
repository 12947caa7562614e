/* The embedded backend as one thing: builds its adapters over one data directory, in order, and
 * takes them down again. */
#ifndef LETTERLOCK_APP_EMBEDDED_BACKEND_H
#define LETTERLOCK_APP_EMBEDDED_BACKEND_H

#include "app/backend.h"
#include "app/config.h"
#include "ports/ports.h"

struct embedded;

/* Opens (creates) config->data_dir for serving and starts writer and mail. config outlives it.
 * ERR_UNAVAILABLE with ctx->detail in words when the directory cannot be used. On failure nothing
 * stays open. */
enum err embedded_backend_open(struct ctx *ctx, const struct config *config,
                               struct embedded **out) MUST_CHECK;

/* The ports, which live as long as the backend. */
struct ports *embedded_backend_ports(struct embedded *embedded);

/* Housekeeping of the adapters themselves, about once a minute: signing keys turned over, expired
 * sessions, codes and throttles forgotten. */
void embedded_backend_sweep(struct embedded *embedded, struct ctx *ctx);

/* As backend_look. */
void embedded_backend_look(struct embedded *embedded, struct ctx *ctx, struct backend_state *out);

/* embedded may be NULL. */
void embedded_backend_close(struct embedded *embedded);

#endif
