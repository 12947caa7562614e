#include "http/request.h"

#include "base/clock.h"
#include "base/mem.h"
#include "http/admission.h"
#include "http/download.h"
#include "http/reply.h"
#include "http/upload.h"
#include "http/web.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

/* What is still read of a body whose reply is ready: closing a connection with unread bytes resets
 * it, and a client that is still sending then never sees the reply. */
#define DROPPED_MAX_BYTES (16u << 20)

void *request_start(void *cls, const char *uri, struct MHD_Connection *connection)
{
    struct http_server *server = cls;
    struct request *r = mem_alloc(sizeof *r);
    r->server = server;
    r->connection = connection;
    r->peer =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    r->target = mem_strdup(uri);
    handoff_init(&r->handoff);
    connections_set_deadline(r->peer, clock_mono_ms() + server->config.headers_timeout_ms);
    atomic_fetch_add(&server->metrics.requests, 1);
    return r;
}

void request_destroy(struct request *r)
{
    struct http_server *server = r->server;
    if (r->events != NULL) {
        streams_close(&server->streams, r->events);
        metrics_add(&server->metrics.streams, -1);
        atomic_fetch_add(&server->transfers_ended, 1);
    } else if (r->call.api != NULL) {
        api_call_fini(&r->call);
    }
    upload_destroy(server, r->upload);
    download_destroy(server, r->download);
    buffer_fini(&r->body);
    handoff_fini(&r->handoff);
    admission_free_headers(r);
    mem_free((void *)(uintptr_t)r->target);
    mem_free(r);
    if (!atomic_load(&server->draining)) {
        atomic_fetch_sub(&server->metrics.requests, 1);
        return;
    }
    lock_acquire(&server->quiet_lock);
    atomic_fetch_sub(&server->metrics.requests, 1);
    condition_signal(&server->quiet);
    lock_release(&server->quiet_lock);
}

void request_completed(void *cls, struct MHD_Connection *connection, void **context,
                       enum MHD_RequestTerminationCode how)
{
    (void)connection;
    (void)how;
    struct http_server *server = cls;
    struct request *r = *context;
    if (r == NULL)
        return;
    *context = NULL;
    connections_set_reading(r->peer, true);
    int64_t keep_ms = server->config.idle_timeout_ms + server->config.headers_timeout_ms;
    connections_set_deadline(r->peer,
                             atomic_load(&server->draining) ? 0 : clock_mono_ms() + keep_ms);
    if (handoff_leave(&r->handoff))
        request_destroy(r);
}

bool request_is_late(struct request *r)
{
    if (clock_mono_ms() < r->deadline_mono_ms)
        return false;
    metrics_add(&r->server->metrics.refused[METRICS_REFUSED_SLOW], 1);
    return true;
}

void request_refuse(struct request *r, enum err e)
{
    (void)api_call_refuse(&r->call, e);
    r->reply_ready = true;
}

void request_refuse_busy(struct request *r)
{
    metrics_add(&r->server->metrics.refused[METRICS_REFUSED_BUSY], 1);
    request_refuse(r, ERR_UNAVAILABLE);
    api_call_header(&r->call, "Retry-After", "1");
}

/* Starts producing a streamed reply while the worker is at it. */
static void prepare_source(struct request *r)
{
    struct api_source *source = r->call.reply.source;
    if (source == NULL || source->arm != NULL || r->call.method == API_HEAD)
        return;
    if (!download_start(r)) {
        request_refuse_busy(r);
        return;
    }
    enum err e = download_fill_first(r);
    if (e != ERR_OK)
        request_refuse(r, e);
}

void request_fed(struct request *r, enum api_next next)
{
    if (next == API_LATER)
        return;
    if (next == API_REPLY) {
        r->reply_ready = true;
        prepare_source(r);
    }
    if (handoff_end(&r->handoff, r->connection))
        request_destroy(r);
}

