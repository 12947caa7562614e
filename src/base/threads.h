/* The only place where threads are made and locks are defined: a lock, a condition with deadlines,
 * named threads, a one-shot gate, and a bounded worker pool. */
#ifndef LETTERLOCK_BASE_THREADS_H
#define LETTERLOCK_BASE_THREADS_H

#include "base/err.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- lock and condition --- */

struct lock {
    pthread_mutex_t mutex;
};

struct condition {
    pthread_cond_t cond;
};

void lock_init(struct lock *l);
void lock_fini(struct lock *l);
void lock_acquire(struct lock *l);
void lock_release(struct lock *l);

void condition_init(struct condition *c);
void condition_fini(struct condition *c);
void condition_signal(struct condition *c);
void condition_broadcast(struct condition *c);

/* Waits with l held (released meanwhile) until signalled or until the monotonic clock reaches
 * deadline_mono_ms; INT64_MAX waits without limit, for threads whose work is to wait. May wake
 * early: check the condition again. False when the deadline passed. */
bool condition_wait(struct condition *c, struct lock *l, int64_t deadline_mono_ms);

/* --- once --- */

/* Guards an initialisation that the first user runs, e.g. fetching an algorithm. */
struct once {
    pthread_once_t state;
};

#define ONCE_INIT                                                                                  \
    {                                                                                              \
        PTHREAD_ONCE_INIT                                                                          \
    }

/* Runs body() in the first call for this o; later and concurrent calls return when it has ended. */
void once_run(struct once *o, void (*body)(void));

/* --- threads --- */

struct thread {
    pthread_t id;
    bool started;
};

/* Starts body(arg) on a thread of that name (at most 15 characters), with all signals blocked.
 * Aborts when the system gives no thread. */
void thread_start(struct thread *t, const char *name, void (*body)(void *arg), void *arg);

/* Waits for the end of a started thread; nothing for a zeroed struct. */
void thread_join(struct thread *t);

/* Blocks every signal for the calling thread and remembers what was blocked before. Threads that a
 * library starts in between inherit the mask, so that signals reach the main thread alone. */
struct thread_signals {
    sigset_t before;
};

void thread_signals_block(struct thread_signals *s);
void thread_signals_restore(const struct thread_signals *s);

/* The number of processors this process may run on, at least 1. */
unsigned thread_processors(void);

/* --- gate: one thread waits for one event that another one reports --- */

struct gate {
    struct lock lock;
    struct condition opened;
    bool open;
};

void gate_init(struct gate *g);
void gate_fini(struct gate *g);
void gate_open(struct gate *g);

/* True once the gate is open; false when the deadline passes first. */
bool gate_wait(struct gate *g, int64_t deadline_mono_ms) MUST_CHECK;

/* --- pool: worker threads over a bounded queue --- */

struct pool;

/* A job is embedded in the caller's own structure and belongs to the pool until run is called. */
struct job {
    struct job *next;
    void (*run)(struct job *job);
};

/* Gives a pool of that many threads whose queue holds at most queue_max jobs. name: at most 12
 * characters. */
struct pool *pool_create(const char *name, unsigned threads, size_t queue_max)
    __attribute__((returns_nonnull));

/* Runs what is queued, then stops. pool may be NULL. No job may be submitted any more. */
void pool_destroy(struct pool *pool);

/* Queues the job (never waits). False, with the job untouched, when the queue is full. */
bool pool_submit(struct pool *pool, struct job *job) MUST_CHECK;

/* The number of jobs that wait for a thread; for metrics. */
size_t pool_queued(struct pool *pool);

#endif
