#include "app/commands.h"
#include "app/metrics.h"
#include "app/process.h"
#include "app/service.h"
#include "base/clock.h"
#include "base/mem.h"
#include "core/relay.h"
#include "http/server.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MS_PER_S 1000
#define START_TIMEOUT_MS 30000
#define DRAIN_TIMEOUT_MS 10000
#define SWEEP_INTERVAL_MS 60000
#define SWEEP_TIMEOUT_MS 5000

struct server {
    struct service service;
    struct relay *relay;
    struct http_server *http;
};

/* The web client: as configured, or web/ beside the binary, or none. */
static const char *web_dir(struct server *server)
{
    if (server->service.config.web_dir[0] != '\0')
        return server->service.config.web_dir;
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0)
        return "";
    path[n] = '\0';
    char *slash = strrchr(path, '/');
    if (slash == NULL)
        return "";
    *slash = '\0';
    const char *beside = arena_printf(&server->service.arena, "%s/web", path);
    return access(beside, X_OK) == 0 ? beside : "";
}

static struct http_config http_config_of(struct server *server)
{
    const struct config *config = &server->service.config;
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
    http.metrics = app_metrics_write;
    http.metrics_arg = &server->service;
    http.heartbeat_ms = config->heartbeat * MS_PER_S;
    return http;
}

static enum err start(struct server *server, struct ctx *ctx)
{
    enum err e = service_open(&server->service, ctx);
    if (e != ERR_OK)
        return e;
    server->relay = relay_start(server->service.core);
    struct http_config http = http_config_of(server);
    return http_server_start(ctx, &http, server->service.api, &server->http);
}

static void sweep(struct server *server)
{
    struct arena arena = {0};
    struct ctx ctx;
    ctx_init(&ctx, &arena, SWEEP_TIMEOUT_MS);
    backend_sweep(server->service.backend, &ctx);
    core_sweep(server->service.core, &ctx);
    arena_fini(&arena);
}

/* Housekeeping, first of what was left undone, until the end is asked for. */
static void run(struct server *server)
{
    do
        sweep(server);
    while (!process_wait_for_end(SWEEP_INTERVAL_MS));
}

static void stop(struct server *server)
{
    if (server->http != NULL &&
        http_server_drain_and_stop(server->http, clock_mono_ms() + DRAIN_TIMEOUT_MS) != ERR_OK) {
        log_error("stop_stuck", "what=request");
        _exit(APP_EXIT_FAILED); /* what is acknowledged is durable; what is stuck is not */
    }
    relay_stop(server->relay);
    service_close(&server->service);
    mem_free(server);
}

static int serve_help(void)
{
    printf("usage: letterlock serve [--env-file FILE]\n\n"
           "Serves the API and the web client until SIGTERM or SIGINT. Settings are environment\n"
           "variables [default]; `letterlock check` validates them. FILE gives those that are not\n"
           "set: lines NAME=value, as in systemd's EnvironmentFile and Docker Compose's "
           "env_file.\n\n");
    config_help(stdout);
    return APP_EXIT_OK;
}

int serve_main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return serve_help();
    if (argc != 1) {
        (void)fprintf(stderr, "letterlock serve: takes no other arguments; see --help\n");
        return APP_EXIT_USAGE;
    }
    struct server *server = mem_alloc(sizeof *server);
    if (!service_configure(&server->service)) {
        arena_fini(&server->service.arena);
        mem_free(server);
        return APP_EXIT_USAGE;
    }
    process_prepare_server();
    struct ctx ctx;
    ctx_init(&ctx, &server->service.arena, START_TIMEOUT_MS);
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
    stop(server);
    return status;
}
