#include "http/server.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/admin.h"
#include "http/listener.h"
#include "http/request.h"
#include "http/web.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* A request's headers, libmicrohttpd's copy of its cookies, and the reply's headers share this:
 * room for 7 KB of cookies (three tokens of Cognito take 4 KB). All of it is touched, so that an
 * idle event stream takes 15 KiB (11 with 8 KiB here); larger sizes make uploads slower, not
 * faster. */
#define CONNECTION_MEMORY_BYTES (16u << 10)
/* Up to 0.9 the head's layout is checked by admission.c: libmicrohttpd must not refuse by itself (a
 * missing Host, with two status lines). From 1.0 on its own strict parser does it. */
#if MHD_VERSION < 0x01000000
#define STRICTNESS MHD_OPTION_STRICT_FOR_CLIENT, 0
#else
#define STRICTNESS MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1
#endif
#define LOOP_STACK_BYTES (512u << 10)
#define PEM_MAX_BYTES (1u << 20)
#define MS_PER_S 1000
/* Descriptors for everything that is not a client's connection. */
#define OTHER_DESCRIPTORS 256u
/* How long workers may hold calls whose connections were cut. */
#define CUT_GRACE_MS 30000
#define QUIET_POLL_MS 100

struct http_config http_config_default(void)
{
    unsigned processors = thread_processors();
    return (struct http_config){
        .threads = processors,
        .stream_threads = processors,
        .call_threads = 16,
        .calls_queued_max = 1024,
        .transfers_max = 256,
        .connections_max = 8192,
        .connections_per_address_max = 0,
        .headers_timeout_ms = 15000,
        .idle_timeout_ms = 60000,
        .heartbeat_ms = 20000,
    };
}

static void copy_strings(struct http_config *c)
{
    const char **strings[] = {&c->listen,         &c->admin_listen, &c->tls_cert_path,
                              &c->tls_key_path,   &c->web_dir,      &c->web_connect_src,
                              &c->trusted_proxies};
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
        *strings[i] = mem_strdup(*strings[i] == NULL ? "" : *strings[i]);
}

static void free_strings(struct http_config *c)
{
    const char *strings[] = {c->listen,  c->admin_listen,    c->tls_cert_path,  c->tls_key_path,
                             c->web_dir, c->web_connect_src, c->trusted_proxies};
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
        mem_free((void *)(uintptr_t)strings[i]);
}

/* libmicrohttpd's messages tell of clients' mistakes and can hold their addresses: only for
 * debugging. */
__attribute__((format(printf, 2, 0))) static void log_library(void *cls, const char *format,
                                                              va_list args)
{
    (void)cls;
    char text[256];
    (void)vsnprintf(text, sizeof text, format, args);
    log_debug("http_library", "%s", text);
}

static size_t keep_escapes(void *cls, struct MHD_Connection *connection, char *s)
{
    (void)cls;
    (void)connection;
    return strlen(s);
}

static void notify_connection(void *cls, struct MHD_Connection *connection, void **context,
                              enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = cls;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        *context = connections_open(
            &server->connections, fd,
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr,
            clock_mono_ms() + server->config.headers_timeout_ms);
        metrics_add(&server->metrics.connections, 1);
    } else {
        connections_close(&server->connections, *context);
        metrics_add(&server->metrics.connections, -1);
    }
}

/* Reads a PEM file as NUL-terminated text in the arena. */
static enum err read_pem(struct ctx *ctx, const char *path, const char **text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ctx_fail(ctx, ERR_INVALID_FIELD, "cannot open %s", path);
    struct buffer b;
    buffer_init(&b, PEM_MAX_BYTES);
    ssize_t n = 0;
    uint8_t *room;
    while ((room = buffer_reserve(&b, 4096)) != NULL && (n = read(fd, room, 4096)) > 0)
        buffer_commit(&b, (size_t)n);
    (void)close(fd);
    bool ok = n == 0 && buffer_ok(&b);
    if (ok)
        *text = arena_str(ctx->arena, buffer_bytes(&b));
    buffer_fini(&b);
    return ok ? ERR_OK : ctx_fail(ctx, ERR_INVALID_FIELD, "cannot read %s", path);
}

