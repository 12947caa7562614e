#include "http/upload.h"

#include "base/mem.h"
#include "http/reply.h"

#include <stddef.h>
#include <string.h>

struct upload {
    struct request *request;
    uint8_t *chunk[2]; /* the second one only once the first is with a worker */
    unsigned filling;
    size_t filled;
    struct bytes handed; /* what the worker has */
    struct job job;
};

bool upload_start(struct request *r)
{
    if (!metrics_add_below(&r->server->metrics.transfers, 1, r->server->config.transfers_max))
        return false;
    r->upload = mem_alloc(sizeof *r->upload);
    r->upload->request = r;
    return true;
}

void upload_destroy(struct http_server *server, struct upload *upload)
{
    if (upload == NULL)
        return;
    for (unsigned i = 0; i < 2; i++) {
        if (upload->chunk[i] != NULL)
            mem_cleanse(upload->chunk[i], UPLOAD_CHUNK_BYTES);
        mem_free(upload->chunk[i]);
    }
    mem_free(upload);
    metrics_add(&server->metrics.transfers, -1);
    atomic_fetch_add(&server->transfers_ended, 1);
}

/* Turns the filled chunk into the worker's and begins the other one. */
static void hand_over(struct upload *u)
{
    u->handed = bytes_of(u->chunk[u->filling], u->filled);
    u->filling ^= 1;
    u->filled = 0;
}

static void feed_chunk(struct job *job)
{
    struct upload *u = (struct upload *)((char *)job - offsetof(struct upload, job));
    request_fed(u->request, api_call_feed(&u->request->call, u->handed, false));
}

static void feed_last(struct job *job)
{
    struct request *r = (struct request *)((char *)job - offsetof(struct request, job));
    request_fed(r, api_call_feed(&r->call, r->upload->handed, true));
}

/* A full chunk waits. False: the connection is suspended until a worker has room for it. */
static bool pass_chunk(struct request *r)
{
    if (handoff_suspend(&r->handoff, r->connection))
        return false;
    if (!r->reply_ready) {
        handoff_begin(&r->handoff);
        hand_over(r->upload);
        r->upload->job.run = feed_chunk;
        if (pool_submit(r->server->streamer, &r->upload->job))
            return true;
        handoff_cancel(&r->handoff);
        request_refuse_busy(r);
    }
    r->body_kind = REQUEST_DROPPED;
    return true;
}

enum MHD_Result upload_take(struct request *r, const char *data, size_t *size)
{
    struct upload *u = r->upload;
    while (*size > 0 && r->body_kind == REQUEST_CHUNKED) {
        if (u->filled == UPLOAD_CHUNK_BYTES && !pass_chunk(r))
            return MHD_YES;
        if (u->chunk[u->filling] == NULL)
            u->chunk[u->filling] = mem_alloc(UPLOAD_CHUNK_BYTES);
        size_t room = UPLOAD_CHUNK_BYTES - u->filled;
        size_t n = *size < room ? *size : room;
        memcpy(u->chunk[u->filling] + u->filled, data, n);
        u->filled += n;
        data += n;
        *size -= n;
    }
    return MHD_YES;
}

enum MHD_Result upload_finish(struct request *r)
{
    if (handoff_suspend(&r->handoff, r->connection))
        return MHD_YES;
    if (r->reply_ready)
        return reply_send(r);
    hand_over(r->upload);
    return request_run(r, r->server->caller, feed_last);
}
