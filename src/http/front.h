/* What the parts of the HTTP front share. Private to this room. */
#ifndef LETTERLOCK_HTTP_FRONT_H
#define LETTERLOCK_HTTP_FRONT_H

#include "base/threads.h"
#include "http/connections.h"
#include "http/metrics.h"
#include "http/proxies.h"
#include "http/server.h"
#include "http/streams.h"

#include <microhttpd.h>

struct web;

struct http_server {
    struct http_config config; /* strings owned here */
    struct api *api;
    struct MHD_Daemon *daemon;
    struct MHD_Daemon *admin;
    int listen_fd;
    int admin_fd;
    bool secure; /* TLS at this listener */
    struct proxies proxies;
    struct web *web;       /* NULL without web_dir */
    struct pool *streamer; /* chunks of transfers */
    struct pool *caller;   /* whole calls */
    struct connections connections;
    struct streams streams;
    struct http_metrics metrics;
    struct thread sweeper;
    struct gate sweeper_stop;
    struct lock quiet_lock;
    struct condition quiet;          /* signalled while draining, when a request ends */
    _Atomic bool draining;           /* replies close their connection, event streams end */
    _Atomic bool closing;            /* new requests are cut */
    _Atomic int64_t transfers_ended; /* since memory was last given back */
    int64_t trim_again_mono_ms;      /* 0: not at all; of the sweeper's thread */
};

/* The body of the thread that watches deadlines and heartbeats (sweeper.c). */
void sweeper_main(void *server);

#endif