/* Fills options with what TLS takes; with TLS off, with nothing. */
static enum err tls_options(struct ctx *ctx, struct http_server *server,
                            struct MHD_OptionItem options[4])
{
    const struct http_config *c = &server->config;
    options[0] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    if (c->tls_cert_path[0] == 0 && c->tls_key_path[0] == 0)
        return ERR_OK;
    if (MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES)
        return ctx_fail(ctx, ERR_INVALID_FIELD, "this libmicrohttpd was built without TLS");
    const char *certificate;
    const char *key;
    enum err e = read_pem(ctx, c->tls_cert_path, &certificate);
    if (e == ERR_OK)
        e = read_pem(ctx, c->tls_key_path, &key);
    if (e != ERR_OK)
        return e;
    static const char priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
    options[0] =
        (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)certificate};
    options[1] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key};
    options[2] =
        (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)priorities};
    options[3] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    server->secure = true;
    return ERR_OK;
}

static enum err start_daemon(struct ctx *ctx, struct http_server *server)
{
    const struct http_config *c = &server->config;
    struct MHD_OptionItem tls[4];
    enum err e = tls_options(ctx, server, tls);
    if (e != ERR_OK)
        return e;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC |
                     MHD_USE_ERROR_LOG | (server->secure ? MHD_USE_TLS : 0);
    /* Behind a trusted proxy all clients share its address. */
    unsigned per_address = server->proxies.count > 0 ? 0 : c->connections_per_address_max;
    struct thread_signals signals;
    thread_signals_block(&signals);
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, request_handle, server, MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL,
        MHD_OPTION_LISTEN_SOCKET, (MHD_socket)server->listen_fd, MHD_OPTION_THREAD_POOL_SIZE,
        c->threads > 1 ? c->threads : 0, MHD_OPTION_THREAD_STACK_SIZE, (size_t)LOOP_STACK_BYTES,
        MHD_OPTION_CONNECTION_LIMIT, c->connections_max, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        per_address, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)((c->idle_timeout_ms + MS_PER_S - 1) / MS_PER_S),
        STRICTNESS, MHD_OPTION_URI_LOG_CALLBACK, request_start, server,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_NOTIFY_CONNECTION,
        notify_connection, server, MHD_OPTION_NOTIFY_COMPLETED, request_completed, server,
        MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
    thread_signals_restore(&signals);
    return server->daemon != NULL
               ? ERR_OK
               : ctx_fail(ctx, ERR_UNAVAILABLE, "the listener on %s did not start", c->listen);
}

/* Every connection takes a descriptor: raises the soft limit, and lowers the number of connections
 * where that does not suffice. */
static void fit_descriptors(struct http_config *c)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    rlim_t wanted = (rlim_t)c->connections_max + OTHER_DESCRIPTORS;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        (void)getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur < wanted && limit.rlim_cur > 2 * OTHER_DESCRIPTORS) {
        c->connections_max = (unsigned)(limit.rlim_cur - OTHER_DESCRIPTORS);
        log_warning("connections_limited", "max=%u reason=open_files_limit", c->connections_max);
    }
}

static enum err open_parts(struct ctx *ctx, struct http_server *server)
{
    const struct http_config *c = &server->config;
    enum err e = proxies_parse(&server->proxies, c->trusted_proxies);
    if (e != ERR_OK)
        return ctx_fail(ctx, e, "trusted_proxies is not a list of addresses and networks");
    if (c->web_dir[0] != 0)
        e = web_create(ctx, c->web_dir, c->web_connect_src, &server->web);
    if (e == ERR_OK)
        e = listener_open(ctx, c->listen, &server->listen_fd);
    if (e == ERR_OK && c->admin_listen[0] != 0)
        e = listener_open(ctx, c->admin_listen, &server->admin_fd);
    return e;
}

/* Stops a daemon, which may be NULL, and closes its socket, which is ours once it is quiesced. */
static void stop_daemon(struct MHD_Daemon *daemon, int fd)
{
    if (daemon != NULL) {
        (void)MHD_quiesce_daemon(daemon);
        MHD_stop_daemon(daemon);
    }
    if (fd >= 0)
        (void)close(fd);
}

