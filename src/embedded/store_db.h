/* One SQLite connection with its prepared statements: how store.c and migrate.c open and steer it.
 * What tasks and reads use of it is in store.h. */
#ifndef LETTERLOCK_EMBEDDED_STORE_DB_H
#define LETTERLOCK_EMBEDDED_STORE_DB_H

#include "embedded/store.h"

/* How long a connection waits for a lock of another process, which an operator's command holds for
 * one short transaction at a time. */
#define STORE_DB_BUSY_MS 5000

enum store_role { STORE_WRITER, STORE_READER };

struct store_db {
    sqlite3 *handle;
    struct store_db *next; /* for the pool of readers */
    int64_t used_mono_ms;  /* when a reader was last given back */
    int wal_pages;         /* in the WAL after the last commit of this connection */
    sqlite3_stmt *statements[SQL_COUNT];
};

/* Tells SQLite that no connection is shared between threads at once; call before the first open.
 * Once per process is enough; further calls do nothing. */
void store_db_configure(void);

/* Opens the database at path (it must exist) with the settings of the role. ERR_UNAVAILABLE, with a
 * log line, when it cannot. */
enum err store_db_open(const char *path, enum store_role role, struct store_db **out) MUST_CHECK;

/* Closes; db may be NULL. Never checkpoints: the writer does that itself. */
void store_db_close(struct store_db *db);

/* Runs fixed SQL without results: settings, schema. Failures are logged. */
enum err store_db_exec(struct store_db *db, const char *sql) MUST_CHECK;

/* The first column of the first row of fixed SQL, as a number. */
enum err store_db_exec_int(struct store_db *db, const char *sql, int64_t *out) MUST_CHECK;

/* Writes one snapshot of the whole database to a new file at path (mode 0600, synced), compact and
 * without a WAL. */
enum err store_db_copy(struct store_db *db, const char *path) MUST_CHECK;

/* Runs one of the statements without parameters or results. */
enum err store_db_run(struct store_db *db, enum sql_id id) MUST_CHECK;

/* Ends the open transaction, if SQLite has not done so itself, and undoes it. */
void store_db_rollback(struct store_db *db);

/* Resets what a task or read left in the middle, so that no statement outlives its transaction. */
void store_db_settle(struct store_db *db);

/* Logs the connection's last failure and maps it to an error. */
enum err store_db_fail(struct store_db *db, int rc, const char *what);

#endif
