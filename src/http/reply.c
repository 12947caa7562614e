#include "http/reply.h"

#include "http/download.h"

#include <assert.h>

/* Event streams come by the thousand: their block stays small. */
#define STREAM_BLOCK_BYTES 256u

static bool has_body(const struct request *r)
{
    return r->call.method != API_HEAD && r->call.reply.status != MHD_HTTP_NO_CONTENT &&
           r->call.reply.status != MHD_HTTP_NOT_MODIFIED;
}

static struct MHD_Response *create_stream(struct request *r)
{
    connections_set_deadline(r->peer, INT64_MAX);
    r->events = streams_open(&r->server->streams, r->connection, &r->call);
    metrics_add(&r->server->metrics.streams, 1);
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK_BYTES, streams_read,
                                             r->events, NULL);
}

static struct MHD_Response *create_download(struct request *r)
{
    int64_t size = r->call.reply.source_size;
    size_t block =
        size >= 0 && size < (int64_t)DOWNLOAD_CHUNK_BYTES ? (size_t)size : DOWNLOAD_CHUNK_BYTES;
    return MHD_create_response_from_callback(size < 0 ? MHD_SIZE_UNKNOWN : (uint64_t)size,
                                             block > 0 ? block : 1, download_read, r, NULL);
}

/* The reply to HEAD for a body of unknown length. libmicrohttpd 0.9.75 ends it like a chunked one,
 * and the client would read those bytes as the next reply: answer without chunks, and close. */
static struct MHD_Response *create_head(struct request *r)
{
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1, download_read, r, NULL);
    if (response != NULL &&
        MHD_set_response_options(response, MHD_RF_HTTP_VERSION_1_0_ONLY, MHD_RO_END) != MHD_YES) {
        MHD_destroy_response(response);
        return NULL;
    }
    r->close = true;
    return response;
}

static struct MHD_Response *create_response(struct request *r)
{
    struct api_reply *reply = &r->call.reply;
    if (reply->source != NULL && reply->source_size < 0 && r->call.method == API_HEAD)
        return create_head(r);
    if (reply->source != NULL && reply->source->arm != NULL)
        return create_stream(r);
    if (reply->source != NULL && has_body(r) && r->download == NULL && !download_start(r))
        request_refuse_busy(r);
    if (reply->source != NULL)
        return create_download(r);
    if (has_body(r))
        metrics_add(&r->server->metrics.body_bytes_sent, (int64_t)reply->body.n);
    /* The body stays in the call, which outlives the response. */
    return MHD_create_response_from_buffer(reply->body.n, reply->body.p, MHD_RESPMEM_PERSISTENT);
}

enum MHD_Result reply_queue(struct request *r, unsigned status, struct MHD_Response *response)
{
    enum MHD_Result queued = MHD_NO;
    if (response == NULL)
        return MHD_NO;
    bool close = r->close || atomic_load(&r->server->draining);
    if (!close || MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES)
        queued = MHD_queue_response(r->connection, status, response);
    MHD_destroy_response(response);
    if (queued == MHD_YES)
        metrics_count_reply(&r->server->metrics, status);
    r->phase = REQUEST_REPLIED;
    return queued;
}

enum MHD_Result reply_send(struct request *r)
{
    /* The last feed must end in a reply; a route that wants more then has a bug. */
    assert(r->reply_ready);
    r->deadline_mono_ms = r->call.ctx.deadline_mono_ms;
    struct MHD_Response *response = create_response(r);
    if (response == NULL)
        return MHD_NO;
    const struct api_reply *reply = &r->call.reply;
    for (size_t i = 0; i < reply->header_count; i++) {
        if (MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value) !=
            MHD_YES) {
            MHD_destroy_response(response);
            return MHD_NO;
        }
    }
    return reply_queue(r, reply->status, response);
}
