#include "base/threads.h"

#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MS_PER_S 1000
#define NS_PER_MS 1000000
/* Deep enough for SQLite, libcurl and OpenSSL; the default of 8 MiB only looks larger in VSZ, but
 * a smaller stack bounds what a thread can ever touch. */
#define THREAD_STACK_BYTES (512u << 10)

static void require(int rc)
{
    if (rc != 0)
        abort();
}

void lock_init(struct lock *l)
{
    require(pthread_mutex_init(&l->mutex, NULL));
}

void lock_fini(struct lock *l)
{
    require(pthread_mutex_destroy(&l->mutex));
}

void lock_acquire(struct lock *l)
{
    require(pthread_mutex_lock(&l->mutex));
}

void lock_release(struct lock *l)
{
    require(pthread_mutex_unlock(&l->mutex));
}

void condition_init(struct condition *c)
{
    pthread_condattr_t attributes;
    require(pthread_condattr_init(&attributes));
    require(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC));
    require(pthread_cond_init(&c->cond, &attributes));
    require(pthread_condattr_destroy(&attributes));
}

void condition_fini(struct condition *c)
{
    require(pthread_cond_destroy(&c->cond));
}

void condition_signal(struct condition *c)
{
    require(pthread_cond_signal(&c->cond));
}

void condition_broadcast(struct condition *c)
{
    require(pthread_cond_broadcast(&c->cond));
}

bool condition_wait(struct condition *c, struct lock *l, int64_t deadline_mono_ms)
{
    if (deadline_mono_ms == INT64_MAX) {
        require(pthread_cond_wait(&c->cond, &l->mutex));
        return true;
    }
    struct timespec at = {
        .tv_sec = (time_t)(deadline_mono_ms / MS_PER_S),
        .tv_nsec = (long)(deadline_mono_ms % MS_PER_S * NS_PER_MS),
    };
    int rc = pthread_cond_timedwait(&c->cond, &l->mutex, &at);
    if (rc == ETIMEDOUT)
        return false;
    require(rc);
    return true;
}

void once_run(struct once *o, void (*body)(void))
{
    require(pthread_once(&o->state, body));
}

struct thread_start {
    void (*body)(void *arg);
    void *arg;
    char name[16];
};

static void *thread_main(void *p)
{
    struct thread_start start = *(struct thread_start *)p;
    mem_free(p);
    (void)pthread_setname_np(pthread_self(), start.name);
    start.body(start.arg);
    return NULL;
}

void thread_start(struct thread *t, const char *name, void (*body)(void *arg), void *arg)
{
    struct thread_start *start = mem_alloc(sizeof *start);
    start->body = body;
    start->arg = arg;
    (void)snprintf(start->name, sizeof start->name, "%s", name);
    struct thread_signals signals;
    pthread_attr_t attributes;
    require(pthread_attr_init(&attributes));
    require(pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES));
    thread_signals_block(&signals);
    require(pthread_create(&t->id, &attributes, thread_main, start));
    thread_signals_restore(&signals);
    require(pthread_attr_destroy(&attributes));
    t->started = true;
}

void thread_join(struct thread *t)
{
    if (!t->started)
        return;
    require(pthread_join(t->id, NULL));
    t->started = false;
}

void thread_signals_block(struct thread_signals *s)
{
    sigset_t all;
    sigfillset(&all);
    require(pthread_sigmask(SIG_SETMASK, &all, &s->before));
}

void thread_signals_restore(const struct thread_signals *s)
{
    require(pthread_sigmask(SIG_SETMASK, &s->before, NULL));
}

unsigned thread_processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    int n = CPU_COUNT(&set);
    return n > 0 ? (unsigned)n : 1;
}

void gate_init(struct gate *g)
{
    lock_init(&g->lock);
    condition_init(&g->opened);
    g->open = false;
}

void gate_fini(struct gate *g)
{
    condition_fini(&g->opened);
    lock_fini(&g->lock);
}

void gate_open(struct gate *g)
{
    lock_acquire(&g->lock);
    g->open = true;
    /* Under the lock: once it is free the waiter may be gone, and the gate with it. */
    condition_broadcast(&g->opened);
    lock_release(&g->lock);
}

bool gate_wait(struct gate *g, int64_t deadline_mono_ms)
{
    lock_acquire(&g->lock);
    bool in_time = true;
    while (!g->open && in_time)
        in_time = condition_wait(&g->opened, &g->lock, deadline_mono_ms);
    bool open = g->open;
    lock_release(&g->lock);
    return open;
}

struct pool {
    struct lock lock;
    struct condition work;
    struct job *first;
    struct job **last;
    size_t queued;
    size_t queue_max;
    bool stopping;
    unsigned threads;
    struct thread thread[];
};

/* Waits for a job; NULL when the pool stops and nothing is queued. */
static struct job *pool_take(struct pool *pool)
{
    lock_acquire(&pool->lock);
    while (pool->first == NULL && !pool->stopping)
        (void)condition_wait(&pool->work, &pool->lock, INT64_MAX);
    struct job *job = pool->first;
    if (job != NULL) {
        pool->first = job->next;
        if (pool->first == NULL)
            pool->last = &pool->first;
        pool->queued--;
    }
    lock_release(&pool->lock);
    return job;
}

static void pool_main(void *arg)
{
    struct pool *pool = arg;
    struct job *job;
    while ((job = pool_take(pool)) != NULL)
        job->run(job);
}

struct pool *pool_create(const char *name, unsigned threads, size_t queue_max)
{
    assert(threads > 0 && queue_max > 0);
    struct pool *pool = mem_alloc(sizeof *pool + threads * sizeof pool->thread[0]);
    lock_init(&pool->lock);
    condition_init(&pool->work);
    pool->last = &pool->first;
    pool->queue_max = queue_max;
    pool->threads = threads;
    for (unsigned i = 0; i < threads; i++) {
        char full_name[16];
        (void)snprintf(full_name, sizeof full_name, "%.12s-%u", name, i % 100);
        thread_start(&pool->thread[i], full_name, pool_main, pool);
    }
    return pool;
}

void pool_destroy(struct pool *pool)
{
    if (pool == NULL)
        return;
    lock_acquire(&pool->lock);
    pool->stopping = true;
    condition_broadcast(&pool->work);
    lock_release(&pool->lock);
    for (unsigned i = 0; i < pool->threads; i++)
        thread_join(&pool->thread[i]);
    condition_fini(&pool->work);
    lock_fini(&pool->lock);
    mem_free(pool);
}

bool pool_submit(struct pool *pool, struct job *job)
{
    lock_acquire(&pool->lock);
    assert(!pool->stopping);
    bool accepted = pool->queued < pool->queue_max;
    if (accepted) {
        job->next = NULL;
        *pool->last = job;
        pool->last = &job->next;
        pool->queued++;
        condition_signal(&pool->work);
    }
    lock_release(&pool->lock);
    return accepted;
}

size_t pool_queued(struct pool *pool)
{
    lock_acquire(&pool->lock);
    size_t queued = pool->queued;
    lock_release(&pool->lock);
    return queued;
}
