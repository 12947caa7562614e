#include "core/events.h"

#include "base/mem.h"
#include "base/threads.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define BUCKETS 1024u /* a power of two */
#define RECENT 32u    /* letters told lately that a stream remembers */

/* An event in the queues of several streams. */
struct shared_event {
    atomic_uint references;
    struct event event;
};

struct event_stream {
    struct events *events;
    struct event_stream *next; /* in its bucket */
    struct uuid user_id;
    struct shared_event *queue[EVENTS_QUEUE_MAX]; /* a ring */
    size_t first;
    size_t count;
    struct uuid recent[RECENT]; /* letters, a ring; zero: none */
    size_t recent_next;
    bool lost;
    bool unread; /* an EVENT_UNREAD waits */
    bool unread_known;
    uint64_t unread_count;
    void (*wake)(void *arg); /* NULL: not armed */
    void *wake_arg;
    bool waking; /* wake is running now; events_close waits for its end */
};

/* One lock for all: what is done under it takes well under a microsecond per stream told. */
struct events {
    struct lock lock;
    struct condition woken; /* a wake has ended */
    struct event_stream *buckets[BUCKETS];
    atomic_uint streams;
    uint32_t per_user;
    uint32_t total;
};

struct events *events_create(uint32_t per_user, uint32_t total)
{
    struct events *events = mem_alloc(sizeof *events);
    lock_init(&events->lock);
    condition_init(&events->woken);
    events->per_user = per_user;
    events->total = total;
    return events;
}

void events_destroy(struct events *events)
{
    if (events == NULL)
        return;
    assert(atomic_load(&events->streams) == 0);
    condition_fini(&events->woken);
    lock_fini(&events->lock);
    mem_free(events);
}

/* User ids are random where it matters: any bytes of them are a hash. */
static struct event_stream **bucket_of(struct events *events, const struct uuid *user_id)
{
    return &events->buckets[((unsigned)user_id->b[14] << 8 | user_id->b[15]) % BUCKETS];
}

static uint32_t count_streams(struct events *events, const struct uuid *user_id)
{
    uint32_t n = 0;
    for (struct event_stream *s = *bucket_of(events, user_id); s != NULL; s = s->next)
        n += uuid_equal(&s->user_id, user_id);
    return n;
}

enum err events_open(struct events *events, const struct uuid *user_id, struct event_stream **out)
{
    struct event_stream *stream = mem_alloc(sizeof *stream);
    stream->events = events;
    stream->user_id = *user_id;
    lock_acquire(&events->lock);
    bool room = atomic_load(&events->streams) < events->total &&
                count_streams(events, user_id) < events->per_user;
    if (room) {
        struct event_stream **bucket = bucket_of(events, user_id);
        stream->next = *bucket;
        *bucket = stream;
        atomic_fetch_add(&events->streams, 1);
    }
    lock_release(&events->lock);
    if (!room) {
        mem_free(stream);
        return ERR_TOO_MANY_STREAMS;
    }
    *out = stream;
    return ERR_OK;
}

static void release(struct shared_event *shared)
{
    if (atomic_fetch_sub(&shared->references, 1) == 1)
        mem_free(shared);
}

static void clear_queue(struct event_stream *stream)
{
    for (size_t i = 0; i < stream->count; i++)
        release(stream->queue[(stream->first + i) % EVENTS_QUEUE_MAX]);
    stream->count = 0;
}

void events_close(struct event_stream *stream)
{
    if (stream == NULL)
        return;
    struct events *events = stream->events;
    lock_acquire(&events->lock);
    struct event_stream **link = bucket_of(events, &stream->user_id);
    while (*link != stream)
        link = &(*link)->next;
    *link = stream->next;
    while (stream->waking)
        (void)condition_wait(&events->woken, &events->lock, INT64_MAX);
    atomic_fetch_sub(&events->streams, 1);
    lock_release(&events->lock);
    clear_queue(stream);
    mem_free(stream);
}

static bool has_something(const struct event_stream *stream)
{
    return stream->count > 0 || stream->unread || stream->lost;
}

static void copy_event(const struct event *from, struct event *to)
{
    *to = *from;
    to->letter.sender_username = to->sender_username;
    to->letter.recipient_username = to->recipient_username;
}

static void take_queued(struct event_stream *stream, struct event *out)
{
    struct shared_event *shared = stream->queue[stream->first];
    stream->first = (stream->first + 1) % EVENTS_QUEUE_MAX;
    stream->count--;
    copy_event(&shared->event, out);
    release(shared);
}

bool events_next(struct event_stream *stream, struct event *out)
{
    lock_acquire(&stream->events->lock);
    bool any = has_something(stream);
    if (stream->lost) {
        *out = (struct event){.kind = EVENT_LOST};
    } else if (stream->count > 0) {
        take_queued(stream, out);
    } else if (stream->unread) {
        *out = (struct event){.kind = EVENT_UNREAD,
                              .unread_known = stream->unread_known,
                              .unread_count = stream->unread_count};
        stream->unread = false;
    }
    lock_release(&stream->events->lock);
    return any;
}

bool events_arm(struct event_stream *stream, void (*wake)(void *arg), void *arg)
{
    lock_acquire(&stream->events->lock);
    bool armed = !has_something(stream);
    stream->wake = armed ? wake : NULL;
    stream->wake_arg = arg;
    lock_release(&stream->events->lock);
    return armed;
}

