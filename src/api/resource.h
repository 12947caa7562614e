/* What resource files know of the API. */
#ifndef LETTERLOCK_API_RESOURCE_H
#define LETTERLOCK_API_RESOURCE_H

#include "api/api.h"
#include "api/route.h"

struct router; /* api/router.h */

/* call->api->core is the core. */
struct api {
    struct core *core;
    const struct api_config *config;
    struct router *router;
    char *public_origin; /* scheme, host and port of the public URL */
};

/* The rows of the resource files that have no header of their own. */
extern const struct api_routes accounts_routes;
extern const struct api_routes sessions_routes;
extern const struct api_routes me_routes;
extern const struct api_routes totp_routes;
extern const struct api_routes uploads_routes;
extern const struct api_routes wellknown_routes;

#endif