enum MHD_Result request_run(struct request *r, struct pool *pool, void (*run)(struct job *job))
{
    handoff_begin(&r->handoff);
    bool suspended = handoff_suspend(&r->handoff, r->connection);
    assert(suspended);
    r->job.run = run;
    if (!pool_submit(pool, &r->job)) {
        request_refuse_busy(r);
        bool left = handoff_end(&r->handoff, r->connection);
        assert(!left);
    }
    return MHD_YES;
}

static void feed_whole(struct job *job)
{
    struct request *r = (struct request *)((char *)job - offsetof(struct request, job));
    request_fed(r, api_call_feed(&r->call, buffer_bytes(&r->body), true));
}

/* Feeds a call that does not block on the loop thread itself. */
static enum MHD_Result feed_here(struct request *r)
{
    handoff_begin(&r->handoff);
    enum api_next next = api_call_feed(&r->call, buffer_bytes(&r->body), true);
    if (next == API_LATER) {
        if (handoff_suspend(&r->handoff, r->connection))
            return MHD_YES;
    } else {
        r->reply_ready = next == API_REPLY;
        handoff_cancel(&r->handoff);
    }
    return reply_send(r);
}

/* The whole body has arrived. */
static enum MHD_Result end_body(struct request *r)
{
    if (r->web)
        return web_send(r->server->web, r);
    if (r->body_kind == REQUEST_CHUNKED)
        return upload_finish(r);
    if (r->reply_ready)
        return reply_send(r);
    r->phase = REQUEST_WORKING;
    if (api_call_inline(&r->call, r->body.n))
        return feed_here(r);
    return request_run(r, r->server->caller, feed_whole);
}

static enum MHD_Result take_dropped(struct request *r, size_t *size)
{
    r->dropped += *size;
    *size = 0;
    return r->dropped <= DROPPED_MAX_BYTES ? MHD_YES : MHD_NO;
}

static void refuse_length(struct request *r)
{
    metrics_add(&r->server->metrics.refused[METRICS_REFUSED_LENGTH], 1);
    request_refuse(r, ERR_BODY_TOO_LARGE);
    r->body_kind = REQUEST_DROPPED;
}

/* A buffered body: one feed takes it whole. */
static enum MHD_Result take_whole(struct request *r, const char *data, size_t *size)
{
    buffer_append(&r->body, bytes_of(data, *size));
    if (!buffer_ok(&r->body))
        refuse_length(r);
    *size = 0;
    return MHD_YES;
}

static enum MHD_Result take_chunked(struct request *r, const char *data, size_t *size)
{
    size_t before = *size;
    enum MHD_Result result = upload_take(r, data, size);
    metrics_add(&r->server->metrics.body_bytes_received, (int64_t)(before - *size));
    /* What is left of it is dropped if the upload was refused meanwhile. */
    return result == MHD_YES && r->body_kind == REQUEST_DROPPED ? take_dropped(r, size) : result;
}

static enum MHD_Result take_body(struct request *r, const char *data, size_t *size)
{
    if (request_is_late(r))
        return MHD_NO;
    enum MHD_Result result = r->body_kind == REQUEST_DROPPED ? take_dropped(r, size)
                             : r->body_kind == REQUEST_WHOLE ? take_whole(r, data, size)
                                                             : take_chunked(r, data, size);
    connections_set_reading(r->peer, *size == 0);
    return result;
}

enum MHD_Result request_handle(void *cls, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *data,
                               size_t *size, void **context)
{
    (void)cls;
    (void)connection;
    (void)url;
    struct request *r = *context;
    connections_set_reading(r->peer, false);
    switch (r->phase) {
    case REQUEST_NEW:
        return admission_begin(r, method, version);
    case REQUEST_ADMITTING:
        return admission_finish(r);
    case REQUEST_BODY:
        return *size > 0 ? take_body(r, data, size) : end_body(r);
    case REQUEST_WORKING:
        return reply_send(r);
    case REQUEST_REPLIED:
        break;
    }
    return MHD_NO;
}
