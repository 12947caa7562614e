#include "echo_routes.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/mem.h"

#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

#define BODY_MAX (1u << 20)
#define STREAM_MAX (8ull << 30)
#define INLINE_MAX (16u << 10)
#define EVENT_BYTES 64u
#define PRODUCE_TIMEOUT_MS 60000

static enum api_next reply_text(struct api_call *call, struct bytes text)
{
    call->reply.status = 200;
    buffer_append(&call->reply.body, text);
    api_call_header(call, "Content-Type", "text/plain");
    return API_REPLY;
}

static enum api_next echo(struct api_call *call)
{
    return reply_text(call, call->body);
}

static enum api_next whoami(struct api_call *call)
{
    buffer_printf(&call->reply.body, "%s %s %s\n", call->ctx.client_address,
                  call->secure ? "secure" : "plain", call->target);
    return reply_text(call, (struct bytes){0});
}

static enum api_next empty(struct api_call *call)
{
    call->reply.status = 204;
    return API_REPLY;
}

/* --- replies that come later --- */

struct later {
    struct job job;
    struct api_call *call;
};

static void complete(struct job *job)
{
    struct later *later = (struct later *)job;
    struct api_call *call = later->call;
    mem_free(later);
    (void)reply_text(call, call->body);
    call->transport->resume(call->transport_self);
}

static enum api_next reply_later(struct api_call *call)
{
    struct later *later = mem_alloc(sizeof *later);
    later->call = call;
    later->job.run = complete;
    if (pool_submit(call->api->later, &later->job))
        return API_LATER;
    mem_free(later);
    return api_call_refuse(call, ERR_UNAVAILABLE);
}

/* Stands in for a call that blocks: waits as long as it is told, on a worker. */
static enum api_next wait_then_reply(struct api_call *call)
{
    struct gate never;
    gate_init(&never);
    bool open = gate_wait(&never, clock_mono_ms() + (int64_t)echo_query(call, "ms", 10));
    gate_fini(&never);
    return open ? api_call_refuse(call, ERR_INTERNAL) : reply_text(call, BYTES_LIT("waited\n"));
}

/* --- uploads: a running hash, and a file on demand --- */

struct sink {
    EVP_MD_CTX *hash;
    uint64_t size;
    uint64_t refuse_at;
    int fd; /* -1: no file */
};

static void sink_free(void *state)
{
    struct sink *sink = state;
    EVP_MD_CTX_free(sink->hash);
    if (sink->fd >= 0)
        (void)close(sink->fd);
    mem_free(sink);
}

