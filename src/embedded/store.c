#include "embedded/store.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/threads.h"
#include "embedded/migrate.h"
#include "embedded/store_db.h"
#include "embedded/store_readers.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

/* Pages in the WAL (4 KiB each) after which the writer checkpoints between two batches. More means
 * a longer pause each time, which every waiting send feels, and no less processor time: 8000 pages
 * made the slowest hundredth of sends take 25 ms, 1000 make it 7 ms. */
#define CHECKPOINT_PAGES 1000
/* Past this many pages readers hold the WAL's end: the writer then waits for them a little. */
#define CHECKPOINT_PRESSING_PAGES 32000
#define CHECKPOINT_WAIT_MS 100
#define HOUSEKEEPING_MS 1000
#define WRITER_IDLE_MS 2000
#define FOREIGN_WAIT_MS 5000
#define FOREIGN_POLL_NS (2 * 1000 * 1000)

struct store {
    char *path;
    bool shared;
    int lock_fd; /* of "<path>-write", see store.h */

    struct lock lock; /* guards the queue */
    struct condition work;
    struct store_task *first;
    struct store_task **last;
    size_t queued;
    bool writer_waits;
    bool stopping;

    struct thread thread;
    struct store_db *writer; /* used by the writer thread alone once it runs */
    int checkpointed_pages;  /* of the WAL, when it was last copied back */
    int64_t data_version;
    int64_t written_mono_ms;
    atomic_uint foreign_changes;

    struct store_readers readers;
};

/* --- the queue --- */

/* Takes the oldest tasks, at most STORE_BATCH_MAX; waits for one until housekeeping is due. NULL
 * when there is none; *stopping then tells whether there will be any. */
static struct store_task *take_batch(struct store *store, bool *stopping)
{
    lock_acquire(&store->lock);
    if (store->first == NULL && !store->stopping) {
        store->writer_waits = true;
        (void)condition_wait(&store->work, &store->lock, clock_mono_ms() + HOUSEKEEPING_MS);
        store->writer_waits = false;
    }
    struct store_task *batch = store->first;
    size_t n = 0;
    struct store_task **end = &store->first;
    while (*end != NULL && n < STORE_BATCH_MAX) {
        end = &(*end)->next;
        n++;
    }
    store->first = *end;
    *end = NULL;
    if (store->first == NULL)
        store->last = &store->first;
    store->queued -= n;
    *stopping = store->stopping;
    lock_release(&store->lock);
    return batch;
}

void store_submit(struct store *store, struct store_task *task)
{
    task->next = NULL;
    task->result = ERR_OK;
    lock_acquire(&store->lock);
    assert(!store->stopping);
    bool accepted = store->queued < STORE_QUEUE_MAX;
    if (accepted) {
        *store->last = task;
        store->last = &task->next;
        store->queued++;
        if (store->writer_waits)
            condition_signal(&store->work);
    }
    lock_release(&store->lock);
    if (!accepted)
        task->done(task, ERR_UNAVAILABLE);
}

/* Takes a task out of the queue; false when it was started. */
static bool withdraw(struct store *store, struct store_task *task)
{
    lock_acquire(&store->lock);
    struct store_task **at = &store->first;
    while (*at != NULL && *at != task)
        at = &(*at)->next;
    bool found = *at == task;
    if (found) {
        *at = task->next;
        if (task->next == NULL)
            store->last = at;
        store->queued--;
    }
    lock_release(&store->lock);
    return found;
}

/* --- the writer --- */

/* Keeps checkpoints and other processes' writes apart, see store.h. A shared store waits its turn;
 * the serving one checkpoints another time. */
static bool lock_writes(struct store *store)
{
    static const struct timespec poll_interval = {.tv_nsec = FOREIGN_POLL_NS};
    if (!store->shared)
        return flock(store->lock_fd, LOCK_EX | LOCK_NB) == 0;
    int64_t end = clock_mono_ms() + FOREIGN_WAIT_MS;
    while (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        if (clock_mono_ms() >= end)
            return false;
        (void)nanosleep(&poll_interval, NULL);
    }
    return true;
}

static void unlock_writes(struct store *store)
{
    (void)flock(store->lock_fd, LOCK_UN);
}

static void notice_foreign_changes(struct store *store)
{
    struct store_db *db = store->writer;
    sqlite3_stmt *s = store_statement(db, SQL_STORE_DATA_VERSION);
    bool row = false;
    if (store_step(db, s, &row) != ERR_OK || !row)
        return;
    int64_t version = store_column_int(s, 0);
    (void)sqlite3_reset(s);
    if (version == store->data_version)
        return;
    store->data_version = version;
    atomic_fetch_add_explicit(&store->foreign_changes, 1, memory_order_release);
}

