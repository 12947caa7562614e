#include "aws/sns/notice_queue.h"

#include "base/cache.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/threads.h"

#include <string.h>

#define REMEMBERED_MAX 100000u /* users whose last notice is remembered */

struct notice_queue {
    struct lock lock;
    struct condition changed;
    struct condition settled;
    unsigned taken;       /* and not done */
    struct notice *items; /* in the order of their coming */
    size_t count;
    struct cache *told; /* user id -> int64_t, until when the user is left alone */
    bool ended;
};

struct notice_queue *notice_queue_create(void)
{
    struct notice_queue *queue = mem_alloc(sizeof *queue);
    lock_init(&queue->lock);
    condition_init(&queue->changed);
    condition_init(&queue->settled);
    queue->items = mem_alloc(NOTICE_QUEUE_MAX * sizeof *queue->items);
    queue->told = cache_create(REMEMBERED_MAX, sizeof(int64_t));
    return queue;
}

void notice_queue_destroy(struct notice_queue *queue)
{
    if (queue == NULL)
        return;
    cache_destroy(queue->told);
    mem_free(queue->items);
    condition_fini(&queue->settled);
    condition_fini(&queue->changed);
    lock_fini(&queue->lock);
    mem_free(queue);
}

static bool is_queued(const struct notice_queue *queue, const struct uuid *user_id)
{
    for (size_t i = 0; i < queue->count; i++) {
        if (uuid_equal(&queue->items[i].user_id, user_id))
            return true;
    }
    return false;
}

/* Appends a notice unless its user is queued already; false when the queue is full. */
static bool append(struct notice_queue *queue, const struct notice *notice)
{
    if (is_queued(queue, &notice->user_id))
        return true;
    if (queue->count == NOTICE_QUEUE_MAX)
        return false;
    queue->items[queue->count++] = *notice;
    condition_signal(&queue->changed);
    return true;
}

void notice_queue_add(struct notice_queue *queue, const struct uuid *user_id, const char *target)
{
    uint8_t key[CACHE_KEY_BYTES];
    struct notice notice = {.user_id = *user_id};
    size_t n = strlen(target);
    if (n >= NOTICE_TARGET_BYTES)
        return;
    memcpy(notice.target, target, n);
    cache_key_of_uuid(user_id, key);
    lock_acquire(&queue->lock);
    (void)cache_get(queue->told, key, clock_unix_ms(), &notice.due_mono_ms);
    bool queued = append(queue, &notice);
    lock_release(&queue->lock);
    if (!queued)
        log_warning("notice_dropped", "queued=%u", NOTICE_QUEUE_MAX);
}

static void remove_at(struct notice_queue *queue, size_t i, struct notice *out)
{
    uint8_t key[CACHE_KEY_BYTES];
    int64_t until = clock_mono_ms() + NOTICE_INTERVAL_MS;
    *out = queue->items[i];
    queue->count--;
    queue->taken++;
    memmove(&queue->items[i], &queue->items[i + 1], (queue->count - i) * sizeof *queue->items);
    cache_key_of_uuid(&out->user_id, key);
    cache_put(queue->told, key, clock_unix_ms() + NOTICE_INTERVAL_MS, &until);
}

/* The item that is due first. */
static size_t find_first(const struct notice_queue *queue)
{
    size_t first = 0;
    for (size_t i = 1; i < queue->count; i++) {
        if (queue->items[i].due_mono_ms < queue->items[first].due_mono_ms)
            first = i;
    }
    return first;
}

bool notice_queue_take(struct notice_queue *queue, struct notice *out)
{
    bool taken = false;
    lock_acquire(&queue->lock);
    while (!queue->ended && !taken) {
        size_t first = find_first(queue);
        if (queue->count == 0) {
            (void)condition_wait(&queue->changed, &queue->lock, INT64_MAX);
        } else if (queue->items[first].due_mono_ms > clock_mono_ms()) {
            (void)condition_wait(&queue->changed, &queue->lock, queue->items[first].due_mono_ms);
        } else {
            remove_at(queue, first, out);
            taken = true;
        }
    }
    lock_release(&queue->lock);
    return taken;
}

bool notice_queue_take_now(struct notice_queue *queue, int64_t due_mono_ms, struct notice *out)
{
    lock_acquire(&queue->lock);
    size_t first = find_first(queue);
    bool any = queue->count > 0 && queue->items[first].due_mono_ms <= due_mono_ms;
    if (any)
        remove_at(queue, first, out);
    lock_release(&queue->lock);
    return any;
}

void notice_queue_done(struct notice_queue *queue, const struct notice *notice, bool delivered)
{
    struct notice again = *notice;
    again.attempts++;
    again.due_mono_ms = clock_mono_ms() + NOTICE_INTERVAL_MS;
    lock_acquire(&queue->lock);
    bool gone = !delivered &&
                (queue->ended || again.attempts == NOTICE_ATTEMPTS_MAX || !append(queue, &again));
    if (--queue->taken == 0)
        condition_broadcast(&queue->settled);
    lock_release(&queue->lock);
    if (gone)
        log_warning("notice_dropped", "attempts=%u", again.attempts);
}

void notice_queue_settle(struct notice_queue *queue, int64_t deadline_mono_ms)
{
    bool in_time = true;
    lock_acquire(&queue->lock);
    while (queue->taken > 0 && in_time)
        in_time = condition_wait(&queue->settled, &queue->lock, deadline_mono_ms);
    lock_release(&queue->lock);
}

void notice_queue_end(struct notice_queue *queue)
{
    lock_acquire(&queue->lock);
    queue->ended = true;
    condition_broadcast(&queue->changed);
    lock_release(&queue->lock);
}
