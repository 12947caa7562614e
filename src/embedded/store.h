/* SQLite as the embedded backend uses it: one writer thread with group commit, read-only
 * connections for everyone else.
 *
 * The writer takes queued tasks in order, runs as many as are there (at most STORE_BATCH_MAX)
 * inside one BEGIN IMMEDIATE … COMMIT, and reports to all of them after the commit. A task that
 * fails is undone alone. WAL, synchronous=FULL: what was reported survives a power cut.
 *
 * Only the serving process's writer checkpoints, and never while another process writes: SQLite
 * before 3.51.3 can corrupt a database whose WAL two connections reset and checkpoint at once. A
 * lock file beside the database ("<path>-write") keeps the two apart. */
#ifndef LETTERLOCK_EMBEDDED_STORE_H
#define LETTERLOCK_EMBEDDED_STORE_H

#include "base/ctx.h"
#include "base/uuid.h"
#include "embedded/sql.h"

#include <sqlite3.h>

#define STORE_BATCH_MAX 256u
#define STORE_QUEUE_MAX 8192u
#define STORE_READERS_MAX 16u

struct store;    /* the database of one process */
struct store_db; /* one connection with its prepared statements */

/* Opens (creates) the database file, migrates it forward (with a copy kept beside it before an
 * upgrade), and starts the writer. One process at a time: it holds the data directory's lock
 * (data_dir.h). ERR_UNAVAILABLE with a log line when it cannot; ctx->detail says why in words. The
 * first call of a process must not run beside other users of SQLite. */
enum err store_open(struct ctx *ctx, const char *path, struct store **out) MUST_CHECK;

/* Opens an existing database of the present version beside the process that serves it (or none),
 * for short reads and writes by an operator's command. Never migrates, never checkpoints. */
enum err store_open_shared(struct ctx *ctx, const char *path, struct store **out) MUST_CHECK;

/* Finishes queued tasks, checkpoints (unless shared), closes. No read may be running and nothing
 * may be submitted any more. store may be NULL. */
void store_close(struct store *store);

/* Counts the times that another process's commits were noticed; within a second of each. What was
 * cached from the database under a lower count may be stale. Cheap, from any thread. */
unsigned store_foreign_changes(struct store *store);

/* A write transaction of its own. Embed it in the caller's structure; it belongs to the store from
 * store_submit until done is called. */
struct store_task {
    struct store_task *next;
    /* Runs once, on the writer thread. Everything it wrote is undone when it gives an error. */
    enum err (*run)(struct store_task *task, struct store_db *db);
    /* Called on the writer thread after the commit (or the failure). Short; never blocks. */
    void (*done)(struct store_task *task, enum err result);
    enum err result; /* the store's own */
    /* A promise that run writes nothing before its last check passed, so that it needs no savepoint
     * (worth some microseconds a task). When it fails all the same after it wrote, which takes a
     * full or broken disk, its whole batch is undone and fails. */
    bool checks_first;
};

/* Queues a task; never waits. When the queue is full, done is called at once with
 * ERR_UNAVAILABLE. */
void store_submit(struct store *store, struct store_task *task);

/* Runs fn(db, arg) as a write task and waits for its commit. When the deadline passes before it was
 * started it is withdrawn: ERR_DEADLINE; once started it is seen through. Not on a loop thread. */
enum err store_write(struct store *store, struct ctx *ctx,
                     enum err (*fn)(struct store_db *db, void *arg), void *arg) MUST_CHECK;

/* Runs fn(db, arg) on a read-only connection with one consistent snapshot. Never waits for the
 * writer; when STORE_READERS_MAX reads are running it waits for one of them to end, until the
 * deadline: ERR_DEADLINE. */
enum err store_read(struct store *store, struct ctx *ctx,
                    enum err (*fn)(struct store_db *db, void *arg), void *arg) MUST_CHECK;

/* --- inside a task or a read --- */

/* The prepared statement, reset and with its bindings cleared; borrowed until the next use of the
 * same id on this connection. NULL when SQLite could not prepare it (logged): every function here
 * takes that, and stepping it is ERR_INTERNAL. */
sqlite3_stmt *store_statement(struct store_db *db, enum sql_id id);

/* Binding (parameters count from 1). Data must live until the statement was stepped and reset. */
void store_bind_bytes(sqlite3_stmt *s, int at, struct bytes data);
void store_bind_text(sqlite3_stmt *s, int at, struct bytes text);
void store_bind_uuid(sqlite3_stmt *s, int at, const struct uuid *u);
void store_bind_int(sqlite3_stmt *s, int at, int64_t v);

/* Steps. ERR_OK with *row telling whether there is a row; a failure is logged and becomes
 * ERR_STORAGE_FULL, ERR_CONFLICT (constraint) or ERR_INTERNAL. At the end the statement is reset.
 */
enum err store_step(struct store_db *db, sqlite3_stmt *s, bool *row) MUST_CHECK;

/* Steps a statement that gives no rows, and resets it. */
enum err store_run(struct store_db *db, sqlite3_stmt *s) MUST_CHECK;

/* Rows changed by the statement that ran last. */
int64_t store_changes(struct store_db *db);

/* Columns (from 0), copied to the arena (bytes) or by value; NULL is the empty run, the nil UUID or
 * 0. */
struct bytes store_column_bytes(sqlite3_stmt *s, int at, struct arena *arena);
struct uuid store_column_uuid(sqlite3_stmt *s, int at);
int64_t store_column_int(sqlite3_stmt *s, int at);

#endif
