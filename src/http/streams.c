#include "http/streams.h"

#include "base/clock.h"
#include "base/mem.h"

#include <microhttpd.h>
#include <string.h>

/* A comment line (WHATWG HTML, server-sent events): clients ignore it. */
static const char heartbeat[] = ":\n\n";
#define HEARTBEAT_BYTES (sizeof heartbeat - 1)

struct stream {
    struct stream *next;
    struct stream *previous;
    struct streams *all;
    struct MHD_Connection *connection;
    struct api_call *call;
    struct lock lock; /* guards the fields below */
    bool armed;       /* one wake is to come */
    bool woken;       /* the source has something, as far as the loop has not looked yet */
    bool waiting;     /* the connection is suspended */
    bool heartbeat_due;
    int64_t heartbeat_at_mono_ms;
};

void streams_init(struct streams *s, int64_t heartbeat_ms)
{
    *s = (struct streams){.heartbeat_ms = heartbeat_ms};
    lock_init(&s->lock);
}

void streams_fini(struct streams *s)
{
    lock_fini(&s->lock);
}

struct stream *streams_open(struct streams *s, struct MHD_Connection *connection,
                            struct api_call *call)
{
    struct stream *stream = mem_alloc(sizeof *stream);
    stream->all = s;
    stream->connection = connection;
    stream->call = call;
    stream->heartbeat_at_mono_ms = clock_mono_ms() + s->heartbeat_ms;
    lock_init(&stream->lock);
    lock_acquire(&s->lock);
    stream->next = s->first;
    if (s->first != NULL)
        s->first->previous = stream;
    s->first = stream;
    lock_release(&s->lock);
    return stream;
}

void streams_close(struct streams *s, struct stream *stream)
{
    lock_acquire(&s->lock);
    if (stream->next != NULL)
        stream->next->previous = stream->previous;
    if (stream->previous != NULL)
        stream->previous->next = stream->next;
    else
        s->first = stream->next;
    lock_release(&s->lock);
    /* No wake comes any more once the call and with it the source are closed. */
    api_call_fini(stream->call);
    lock_fini(&stream->lock);
    mem_free(stream);
}

/* Resumes the connection if it waits; what caused it was noted under the same lock. */
static void wake(struct stream *stream, bool *cause)
{
    lock_acquire(&stream->lock);
    *cause = true;
    bool waiting = stream->waiting;
    stream->waiting = false;
    lock_release(&stream->lock);
    if (waiting)
        MHD_resume_connection(stream->connection);
}

static void wake_by_source(void *arg)
{
    struct stream *stream = arg;
    wake(stream, &stream->woken);
}

/* Arms the source unless a wake is under way. False: it has something already. */
static bool arm(struct stream *stream)
{
    if (stream->armed && !stream->woken)
        return true;
    stream->woken = false;
    stream->armed = true;
    lock_release(&stream->lock);
    bool armed =
        stream->call->reply.source->arm(stream->call->reply.source, wake_by_source, stream);
    lock_acquire(&stream->lock);
    stream->armed = armed;
    return armed;
}

/* Suspends the connection until something is to be sent; false when something is already. */
static bool wait_for_more(struct stream *stream)
{
    lock_acquire(&stream->lock);
    bool wait = arm(stream) && !stream->woken && !stream->heartbeat_due &&
                !atomic_load(&stream->all->ending);
    if (wait) {
        MHD_suspend_connection(stream->connection);
        stream->waiting = true;
    }
    lock_release(&stream->lock);
    return wait;
}

static bool take_heartbeat(struct stream *stream)
{
    lock_acquire(&stream->lock);
    bool due = stream->heartbeat_due;
    stream->heartbeat_due = false;
    lock_release(&stream->lock);
    return due;
}

ssize_t streams_read(void *cls, uint64_t position, char *data, size_t max)
{
    (void)position;
    struct stream *stream = cls;
    struct api_source *source = stream->call->reply.source;
    while (!atomic_load(&stream->all->ending)) {
        size_t got = 0;
        if (source->read(source, &stream->call->ctx, (uint8_t *)data, max, &got) != ERR_OK)
            return MHD_CONTENT_READER_END_WITH_ERROR;
        if (got > 0)
            return (ssize_t)got;
        if (source->ended)
            return MHD_CONTENT_READER_END_OF_STREAM;
        if (take_heartbeat(stream)) {
            size_t n = max < HEARTBEAT_BYTES ? max : HEARTBEAT_BYTES;
            memcpy(data, heartbeat, n);
            return (ssize_t)n;
        }
        if (wait_for_more(stream))
            return 0;
    }
    return MHD_CONTENT_READER_END_OF_STREAM;
}

void streams_beat(struct streams *s, int64_t now_mono_ms)
{
    lock_acquire(&s->lock);
    for (struct stream *stream = s->first; stream != NULL; stream = stream->next) {
        if (stream->heartbeat_at_mono_ms > now_mono_ms)
            continue;
        stream->heartbeat_at_mono_ms = now_mono_ms + s->heartbeat_ms;
        wake(stream, &stream->heartbeat_due);
    }
    lock_release(&s->lock);
}

void streams_end(struct streams *s)
{
    atomic_store(&s->ending, true);
    lock_acquire(&s->lock);
    for (struct stream *stream = s->first; stream != NULL; stream = stream->next)
        wake(stream, &stream->heartbeat_due);
    lock_release(&s->lock);
}