/* Runs one task. An error in *poison means that the whole transaction is lost. */
static enum err run_task(struct store_db *db, struct store_task *task, enum err *poison)
{
    int64_t before = sqlite3_total_changes64(db->handle);
    enum err e = task->checks_first ? ERR_OK : store_db_run(db, SQL_STORE_SAVE);
    if (e == ERR_OK)
        e = task->run(task, db);
    if (e != ERR_OK && task->checks_first && sqlite3_total_changes64(db->handle) != before)
        *poison = e;
    /* SQLite itself rolls the transaction back after some failures of the disk. */
    if (sqlite3_get_autocommit(db->handle))
        *poison = e != ERR_OK ? e : ERR_INTERNAL;
    if (task->checks_first || *poison != ERR_OK)
        return e;
    enum err undone = e == ERR_OK ? ERR_OK : store_db_run(db, SQL_STORE_SAVE_UNDO);
    enum err released = store_db_run(db, SQL_STORE_SAVE_RELEASE);
    if (undone != ERR_OK || released != ERR_OK)
        *poison = ERR_INTERNAL;
    return e;
}

static enum err run_batch(struct store *store, struct store_task *batch)
{
    struct store_db *db = store->writer;
    enum err e = store_db_run(db, SQL_STORE_BEGIN_WRITE);
    if (e != ERR_OK)
        return e;
    notice_foreign_changes(store);
    for (struct store_task *t = batch; t != NULL && e == ERR_OK; t = t->next)
        t->result = run_task(db, t, &e);
    store_db_settle(db);
    if (e == ERR_OK)
        e = store_db_run(db, SQL_STORE_COMMIT);
    if (e != ERR_OK)
        store_db_rollback(db);
    return e;
}

/* Does a batch and reports. A batch that failed as a whole fails every task: some of them may have
 * seen what the others wrote. */
static void do_batch(struct store *store, struct store_task *batch)
{
    enum err e = ERR_UNAVAILABLE;
    if (!store->shared || lock_writes(store)) {
        e = run_batch(store, batch);
        if (store->shared)
            unlock_writes(store);
    }
    store->written_mono_ms = clock_mono_ms();
    while (batch != NULL) {
        struct store_task *task = batch;
        batch = task->next;
        task->done(task, e != ERR_OK ? e : task->result);
    }
}

/* Copies the WAL into the database file. Skipped, to be tried again, while another process
 * writes. */
static void checkpoint(struct store *store, int mode, int wait_ms)
{
    struct store_db *db = store->writer;
    if (store->shared || !lock_writes(store))
        return;
    (void)sqlite3_busy_timeout(db->handle, wait_ms);
    int left = 0;
    int rc = sqlite3_wal_checkpoint_v2(db->handle, NULL, mode, &left, NULL);
    if (rc != SQLITE_OK && rc != SQLITE_BUSY)
        (void)store_db_fail(db, rc, "checkpoint");
    if (rc == SQLITE_OK && mode == SQLITE_CHECKPOINT_TRUNCATE)
        db->wal_pages = 0;
    (void)sqlite3_busy_timeout(db->handle, STORE_DB_BUSY_MS);
    unlock_writes(store);
}

/* While a long read holds the WAL, a checkpoint cannot end it: the next try is CHECKPOINT_PAGES
 * later, not after every batch. */
static void checkpoint_if_due(struct store *store)
{
    int pages = store->writer->wal_pages;
    if (pages < store->checkpointed_pages)
        store->checkpointed_pages = 0; /* the WAL has begun anew */
    if (pages - store->checkpointed_pages < CHECKPOINT_PAGES)
        return;
    if (pages >= CHECKPOINT_PRESSING_PAGES)
        checkpoint(store, SQLITE_CHECKPOINT_RESTART, CHECKPOINT_WAIT_MS);
    else
        checkpoint(store, SQLITE_CHECKPOINT_PASSIVE, 0);
    store->checkpointed_pages = pages;
}

static void keep_house(struct store *store)
{
    notice_foreign_changes(store);
    store_readers_close_idle(&store->readers);
    struct store_db *db = store->writer;
    if (db->wal_pages > 0 && clock_mono_ms() - store->written_mono_ms >= WRITER_IDLE_MS) {
        checkpoint(store, SQLITE_CHECKPOINT_TRUNCATE, CHECKPOINT_WAIT_MS);
        (void)sqlite3_db_release_memory(db->handle);
    }
}

static void writer_main(void *arg)
{
    struct store *store = arg;
    int64_t house_mono_ms = clock_mono_ms();
    for (;;) {
        bool stopping = false;
        struct store_task *batch = take_batch(store, &stopping);
        if (batch == NULL && stopping)
            break;
        if (batch != NULL) {
            do_batch(store, batch);
            checkpoint_if_due(store);
        }
        if (clock_mono_ms() - house_mono_ms >= HOUSEKEEPING_MS) {
            keep_house(store);
            house_mono_ms = clock_mono_ms();
        }
    }
    checkpoint(store, SQLITE_CHECKPOINT_TRUNCATE, CHECKPOINT_WAIT_MS);
}

/* --- waiting for a write --- */

