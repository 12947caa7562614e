#include "embedded/store_readers.h"

#include "base/clock.h"

#define READER_IDLE_MS 5000

void store_readers_init(struct store_readers *readers, const char *path)
{
    *readers = (struct store_readers){.path = path};
    lock_init(&readers->lock);
    condition_init(&readers->freed);
}

void store_readers_fini(struct store_readers *readers)
{
    while (readers->free != NULL) {
        struct store_db *db = readers->free;
        readers->free = db->next;
        store_db_close(db);
    }
    condition_fini(&readers->freed);
    lock_fini(&readers->lock);
}

/* Gives a free reader, or NULL with room for one more counted, or an error past the deadline. */
static enum err reserve(struct store_readers *readers, struct ctx *ctx, struct store_db **out)
{
    enum err e = ERR_OK;
    lock_acquire(&readers->lock);
    while (readers->free == NULL && readers->count >= STORE_READERS_MAX && e == ERR_OK) {
        if (!condition_wait(&readers->freed, &readers->lock, ctx->deadline_mono_ms))
            e = ERR_DEADLINE;
    }
    *out = readers->free;
    if (*out != NULL) {
        readers->free = (*out)->next;
        e = ERR_OK;
    } else if (e == ERR_OK) {
        readers->count++;
    }
    lock_release(&readers->lock);
    return e;
}

enum err store_readers_take(struct store_readers *readers, struct ctx *ctx, struct store_db **out)
{
    enum err e = reserve(readers, ctx, out);
    if (e != ERR_OK || *out != NULL)
        return e;
    e = store_db_open(readers->path, STORE_READER, out);
    if (e == ERR_OK)
        return ERR_OK;
    lock_acquire(&readers->lock);
    readers->count--;
    condition_signal(&readers->freed);
    lock_release(&readers->lock);
    return e;
}

void store_readers_give_back(struct store_readers *readers, struct store_db *db)
{
    db->used_mono_ms = clock_mono_ms();
    lock_acquire(&readers->lock);
    db->next = readers->free;
    readers->free = db;
    condition_signal(&readers->freed);
    lock_release(&readers->lock);
}

void store_readers_close_idle(struct store_readers *readers)
{
    int64_t before = clock_mono_ms() - READER_IDLE_MS;
    lock_acquire(&readers->lock);
    struct store_db **at = &readers->free;
    while (*at != NULL && (*at)->used_mono_ms >= before)
        at = &(*at)->next;
    /* The list has the last used first: all that follow are older still. */
    struct store_db *idle = *at;
    *at = NULL;
    for (struct store_db *db = idle; db != NULL; db = db->next)
        readers->count--;
    lock_release(&readers->lock);
    while (idle != NULL) {
        struct store_db *next = idle->next;
        store_db_close(idle);
        idle = next;
    }
}
