/* Backend, core and API as the configuration makes them: what every front is put before. */
#ifndef LETTERLOCK_APP_SERVICE_H
#define LETTERLOCK_APP_SERVICE_H

#include "api/api.h"
#include "app/backend.h"
#include "app/config.h"
#include "core/core.h"

struct service {
    struct arena arena;
    struct config config;
    struct core_config core_config;
    struct api_config api_config;
    int64_t opened_unix_ms;
    struct backend *backend;
    struct core *core;
    struct api *api;
};

/* Reads the configuration into a zeroed service, with one line per fault on stderr; false when it
 * is faulty. */
bool service_configure(struct service *service);

/* Prepares the process and opens everything, in order. On failure ctx->detail says why, and
 * service_close takes down what was opened. */
enum err service_open(struct service *service, struct ctx *ctx) MUST_CHECK;

/* No front uses it any more. Takes down what is there, in any state after service_configure. */
void service_close(struct service *service);

#endif