struct write_call {
    struct store_task task;
    enum err (*fn)(struct store_db *db, void *arg);
    void *arg;
    struct gate finished;
    enum err result;
};

static enum err run_call(struct store_task *task, struct store_db *db)
{
    struct write_call *call = (struct write_call *)task;
    return call->fn(db, call->arg);
}

static void finish_call(struct store_task *task, enum err result)
{
    struct write_call *call = (struct write_call *)task;
    call->result = result;
    gate_open(&call->finished);
}

enum err store_write(struct store *store, struct ctx *ctx,
                     enum err (*fn)(struct store_db *db, void *arg), void *arg)
{
    struct write_call call = {.task = {.run = run_call, .done = finish_call}, .fn = fn, .arg = arg};
    gate_init(&call.finished);
    store_submit(store, &call.task);
    if (!gate_wait(&call.finished, ctx->deadline_mono_ms)) {
        if (withdraw(store, &call.task))
            call.result = ERR_DEADLINE;
        else
            /* The task is on this stack and at the writer: it must be waited for. */
            (void)!gate_wait(&call.finished, INT64_MAX);
    }
    gate_fini(&call.finished);
    return call.result;
}

/* --- reads --- */

enum err store_read(struct store *store, struct ctx *ctx,
                    enum err (*fn)(struct store_db *db, void *arg), void *arg)
{
    struct store_db *db = NULL;
    enum err e = store_readers_take(&store->readers, ctx, &db);
    if (e != ERR_OK)
        return e;
    e = store_db_run(db, SQL_STORE_BEGIN_READ);
    if (e == ERR_OK) {
        e = fn(db, arg);
        store_db_settle(db);
        enum err ended = store_db_run(db, SQL_STORE_COMMIT);
        if (ended != ERR_OK)
            store_db_rollback(db);
        if (e == ERR_OK)
            e = ended;
    }
    store_readers_give_back(&store->readers, db);
    return e;
}

unsigned store_foreign_changes(struct store *store)
{
    return atomic_load_explicit(&store->foreign_changes, memory_order_acquire);
}

/* --- opening and closing --- */

/* SQLite would make the file with the mode 0644 less the umask; its companions follow it. */
static enum err create_file(struct ctx *ctx, const char *path, int flags, int *fd)
{
    *fd = open(path, O_RDWR | O_CLOEXEC | flags, 0600);
    if (*fd >= 0)
        return ERR_OK;
    log_error("database_open_failed", "errno=%d", errno);
    return ctx_fail(ctx, ERR_UNAVAILABLE, "the database cannot be opened (error %d)", errno);
}

static enum err open_files(struct ctx *ctx, struct store *store)
{
    char *lock_path = arena_printf(ctx->arena, "%s-write", store->path);
    int fd = -1;
    enum err e = create_file(ctx, store->path, store->shared ? 0 : O_CREAT, &fd);
    if (e != ERR_OK)
        return e;
    (void)close(fd);
    return create_file(ctx, lock_path, O_CREAT, &store->lock_fd);
}

static enum err open_writer(struct ctx *ctx, struct store *store)
{
    enum err e = open_files(ctx, store);
    if (e == ERR_OK) {
        e = store_db_open(store->path, STORE_WRITER, &store->writer);
        if (e != ERR_OK)
            return ctx_fail(ctx, e, "the database cannot be opened");
    }
    if (e == ERR_OK)
        e = store->shared ? migrate_check(ctx, store->writer)
                          : migrate_run(ctx, store->writer, store->path);
    if (e == ERR_OK)
        e = store_db_exec_int(store->writer, "PRAGMA data_version", &store->data_version);
    return e;
}

static enum err open_store(struct ctx *ctx, const char *path, bool shared, struct store **out)
{
    store_db_configure();
    struct store *store = mem_alloc(sizeof *store);
    store->path = mem_strdup(path);
    store->shared = shared;
    store->lock_fd = -1;
    store->last = &store->first;
    lock_init(&store->lock);
    condition_init(&store->work);
    store_readers_init(&store->readers, store->path);
    enum err e = open_writer(ctx, store);
    if (e != ERR_OK) {
        log_error("store_open_failed", "reason=\"%s\"", ctx->detail);
        store_close(store);
        return e;
    }
    thread_start(&store->thread, "writer", writer_main, store);
    *out = store;
    return ERR_OK;
}

enum err store_open(struct ctx *ctx, const char *path, struct store **out)
{
    return open_store(ctx, path, false, out);
}

enum err store_open_shared(struct ctx *ctx, const char *path, struct store **out)
{
    return open_store(ctx, path, true, out);
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    lock_acquire(&store->lock);
    store->stopping = true;
    condition_signal(&store->work);
    lock_release(&store->lock);
    thread_join(&store->thread);
    store_db_close(store->writer);
    store_readers_fini(&store->readers);
    if (store->lock_fd >= 0)
        (void)close(store->lock_fd);
    condition_fini(&store->work);
    lock_fini(&store->lock);
    mem_free(store->path);
    mem_free(store);
}