/* Takes down what is up; legal at every stage of the start. */
static void destroy(struct http_server *server)
{
    if (server->sweeper.started)
        gate_open(&server->sweeper_stop);
    thread_join(&server->sweeper);
    stop_daemon(server->admin, server->admin_fd);
    stop_daemon(server->daemon, server->listen_fd);
    pool_destroy(server->caller);
    pool_destroy(server->streamer);
    web_destroy(server->web);
    streams_fini(&server->streams);
    connections_fini(&server->connections);
    gate_fini(&server->sweeper_stop);
    condition_fini(&server->quiet);
    lock_fini(&server->quiet_lock);
    free_strings(&server->config);
    mem_free(server);
}

static struct http_server *create(const struct http_config *config, struct api *api)
{
    struct http_server *server = mem_alloc(sizeof *server);
    server->config = *config;
    copy_strings(&server->config);
    server->api = api;
    server->listen_fd = -1;
    server->admin_fd = -1;
    lock_init(&server->quiet_lock);
    condition_init(&server->quiet);
    gate_init(&server->sweeper_stop);
    connections_init(&server->connections);
    streams_init(&server->streams, config->heartbeat_ms);
    return server;
}

enum err http_server_start(struct ctx *ctx, const struct http_config *config, struct api *api,
                           struct http_server **out)
{
    struct http_server *server = create(config, api);
    fit_descriptors(&server->config);
    enum err e = open_parts(ctx, server);
    if (e != ERR_OK) {
        destroy(server);
        return e;
    }
    /* A transfer has at most one chunk in the queue, so that it never overflows. */
    server->streamer = pool_create("stream", config->stream_threads, config->transfers_max + 1u);
    server->caller = pool_create("call", config->call_threads, config->calls_queued_max);
    e = start_daemon(ctx, server);
    if (e == ERR_OK && server->admin_fd >= 0)
        e = admin_start(ctx, server);
    if (e != ERR_OK) {
        destroy(server);
        return e;
    }
    thread_start(&server->sweeper, "sweeper", sweeper_main, server);
    *out = server;
    return ERR_OK;
}

unsigned http_server_port(const struct http_server *server)
{
    return listener_port(server->listen_fd);
}

unsigned http_server_admin_port(const struct http_server *server)
{
    return listener_port(server->admin_fd);
}

/* True when no request is running any more; false when the deadline passes first. */
static bool wait_until_quiet(struct http_server *server, int64_t deadline_mono_ms)
{
    lock_acquire(&server->quiet_lock);
    int64_t now = clock_mono_ms();
    while (atomic_load(&server->metrics.requests) > 0 && now < deadline_mono_ms) {
        int64_t poll = now + QUIET_POLL_MS;
        (void)condition_wait(&server->quiet, &server->quiet_lock,
                             poll < deadline_mono_ms ? poll : deadline_mono_ms);
        now = clock_mono_ms();
    }
    bool quiet = atomic_load(&server->metrics.requests) == 0;
    lock_release(&server->quiet_lock);
    return quiet;
}

enum err http_server_drain_and_stop(struct http_server *server, int64_t deadline_mono_ms)
{
    atomic_store(&server->draining, true);
    /* The loops may still poll the socket: shut down now, closed at the end. */
    (void)MHD_quiesce_daemon(server->daemon);
    (void)shutdown(server->listen_fd, SHUT_RDWR);
    streams_end(&server->streams);
    (void)wait_until_quiet(server, deadline_mono_ms);
    /* From here on no new request gets in; libmicrohttpd aborts the process when it is stopped
     * while one is suspended. */
    atomic_store(&server->closing, true);
    if (!wait_until_quiet(server, 0)) {
        size_t cut = connections_cut(&server->connections, INT64_MAX);
        log_warning("drain_cut", "connections=%zu", cut);
        if (!wait_until_quiet(server, clock_mono_ms() + CUT_GRACE_MS)) {
            log_error("drain_stuck", "requests=%lld",
                      (long long)metrics_get(&server->metrics.requests));
            return ERR_DEADLINE;
        }
    }
    destroy(server);
    return ERR_OK;
}
