#include "app/service.h"

#include "base/clock.h"
#include "base/log.h"

#include <curl/curl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS_PER_S 1000

bool service_configure(struct service *service)
{
    if (!config_read(&service->config, &service->arena, stderr))
        return false;
    log_set_level(service->config.least_level);
    return true;
}

static void derive(struct service *service)
{
    const struct config *config = &service->config;
    /* On AWS it is Cognito that mails. */
    bool sends_mail = config->smtp_url[0] != '\0' || strcmp(config->backend, "aws") == 0;
    service->core_config = (struct core_config){
        .sign_up = config->sign_up_mode,
        .sign_up_domains = config->sign_up_domains,
        .max_letter_bytes = config->max_letter_bytes,
        .quota_bytes = (int64_t)config->quota_bytes,
        .default_expires_s = config->default_expires,
        .streams_per_user = config->streams_per_user,
        .streams_total = config->streams_total,
    };
    service->api_config = (struct api_config){
        .public_url = config->public_url,
        .allowed_origin = config->allowed_origin,
        .backend = config->backend,
        .mail = sends_mail ? "smtp" : "outbox",
        .request_timeout_ms = config->request_timeout * MS_PER_S,
        .stream_timeout_ms = config->stream_timeout * MS_PER_S,
    };
}

enum err service_open(struct service *service, struct ctx *ctx)
{
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        abort();
    derive(service);
    service->opened_unix_ms = clock_unix_ms();
    enum err e = backend_open(ctx, &service->config, &service->backend);
    if (e != ERR_OK)
        return e;
    e = core_create(ctx, backend_ports(service->backend), &service->core_config, &service->core);
    if (e != ERR_OK)
        return e;
    service->api = api_create(service->core, &service->api_config);
    return ERR_OK;
}

void service_close(struct service *service)
{
    api_destroy(service->api);
    core_destroy(service->core);
    backend_close(service->backend);
    curl_global_cleanup();
    arena_fini(&service->arena);
}
