/* Who is to be told of a letter, and when: bounded, each user once, and not before a minute has
 * passed since the last time. Thread-safe. */
#ifndef LETTERLOCK_AWS_NOTICE_QUEUE_H
#define LETTERLOCK_AWS_NOTICE_QUEUE_H

#include "ports/records.h"

#define NOTICE_QUEUE_MAX 4096u
#define NOTICE_INTERVAL_MS 60000
#define NOTICE_ATTEMPTS_MAX 5u
#define NOTICE_TARGET_BYTES 257u

struct notice {
    struct uuid user_id;
    char target[NOTICE_TARGET_BYTES]; /* a topic's ARN or an e-mail address */
    int64_t due_mono_ms;
    unsigned attempts; /* failed so far */
};

struct notice_queue;

struct notice_queue *notice_queue_create(void) __attribute__((returns_nonnull));
void notice_queue_destroy(struct notice_queue *queue); /* NULL is legal */

/* Adds a user, once; a full queue drops the notice, and logs it. Never blocks for long. */
void notice_queue_add(struct notice_queue *queue, const struct uuid *user_id, const char *target);

/* Waits for a notice that is due and takes it. False once the queue was ended. */
bool notice_queue_take(struct notice_queue *queue, struct notice *out);

/* Takes the first notice that is due by due_mono_ms; false when there is none. INT64_MAX takes any,
 * for the end of the process. */
bool notice_queue_take_now(struct notice_queue *queue, int64_t due_mono_ms, struct notice *out);

/* A notice that was taken is dealt with. One that was not delivered is queued again, for a minute
 * later, up to NOTICE_ATTEMPTS_MAX times; not once the queue was ended. */
void notice_queue_done(struct notice_queue *queue, const struct notice *notice, bool delivered);

/* Waits until every notice taken is done, until the deadline at most. */
void notice_queue_settle(struct notice_queue *queue, int64_t deadline_mono_ms);

/* Wakes those who wait: no more notices are taken by waiting. */
void notice_queue_end(struct notice_queue *queue);

#endif
