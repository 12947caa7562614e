/* A server for tests/http: the HTTP front over the echo routes. Prints "port N admin M" when it
 * serves, and drains on SIGTERM. Settings come as name=value arguments. */
#include "base/clock.h"
#include "base/log.h"
#include "echo_api.h"
#include "http/server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START_TIMEOUT_MS 10000

static int64_t drain_ms = 5000;

static bool set_text(struct http_config *c, const char *name, const char *value)
{
    const struct {
        const char *name;
        const char **field;
    } fields[] = {
        {"listen", &c->listen},
        {"admin_listen", &c->admin_listen},
        {"tls_cert", &c->tls_cert_path},
        {"tls_key", &c->tls_key_path},
        {"web_dir", &c->web_dir},
        {"web_connect_src", &c->web_connect_src},
        {"trusted_proxies", &c->trusted_proxies},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (strcmp(name, fields[i].name) == 0) {
            *fields[i].field = value;
            return true;
        }
    }
    return false;
}

static bool set_number(struct http_config *c, const char *name, const char *value)
{
    unsigned n = (unsigned)strtoul(value, NULL, 10);
    if (strcmp(name, "headers_timeout_ms") == 0)
        c->headers_timeout_ms = n;
    else if (strcmp(name, "idle_timeout_ms") == 0)
        c->idle_timeout_ms = n;
    else if (strcmp(name, "heartbeat_ms") == 0)
        c->heartbeat_ms = n;
    else if (strcmp(name, "call_threads") == 0)
        c->call_threads = n;
    else if (strcmp(name, "calls_queued_max") == 0)
        c->calls_queued_max = n;
    else if (strcmp(name, "transfers_max") == 0)
        c->transfers_max = n;
    else if (strcmp(name, "connections_max") == 0)
        c->connections_max = n;
    else if (strcmp(name, "connections_per_address_max") == 0)
        c->connections_per_address_max = n;
    else if (strcmp(name, "drain_ms") == 0)
        drain_ms = n;
    else
        return false;
    return true;
}

static bool set(struct http_config *c, char *argument)
{
    char *equals = strchr(argument, '=');
    if (equals == NULL)
        return false;
    *equals = 0;
    return set_text(c, argument, equals + 1) || set_number(c, argument, equals + 1);
}

static void add_metrics(void *arg, struct buffer *out)
{
    (void)arg;
    buffer_append_str(out, "echo_ready 1\n");
}

/* Serves until SIGTERM; gives the exit status. */
static int serve(struct ctx *ctx, const struct http_config *config, struct api *api,
                 const sigset_t *signals)
{
    struct http_server *server;
    enum err e = http_server_start(ctx, config, api, &server);
    if (e != ERR_OK) {
        (void)fprintf(stderr, "%s: %s\n", err_code(e), ctx->detail);
        return 1;
    }
    printf("port %u admin %u\n", http_server_port(server), http_server_admin_port(server));
    (void)fflush(stdout);
    int signal_number;
    (void)sigwait(signals, &signal_number);
    if (http_server_drain_and_stop(server, clock_mono_ms() + drain_ms) == ERR_OK)
        return 0;
    _exit(1);
}

int main(int argc, char **argv)
{
    struct http_config config = http_config_default();
    config.listen = "127.0.0.1:0";
    config.metrics = add_metrics;
    for (int i = 1; i < argc; i++) {
        if (!set(&config, argv[i])) {
            (void)fprintf(stderr, "unknown setting: %s\n", argv[i]);
            return 2;
        }
    }
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);

    struct arena arena = {0};
    struct ctx ctx;
    ctx_init(&ctx, &arena, START_TIMEOUT_MS);
    struct api *api = echo_api_create();
    int status = serve(&ctx, &config, api, &signals);
    echo_api_destroy(api);
    arena_fini(&arena);
    return status;
}
