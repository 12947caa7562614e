/* The API as a whole: what transports need to know of it. */
#ifndef LETTERLOCK_API_API_H
#define LETTERLOCK_API_API_H

#include "api/call.h"
#include "core/core.h"

struct api_config {
    const char *public_url;     /* "https://letters.example.org": allowed Origin, cookie scope */
    const char *allowed_origin; /* a further origin that may call (CORS), or "" */
    const char *backend;        /* "embedded" or "aws", for clients to know */
    const char *mail;           /* "smtp" or "outbox", likewise */
    int64_t request_timeout_ms; /* deadline of a buffered request */
    int64_t stream_timeout_ms;  /* deadline of a transfer */
};

struct api;

/* Joins the routes of all resources over a core. core and config outlive it. */
struct api *api_create(struct core *core, const struct api_config *config)
    __attribute__((returns_nonnull));
/* api may be NULL. */
void api_destroy(struct api *api);

/* The served OpenAPI document (JSON), static. */
struct bytes api_openapi_json(void);

#endif
