/* The HTTP front: accepts connections, checks message framing, drives API calls over loop threads
 * and worker pools, streams bodies in constant memory, serves the web client's files. */
#ifndef LETTERLOCK_HTTP_SERVER_H
#define LETTERLOCK_HTTP_SERVER_H

#include "api/call.h"

/* Strings are copied by http_server_start. NULL and "" both mean: not set. */
struct http_config {
    const char *listen;       /* "127.0.0.1:3000", "[::]:443"; port 0 takes a free one */
    const char *admin_listen; /* plain HTTP, GET /metrics only */
    const char *tls_cert_path;
    const char *tls_key_path;
    const char *web_dir;         /* the built web client */
    const char *web_connect_src; /* further connect-src sources of its Content-Security-Policy */
    const char *trusted_proxies; /* addresses or networks "127.0.0.1, 10.0.0.0/8" whose
                                    X-Forwarded-For and -Proto are believed */
    unsigned threads;            /* event loops */
    unsigned stream_threads;     /* workers for chunks of transfers */
    unsigned call_threads;       /* workers for calls that may block */
    unsigned calls_queued_max;   /* calls that wait for a worker; beyond, 503 */
    unsigned transfers_max;      /* streamed bodies at a time, both ways; beyond, 503 */
    unsigned connections_max;
    unsigned connections_per_address_max; /* 0: no limit; not applied when proxies are trusted */
    int64_t headers_timeout_ms;           /* from the first byte to the last header, absolute */
    int64_t idle_timeout_ms;              /* a connection on which nothing moves; whole seconds */
    int64_t heartbeat_ms;                 /* comment on an idle event stream */
    void (*metrics)(void *arg, struct buffer *out); /* appends what else /metrics shows, or NULL */
    void *metrics_arg;
};

struct http_server;

/* The defaults for this machine; everything optional unset. */
struct http_config http_config_default(void);

/* Starts serving. api outlives the server. ERR_INVALID_FIELD (ctx->detail says which) for a bad
 * setting, ERR_UNAVAILABLE when an address cannot be taken; on ERR_OK the caller owns *out. */
enum err http_server_start(struct ctx *ctx, const struct http_config *config, struct api *api,
                           struct http_server **out) MUST_CHECK;

/* The port of the main or of the admin listener (0 without one). */
unsigned http_server_port(const struct http_server *server);
unsigned http_server_admin_port(const struct http_server *server);

/* Stops taking connections, ends event streams, lets running requests finish until the deadline,
 * cuts the rest, and frees the server. ERR_DEADLINE when a worker still holds a call long after it
 * was cut: the server then stays as it is, and the process must exit without taking down what its
 * calls use. */
enum err http_server_drain_and_stop(struct http_server *server,
                                    int64_t deadline_mono_ms) MUST_CHECK;

#endif
