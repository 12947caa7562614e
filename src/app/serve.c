#include "api/api.h"
#include "app/commands.h"
#include "app/config.h"
#include "app/embedded_backend.h"
#include "app/process.h"
#include "base/clock.h"
#include "base/mem.h"
#include "core/core.h"
#include "http/server.h"

#include <curl/curl.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MS_PER_S 1000
#define START_TIMEOUT_MS 30000
#define DRAIN_TIMEOUT_MS 10000
#define SWEEP_INTERVAL_MS 60000
#define SWEEP_TIMEOUT_MS 5000

/* Everything that a running server owns, in the order in which it is built. */
struct server {
    struct arena arena;
    struct config config;
    struct core_config core_config;
    struct api_config api_config;
    struct embedded *embedded;
    struct core *core;
    struct api *api;
    struct http_server *http;
};

/* The web client: as configured, or web/ beside the binary, or none. */
static const char *web_dir(struct server *server)
{
    if (server->config.web_dir[0] != '\0')
        return server->config.web_dir;
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0)
        return "";
    path[n] = '\0';
    char *slash = strrchr(path, '/');
    if (slash == NULL)
        return "";
    *slash = '\0';
    const char *beside = arena_printf(&server->arena, "%s/web", path);
    return access(beside, X_OK) == 0 ? beside : "";
}

static struct http_config http_config_of(struct server *server)
{
    const struct config *config = &server->config;
    struct http_config http = http_config_default();
    http.listen = config->listen;
    http.admin_listen = config->admin_listen;
    http.tls_cert_path = config->tls_cert;
    http.tls_key_path = config->tls_key;
    http.web_dir = web_dir(server);
    http.trusted_proxies = config->trusted_proxy;
    http.connections_max = config->connections;
    http.connections_per_address_max = config->connections_per_address;
    http.headers_timeout_ms = config->header_timeout * MS_PER_S;
    http.heartbeat_ms = config->heartbeat * MS_PER_S;
    return http;
}

static enum err start(struct server *server, struct ctx *ctx)
{
    const struct config *config = &server->config;
    server->core_config = (struct core_config){
        .sign_up = config->sign_up_mode,
        .sign_up_domains = config->sign_up_domains,
        .max_letter_bytes = config->max_letter_bytes,
        .quota_bytes = (int64_t)config->quota_bytes,
        .default_expires_s = config->default_expires,
        .streams_per_user = config->streams_per_user,
        .streams_total = config->streams_total,
    };
    server->api_config = (struct api_config){
        .public_url = config->public_url,
        .allowed_origin = config->allowed_origin,
        .backend = config->backend,
        .mail = config->smtp_url[0] == '\0' ? "outbox" : "smtp",
        .request_timeout_ms = config->request_timeout * MS_PER_S,
        .stream_timeout_ms = config->stream_timeout * MS_PER_S,
    };
    enum err e = embedded_backend_open(ctx, config, &server->embedded);
    if (e != ERR_OK)
        return e;
    e = core_create(ctx, embedded_backend_ports(server->embedded), &server->core_config,
                    &server->core);
    if (e != ERR_OK)
        return e;
    server->api = api_create(server->core, &server->api_config);
    struct http_config http = http_config_of(server);
    return http_server_start(ctx, &http, server->api, &server->http);
}

static void sweep(struct server *server)
{
    struct arena arena = {0};
    struct ctx ctx;
    ctx_init(&ctx, &arena, SWEEP_TIMEOUT_MS);
    embedded_backend_sweep(server->embedded, &ctx);
    core_sweep(server->core, &ctx);
    arena_fini(&arena);
}

/* Housekeeping, first of what was left undone, until the end is asked for. */
static void run(struct server *server)
{
    do
        sweep(server);
    while (!process_wait_for_end(SWEEP_INTERVAL_MS));
}

static int stop(struct server *server)
{
    if (server->http != NULL &&
        http_server_drain_and_stop(server->http, clock_mono_ms() + DRAIN_TIMEOUT_MS) != ERR_OK) {
        log_error("stop_stuck", "what=request");
        _exit(APP_EXIT_FAILED); /* what is acknowledged is durable; what is stuck is not */
    }
    api_destroy(server->api);
    core_destroy(server->core);
    embedded_backend_close(server->embedded);
    return APP_EXIT_OK;
}

static int serve_help(void)
{
    printf("usage: letterlock serve\n\n"
           "Serves the API and the web client until SIGTERM or SIGINT. Settings are environment\n"
           "variables [default]; `letterlock check` validates them.\n\n");
    config_help(stdout);
    return APP_EXIT_OK;
}

int serve_main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return serve_help();
    if (argc != 1) {
        (void)fprintf(stderr, "letterlock serve: takes no arguments; see --help\n");
        return APP_EXIT_USAGE;
    }
    struct server *server = mem_alloc(sizeof *server);
    if (!config_read(&server->config, &server->arena, stderr)) {
        arena_fini(&server->arena);
        mem_free(server);
        return APP_EXIT_USAGE;
    }
    log_set_level(server->config.least_level);
    process_prepare_server();
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        abort();
    struct ctx ctx;
    ctx_init(&ctx, &server->arena, START_TIMEOUT_MS);
    enum err e = start(server, &ctx);
    int status = APP_EXIT_FAILED;
    if (e == ERR_OK) {
        log_info("serving", "version=" LETTERLOCK_VERSION " port=%u",
                 http_server_port(server->http));
        run(server);
        log_info("stopping", "%s", "");
        status = APP_EXIT_OK;
    } else {
        (void)fprintf(stderr, "letterlock: cannot start: %s %s\n", err_text(e), ctx.detail);
    }
    (void)stop(server);
    curl_global_cleanup();
    arena_fini(&server->arena);
    mem_free(server);
    return status;
}
