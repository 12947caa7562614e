#include "api/events.h"

#include "api/letter_view.h"
#include "api/reply.h"
#include "api/resource.h"
#include "base/clock.h"
#include "base/mem.h"
#include "core/events.h"
#include "core/letters.h"
#include "core/unread.h"

#include <string.h>

#define PENDING_MAX_BYTES (512u << 10)
#define RETRY_MS 3000
/* Letters may become visible a little after the time in their id. */
#define RESUME_OVERLAP_MS 5000
#define QUERY_TIMEOUT_MS 5000

struct events_source {
    struct api_source source;
    struct core *core;
    const struct actor *actor; /* the call's */
    struct event_stream *stream;
    struct buffer pending; /* text that was made but not given out */
    int64_t lost_before_unix_ms;
};

/* --- text --- */

/* Takes the reference of data. */
static void write_event(struct events_source *s, const char *name, json_t *data)
{
    buffer_printf(&s->pending, "event: %s\ndata: ", name);
    json_write(&s->pending, data);
    buffer_append_str(&s->pending, "\n\n");
    json_decref(data);
}

static void write_letter(struct events_source *s, const struct message_record *letter)
{
    char id[UUID_TEXT_BYTES];
    uuid_format(&letter->id, id);
    buffer_printf(&s->pending, "id: %s\nevent: letter\ndata: ", id);
    letter_view_write(&s->pending, letter, s->actor, s->lost_before_unix_ms);
    buffer_append_str(&s->pending, "\n\n");
}

static void write_read(struct events_source *s, const struct message_record *letter)
{
    json_t *data = json_object();
    json_object_set_new(data, "id", json_from_uuid(&letter->id));
    json_object_set_new(data, "read_at", json_from_time(letter->read_unix_ms));
    write_event(s, "read", data);
}

static void write_unread(struct events_source *s, uint64_t count)
{
    json_t *data = json_object();
    json_object_set_new(data, "count", json_integer((json_int_t)count));
    write_event(s, "unread", data);
}

/* Asks for the count in a context of its own: the stream's lives too long to collect answers. */
static enum err write_unread_now(struct events_source *s)
{
    struct arena arena;
    struct ctx ctx;
    struct unread_summary summary = {0};
    arena_init(&arena);
    ctx_init(&ctx, &arena, QUERY_TIMEOUT_MS);
    ctx.actor = s->actor;
    enum err e = unread_get(s->core, &ctx, &summary);
    if (e == ERR_OK)
        write_unread(s, summary.count);
    arena_fini(&arena);
    return e;
}

/* --- the source --- */

static enum err write_next(struct events_source *s, const struct event *event)
{
    switch (event->kind) {
    case EVENT_LETTER:
        write_letter(s, &event->letter);
        return ERR_OK;
    case EVENT_READ:
        write_read(s, &event->letter);
        return ERR_OK;
    case EVENT_UNREAD:
        if (!event->unread_known)
            return write_unread_now(s);
        write_unread(s, event->unread_count);
        return ERR_OK;
    case EVENT_LOST:
        /* The client connects again, resumes after the last letter it saw, and fetches anew. */
        s->source.ended = true;
        return ERR_OK;
    }
    return ERR_INTERNAL;
}

static enum err events_read(struct api_source *source, struct ctx *ctx, uint8_t *data, size_t n,
                            size_t *got)
{
    struct events_source *s = (struct events_source *)source;
    struct event event;
    (void)ctx;
    *got = 0;
    while (s->pending.n == 0 && !source->ended && events_next(s->stream, &event)) {
        enum err e = write_next(s, &event);
        if (e != ERR_OK)
            return e;
    }
    if (!buffer_ok(&s->pending))
        return ERR_INTERNAL;
    if (s->pending.n == 0) {
        source->ended = source->ended || clock_unix_ms() >= s->actor->expires_unix_ms;
        return ERR_OK;
    }
    *got = n < s->pending.n ? n : s->pending.n;
    memcpy(data, s->pending.p, *got);
    buffer_consume(&s->pending, *got);
    return ERR_OK;
}

static bool arm(struct api_source *source, void (*wake)(void *arg), void *arg)
{
    struct events_source *s = (struct events_source *)source;
    return s->pending.n == 0 && events_arm(s->stream, wake, arg);
}

static void close_source(struct api_source *source)
{
    struct events_source *s = (struct events_source *)source;
    events_close(s->stream);
    buffer_fini(&s->pending);
    mem_free(s);
}

/* --- opening --- */

/* Repeats letters that came since the one with that id, at most a page of them: a client that was
 * away for longer fetches its lists anyway. */
static enum err resume(struct events_source *s, struct api_call *call)
{
    bool found = false;
    struct bytes last = call->transport->header(call->transport_self, "last-event-id", &found);
    struct uuid id;
    if (!found || !uuid_parse(last, &id) || uuid_version(&id) != 7)
        return ERR_OK;
    struct message_page page = {0};
    enum err e = letters_since(s->core, &call->ctx, uuid_unix_ms(&id) - RESUME_OVERLAP_MS, &page);
    for (size_t i = 0; e == ERR_OK && i < page.count; i++)
        write_letter(s, &page.items[i]);
    return e;
}

static enum err fill_first(struct events_source *s, struct api_call *call)
{
    enum err e = letters_lost_before(s->core, &call->ctx, &s->lost_before_unix_ms);
    buffer_printf(&s->pending, "retry: %d\n\n", RETRY_MS);
    if (e == ERR_OK)
        e = resume(s, call);
    return e == ERR_OK ? write_unread_now(s) : e;
}

static enum api_next open_stream(struct api_call *call)
{
    struct events_source *s = mem_alloc(sizeof *s);
    s->source = (struct api_source){.read = events_read, .arm = arm, .close = close_source};
    s->core = call->api->core;
    s->actor = &call->actor;
    buffer_init(&s->pending, PENDING_MAX_BYTES);
    /* Listening begins before the first query, so that nothing falls between. */
    enum err e = events_open(s->core->events, &call->actor.user_id, &s->stream);
    if (e == ERR_OK)
        e = fill_first(s, call);
    if (e != ERR_OK) {
        close_source(&s->source);
        return api_call_refuse(call, e);
    }
    call->reply.status = 200;
    call->reply.source = &s->source;
    call->reply.source_size = -1;
    api_call_header(call, "Content-Type", "text/event-stream");
    api_call_header(call, "X-Accel-Buffering", "no");
    return API_REPLY;
}

static const struct api_route rows[] = {
    {.method = API_GET,
     .pattern = "/v1/events",
     .auth = API_AUTH_ANY,
     .where = API_INLINE,
     .handle = open_stream},
};

const struct api_routes events_routes = {rows, sizeof rows / sizeof rows[0]};
