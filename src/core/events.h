/* Live events inside one process: what happens to a user's letters, told to that user's open
 * streams. Delivery is best effort and bounded; a stream that cannot keep up is told that it lost
 * events, and its client fetches anew. What happens on other servers comes by core/relay.h. */
#ifndef LETTERLOCK_CORE_EVENTS_H
#define LETTERLOCK_CORE_EVENTS_H

#include "base/err.h"
#include "base/uuid.h"
#include "ports/records.h"

#define EVENTS_QUEUE_MAX 64u /* events that wait in one stream */

enum event_kind {
    EVENT_LETTER, /* a letter was received, or sent by another session of the user */
    EVENT_READ,   /* a letter of the user's was marked read */
    EVENT_UNREAD, /* the unread count may have changed */
    EVENT_LOST,   /* the stream was too slow and lost events, or was ended; nothing more comes */
};

/* A value. letter is for EVENT_LETTER (without header and frames; the names point into this very
 * struct) and EVENT_READ (id and read_unix_ms alone). */
struct event {
    enum event_kind kind;
    struct message_record letter;
    char sender_username[USERNAME_MAX_BYTES + 1];
    char recipient_username[USERNAME_MAX_BYTES + 1];
    bool unread_known; /* EVENT_UNREAD: unread_count is the new count; else the reader asks */
    uint64_t unread_count;
};

struct events;
struct event_stream;

/* Gives a bus with at most per_user streams of one user and total streams in all. */
struct events *events_create(uint32_t per_user, uint32_t total) __attribute__((returns_nonnull));

/* No stream may be open any more. events may be NULL. */
void events_destroy(struct events *events);

/* Opens a stream of everything published for user_id from now on. ERR_TOO_MANY_STREAMS. */
enum err events_open(struct events *events, const struct uuid *user_id,
                     struct event_stream **out) MUST_CHECK;

/* Takes the stream. Once this returned, no wake of it runs or comes; it waits for one that does
 * run, so that a wake must not wait for the closing thread. stream may be NULL. */
void events_close(struct event_stream *stream);

/* Gives the next event, in order of publishing, but EVENT_UNREAD once behind the others, however
 * often it was published. False when there is none. Never blocks. */
bool events_next(struct event_stream *stream, struct event *out);

/* Asks for one call of wake(arg), from any thread, when there is something for events_next. False,
 * and nothing will be called, when there is already. */
bool events_arm(struct event_stream *stream, void (*wake)(void *arg), void *arg);

/* True when anyone listens for the user: a hint that saves the work of making an event. */
bool events_heard(struct events *events, const struct uuid *user_id);

/* Writes the users with an open stream to users, each once, at most max of them; gives how many. */
size_t events_users(struct events *events, struct uuid *users, size_t max);

/* Tell all streams of the user. Short; wakes are called from here, with no lock held. A letter that
 * a stream was told of lately is not told again. */
void events_publish_letter(struct events *events, const struct uuid *user_id,
                           const struct message_record *letter);
void events_publish_read(struct events *events, const struct uuid *user_id,
                         const struct message_record *letter);

/* count may be NULL: the reader then asks for the count itself. */
void events_publish_unread(struct events *events, const struct uuid *user_id,
                           const uint64_t *count);

/* Ends all streams of the user, because a session has ended: clients whose own session lives
 * connect again. */
void events_end(struct events *events, const struct uuid *user_id);

/* Open streams, for metrics. */
uint32_t events_streams(struct events *events);

#endif