static void queue(struct event_stream *stream, struct shared_event *shared)
{
    if (stream->lost)
        return;
    if (stream->count == EVENTS_QUEUE_MAX) {
        clear_queue(stream);
        stream->lost = true;
        return;
    }
    atomic_fetch_add(&shared->references, 1);
    stream->queue[(stream->first + stream->count++) % EVENTS_QUEUE_MAX] = shared;
}

/* The next stream of the user that is armed and has something; its wake is taken. */
static struct event_stream *next_to_wake(struct events *events, const struct uuid *user_id)
{
    for (struct event_stream *s = *bucket_of(events, user_id); s != NULL; s = s->next) {
        if (uuid_equal(&s->user_id, user_id) && s->wake != NULL && !s->waking && has_something(s))
            return s;
    }
    return NULL;
}

/* Calls the wakes that are due. The lock is let go meanwhile, for a wake takes locks of its own;
 * the stream stays, because events_close waits for the end of waking. */
static void wake_all(struct events *events, const struct uuid *user_id)
{
    for (;;) {
        struct event_stream *stream = next_to_wake(events, user_id);
        if (stream == NULL)
            return;
        void (*wake)(void *arg) = stream->wake;
        void *arg = stream->wake_arg;
        stream->wake = NULL;
        stream->waking = true;
        lock_release(&events->lock);
        wake(arg);
        lock_acquire(&events->lock);
        stream->waking = false;
        condition_broadcast(&events->woken);
    }
}

bool events_heard(struct events *events, const struct uuid *user_id)
{
    if (atomic_load(&events->streams) == 0)
        return false;
    lock_acquire(&events->lock);
    bool heard = count_streams(events, user_id) > 0;
    lock_release(&events->lock);
    return heard;
}

/* Notes a letter as told; false when it was told lately. */
static bool is_news(struct event_stream *stream, const struct uuid *letter_id)
{
    for (size_t i = 0; i < RECENT; i++) {
        if (uuid_equal(&stream->recent[i], letter_id))
            return false;
    }
    stream->recent[stream->recent_next++ % RECENT] = *letter_id;
    return true;
}

static void publish(struct events *events, const struct uuid *user_id, struct shared_event *shared)
{
    lock_acquire(&events->lock);
    for (struct event_stream *s = *bucket_of(events, user_id); s != NULL; s = s->next) {
        if (uuid_equal(&s->user_id, user_id) &&
            (shared->event.kind != EVENT_LETTER || is_news(s, &shared->event.letter.id)))
            queue(s, shared);
    }
    wake_all(events, user_id);
    lock_release(&events->lock);
    release(shared);
}

static struct shared_event *make_event(enum event_kind kind, const struct message_record *letter)
{
    struct shared_event *shared = mem_alloc(sizeof *shared);
    atomic_init(&shared->references, 1);
    shared->event.kind = kind;
    shared->event.letter = *letter;
    shared->event.letter.header = (struct bytes){0};
    shared->event.letter.frames = (struct bytes){0};
    return shared;
}

static void copy_name(char out[USERNAME_MAX_BYTES + 1], const char *name)
{
    (void)snprintf(out, USERNAME_MAX_BYTES + 1, "%s", name == NULL ? "" : name);
}

void events_publish_letter(struct events *events, const struct uuid *user_id,
                           const struct message_record *letter)
{
    if (!events_heard(events, user_id))
        return;
    struct shared_event *shared = make_event(EVENT_LETTER, letter);
    copy_name(shared->event.sender_username, letter->sender_username);
    copy_name(shared->event.recipient_username, letter->recipient_username);
    publish(events, user_id, shared);
}

void events_publish_read(struct events *events, const struct uuid *user_id,
                         const struct message_record *letter)
{
    if (events_heard(events, user_id))
        publish(events, user_id, make_event(EVENT_READ, letter));
}

void events_publish_unread(struct events *events, const struct uuid *user_id, const uint64_t *count)
{
    if (!events_heard(events, user_id))
        return;
    lock_acquire(&events->lock);
    for (struct event_stream *s = *bucket_of(events, user_id); s != NULL; s = s->next) {
        if (!uuid_equal(&s->user_id, user_id))
            continue;
        s->unread = true;
        s->unread_known = count != NULL;
        s->unread_count = count == NULL ? 0 : *count;
    }
    wake_all(events, user_id);
    lock_release(&events->lock);
}

void events_end(struct events *events, const struct uuid *user_id)
{
    lock_acquire(&events->lock);
    for (struct event_stream *s = *bucket_of(events, user_id); s != NULL; s = s->next) {
        if (!uuid_equal(&s->user_id, user_id))
            continue;
        clear_queue(s);
        s->lost = true;
    }
    wake_all(events, user_id);
    lock_release(&events->lock);
}

static bool is_first_of_user(const struct event_stream *bucket, const struct event_stream *stream)
{
    for (const struct event_stream *s = bucket; s != stream; s = s->next) {
        if (uuid_equal(&s->user_id, &stream->user_id))
            return false;
    }
    return true;
}

size_t events_users(struct events *events, struct uuid *users, size_t max)
{
    size_t count = 0;
    lock_acquire(&events->lock);
    for (size_t i = 0; i < BUCKETS; i++) {
        for (const struct event_stream *s = events->buckets[i]; s != NULL && count < max;
             s = s->next) {
            if (is_first_of_user(events->buckets[i], s))
                users[count++] = s->user_id;
        }
    }
    lock_release(&events->lock);
    return count;
}

uint32_t events_streams(struct events *events)
{
    return atomic_load(&events->streams);
}
