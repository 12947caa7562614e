#include "http/download.h"

#include "base/mem.h"

#include <stddef.h>
#include <string.h>

struct chunk {
    uint8_t *data;
    size_t n;
};

struct download {
    struct request *request;
    struct chunk chunk[2];
    size_t chunk_bytes;
    unsigned sending; /* the loop's chunk; the other one is the worker's while it is busy */
    size_t sent;      /* of the chunk being sent */
    uint64_t left;    /* bytes the source still has to give; UINT64_MAX: not known */
    bool ended;       /* the source has nothing more */
    bool failed;
    struct job job;
};

bool download_start(struct request *r)
{
    if (!metrics_add_below(&r->server->metrics.transfers, 1, r->server->config.transfers_max))
        return false;
    struct download *d = mem_alloc(sizeof *d);
    d->request = r;
    int64_t size = r->call.reply.source_size;
    d->left = size < 0 ? UINT64_MAX : (uint64_t)size;
    d->chunk_bytes = d->left < DOWNLOAD_CHUNK_BYTES ? (size_t)d->left : DOWNLOAD_CHUNK_BYTES;
    d->ended = d->left == 0;
    r->download = d;
    return true;
}

void download_destroy(struct http_server *server, struct download *download)
{
    if (download == NULL)
        return;
    for (unsigned i = 0; i < 2; i++) {
        if (download->chunk[i].data != NULL)
            mem_cleanse(download->chunk[i].data, download->chunk_bytes);
        mem_free(download->chunk[i].data);
    }
    mem_free(download);
    metrics_add(&server->metrics.transfers, -1);
    atomic_fetch_add(&server->transfers_ended, 1);
}

/* Fills the chunk that is not being sent. */
static enum err fill(struct download *d)
{
    struct api_call *call = &d->request->call;
    struct chunk *c = &d->chunk[d->sending ^ 1];
    if (c->data == NULL)
        c->data = mem_alloc(d->chunk_bytes);
    c->n = 0;
    size_t want = d->left < d->chunk_bytes ? (size_t)d->left : d->chunk_bytes;
    while (c->n < want) {
        size_t got = 0;
        enum err e = call->reply.source->read(call->reply.source, &call->ctx, c->data + c->n,
                                              want - c->n, &got);
        if (e != ERR_OK)
            return e;
        if (got == 0)
            break;
        c->n += got;
    }
    /* Less than was promised cannot be made good: libmicrohttpd closes the connection when the
     * body ends before its Content-Length. */
    bool short_of_size = c->n < want;
    if (d->left != UINT64_MAX)
        d->left -= c->n;
    d->ended = short_of_size || d->left == 0;
    return ERR_OK;
}

static void run_fill(struct job *job)
{
    struct download *d = (struct download *)((char *)job - offsetof(struct download, job));
    struct request *r = d->request;
    d->failed = fill(d) != ERR_OK;
    if (handoff_end(&r->handoff, r->connection))
        request_destroy(r);
}

enum err download_fill_first(struct request *r)
{
    return r->download->ended ? ERR_OK : fill(r->download);
}

/* The sent chunk is the worker's to fill again, unless there is nothing more. */
static bool fill_ahead(struct request *r)
{
    struct download *d = r->download;
    if (d->ended)
        return true;
    handoff_begin(&r->handoff);
    d->job.run = run_fill;
    if (pool_submit(r->server->streamer, &d->job))
        return true;
    handoff_cancel(&r->handoff);
    return false;
}

ssize_t download_read(void *cls, uint64_t position, char *data, size_t max)
{
    (void)position;
    struct request *r = cls;
    struct download *d = r->download;
    while (d->sent == d->chunk[d->sending].n) {
        if (request_is_late(r))
            return MHD_CONTENT_READER_END_WITH_ERROR;
        if (handoff_suspend(&r->handoff, r->connection))
            return 0;
        struct chunk *next = &d->chunk[d->sending ^ 1];
        if (d->failed)
            return MHD_CONTENT_READER_END_WITH_ERROR;
        if (next->n == 0 && d->ended)
            return MHD_CONTENT_READER_END_OF_STREAM;
        if (next->n > 0) {
            d->chunk[d->sending].n = 0;
            d->sending ^= 1;
            d->sent = 0;
        }
        if (!fill_ahead(r))
            return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    struct chunk *c = &d->chunk[d->sending];
    size_t n = c->n - d->sent < max ? c->n - d->sent : max;
    memcpy(data, c->data + d->sent, n);
    d->sent += n;
    metrics_add(&r->server->metrics.body_bytes_sent, (int64_t)n);
    return (ssize_t)n;
}
