#include "http/admin.h"

#include <string.h>

#define METRICS_MAX_BYTES (256u << 10)
#define ADMIN_CONNECTIONS_MAX 16u
#define ADMIN_TIMEOUT_S 10u

static void write_metrics(struct http_server *server, struct buffer *out)
{
    metrics_write(&server->metrics, out);
    metrics_write_value(out, "letterlock_http_calls_queued", "gauge",
                        (int64_t)pool_queued(server->caller));
    metrics_write_value(out, "letterlock_http_chunks_queued", "gauge",
                        (int64_t)pool_queued(server->streamer));
    if (server->config.metrics != NULL)
        server->config.metrics(server->config.metrics_arg, out);
}

static enum MHD_Result send_text(struct MHD_Connection *connection, unsigned status,
                                 struct bytes text)
{
    void *data = (void *)(uintptr_t)text.p;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(text.n, data, MHD_RESPMEM_MUST_COPY);
    if (response == NULL)
        return MHD_NO;
    enum MHD_Result done = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                                   "text/plain; version=0.0.4; charset=utf-8");
    if (done == MHD_YES)
        done = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return done;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *size, void **context)
{
    (void)version;
    (void)data;
    static char seen;
    if (*context == NULL) {
        *context = &seen;
        return MHD_YES;
    }
    if (*size > 0)
        return MHD_NO;
    if (strcmp(url, "/metrics") != 0)
        return send_text(connection, MHD_HTTP_NOT_FOUND, BYTES_LIT("not found\n"));
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return send_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                         BYTES_LIT("method not allowed\n"));
    struct buffer text;
    buffer_init(&text, METRICS_MAX_BYTES);
    write_metrics(cls, &text);
    enum MHD_Result sent = send_text(connection, MHD_HTTP_OK, buffer_bytes(&text));
    buffer_fini(&text);
    return sent;
}

enum err admin_start(struct ctx *ctx, struct http_server *server)
{
    struct thread_signals signals;
    thread_signals_block(&signals);
    server->admin = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL, 0, NULL, NULL, handle, server,
        MHD_OPTION_LISTEN_SOCKET, (MHD_socket)server->admin_fd, MHD_OPTION_CONNECTION_LIMIT,
        ADMIN_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, ADMIN_TIMEOUT_S, MHD_OPTION_END);
    thread_signals_restore(&signals);
    return server->admin != NULL
               ? ERR_OK
               : ctx_fail(ctx, ERR_UNAVAILABLE, "the admin listener did not start");
}