static enum api_next sink_start(struct api_call *call)
{
    struct sink *sink = mem_alloc(sizeof *sink);
    sink->fd = -1;
    sink->refuse_at = echo_query(call, "refuse_at", UINT64_MAX);
    call->state = sink;
    call->state_free = sink_free;
    if (echo_query(call, "hash", 1) != 0) {
        sink->hash = EVP_MD_CTX_new();
        if (EVP_DigestInit_ex(sink->hash, EVP_sha256(), NULL) != 1)
            return api_call_refuse(call, ERR_INTERNAL);
    }
    if (echo_query(call, "file", 0) != 0) {
        sink->fd = open("/var/tmp", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
        if (sink->fd < 0)
            return api_call_refuse(call, ERR_INTERNAL);
    }
    return API_MORE;
}

static enum api_next sink_reply(struct api_call *call, struct sink *sink)
{
    uint8_t digest[32] = {0};
    if (sink->hash != NULL && EVP_DigestFinal_ex(sink->hash, digest, NULL) != 1)
        return api_call_refuse(call, ERR_INTERNAL);
    if (sink->fd >= 0 && fdatasync(sink->fd) != 0)
        return api_call_refuse(call, ERR_STORAGE_FULL);
    buffer_printf(&call->reply.body, "%" PRIu64 " ", sink->size);
    encode_hex(&call->reply.body, bytes_of(digest, sizeof digest));
    return reply_text(call, (struct bytes){0});
}

static enum api_next sink_chunk(struct api_call *call, struct bytes chunk, bool last)
{
    struct sink *sink = call->state;
    sink->size += chunk.n;
    if (sink->size > sink->refuse_at)
        return api_call_refuse(call, ERR_QUOTA_EXCEEDED);
    if (sink->hash != NULL && EVP_DigestUpdate(sink->hash, chunk.p, chunk.n) != 1)
        return api_call_refuse(call, ERR_INTERNAL);
    if (sink->fd >= 0 && chunk.n > 0 && write(sink->fd, chunk.p, chunk.n) != (ssize_t)chunk.n)
        return api_call_refuse(call, ERR_STORAGE_FULL);
    return last ? sink_reply(call, sink) : API_MORE;
}

/* --- downloads: bytes by position --- */

struct producer {
    struct api_source source;
    uint64_t position;
    uint64_t size;
    uint64_t fail_at;
};

static enum err producer_read(struct api_source *source, struct ctx *ctx, uint8_t *data, size_t n,
                              size_t *got)
{
    (void)ctx;
    struct producer *p = (struct producer *)source;
    if (p->position >= p->fail_at)
        return ERR_LETTER_DAMAGED;
    uint64_t left = (p->size < p->fail_at ? p->size : p->fail_at) - p->position;
    *got = n < left ? n : (size_t)left;
    for (size_t i = 0; i < *got; i++)
        data[i] = (uint8_t)((p->position + i) * 131 >> 7);
    p->position += *got;
    return ERR_OK;
}

static void producer_close(struct api_source *source)
{
    mem_free((struct producer *)source);
}

static enum api_next produce(struct api_call *call)
{
    struct producer *p = mem_alloc(sizeof *p);
    p->source = (struct api_source){.read = producer_read, .close = producer_close};
    p->size = echo_query(call, "n", 1000);
    if (echo_query(call, "timeout_ms", 0) == 0)
        call->ctx.deadline_mono_ms = clock_mono_ms() + PRODUCE_TIMEOUT_MS;
    p->fail_at = echo_query(call, "fail_at", UINT64_MAX);
    call->reply.status = 200;
    call->reply.source = &p->source;
    call->reply.source_size = echo_query(call, "sized", 1) != 0 ? (int64_t)p->size : -1;
    api_call_header(call, "Content-Type", "application/octet-stream");
    return API_REPLY;
}

/* --- events: a counter that publish moves --- */

struct listener {
    struct api_source source;
    struct api *api;
    struct listener *next;
    uint64_t seen;
    void (*wake)(void *arg);
    void *arg;
};

static enum err listener_read(struct api_source *source, struct ctx *ctx, uint8_t *data, size_t n,
                              size_t *got)
{
    (void)ctx;
    struct listener *l = (struct listener *)source;
    lock_acquire(&l->api->lock);
    if (l->seen < l->api->published && n >= EVENT_BYTES) {
        l->seen++;
        int written = snprintf((char *)data, n, "event: tick\ndata: %" PRIu64 "\n\n", l->seen);
        *got = (size_t)written;
    }
    lock_release(&l->api->lock);
    return ERR_OK;
}

static bool listener_arm(struct api_source *source, void (*wake)(void *arg), void *arg)
{
    struct listener *l = (struct listener *)source;
    lock_acquire(&l->api->lock);
    bool armed = l->seen == l->api->published;
    l->wake = armed ? wake : NULL;
    l->arg = arg;
    lock_release(&l->api->lock);
    return armed;
}

static void listener_close(struct api_source *source)
{
    struct listener *l = (struct listener *)source;
    lock_acquire(&l->api->lock);
    struct listener **at = &l->api->first;
    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    lock_release(&l->api->lock);
    mem_free(l);
}

static enum api_next listen_events(struct api_call *call)
{
    struct listener *l = mem_alloc(sizeof *l);
    l->source =
        (struct api_source){.read = listener_read, .arm = listener_arm, .close = listener_close};
    l->api = call->api;
    lock_acquire(&l->api->lock);
    l->seen = l->api->published;
    l->next = l->api->first;
    l->api->first = l;
    lock_release(&l->api->lock);
    call->reply.status = 200;
    call->reply.source = &l->source;
    api_call_header(call, "Content-Type", "text/event-stream");
    return API_REPLY;
}

static enum api_next publish(struct api_call *call)
{
    struct api *api = call->api;
    lock_acquire(&api->lock);
    api->published++;
    for (struct listener *l = api->first; l != NULL; l = l->next) {
        if (l->wake != NULL)
            l->wake(l->arg);
        l->wake = NULL;
    }
    lock_release(&api->lock);
    return reply_text(call, BYTES_LIT("published\n"));
}

static const struct api_route rows[] = {
    {.method = API_POST, .pattern = "/v1/echo", .body_max = BODY_MAX, .handle = echo},
    {.method = API_GET, .pattern = "/v1/echo", .handle = echo},
    {.method = API_POST,
     .pattern = "/v1/inline",
     .where = API_INLINE,
     .body_max = BODY_MAX,
     .handle = echo},
    {.method = API_GET, .pattern = "/v1/inline", .where = API_INLINE, .handle = echo},
    {.method = API_POST,
     .pattern = "/v1/later",
     .where = API_INLINE,
     .body_max = BODY_MAX,
     .handle = reply_later},
    {.method = API_POST,
     .pattern = "/v1/worker-later",
     .body_max = BODY_MAX,
     .handle = reply_later},
    {.method = API_GET, .pattern = "/v1/wait", .handle = wait_then_reply},
    {.method = API_GET, .pattern = "/v1/whoami", .where = API_INLINE, .handle = whoami},
    {.method = API_GET, .pattern = "/v1/empty", .where = API_INLINE, .handle = empty},
    {.method = API_POST,
     .pattern = "/v1/sink",
     .where = API_INLINE,
     .body_max = STREAM_MAX,
     .start = sink_start,
     .chunk = sink_chunk,
     .inline_max = INLINE_MAX},
    {.method = API_GET, .pattern = "/v1/source", .handle = produce},
    {.method = API_GET, .pattern = "/v1/source-inline", .where = API_INLINE, .handle = produce},
    {.method = API_GET, .pattern = "/v1/events", .where = API_INLINE, .handle = listen_events},
    {.method = API_POST,
     .pattern = "/v1/publish",
     .where = API_INLINE,
     .body_max = BODY_MAX,
     .handle = publish},
};

const struct api_routes echo_routes = {rows, sizeof rows / sizeof rows[0]};
