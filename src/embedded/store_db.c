#include "embedded/store_db.h"

#include "base/log.h"
#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const statement_texts[SQL_COUNT] = {
#define SQL_TEXT(id, text) [SQL_##id] = (text),
    SQL_TABLE(SQL_TEXT)
#undef SQL_TEXT
};

/* The page caches stay small: the kernel's page cache holds the file anyway. */
static const char writer_settings[] = "PRAGMA journal_mode=WAL;"
                                      "PRAGMA synchronous=FULL;"
                                      "PRAGMA cache_size=-8192;"
                                      "PRAGMA temp_store=MEMORY;"
                                      "PRAGMA trusted_schema=OFF;";

static const char reader_settings[] = "PRAGMA query_only=ON;"
                                      "PRAGMA cache_size=-512;"
                                      "PRAGMA temp_store=MEMORY;"
                                      "PRAGMA trusted_schema=OFF;";

void store_db_configure(void)
{
    /* Both are refused once SQLite is in use, when they were set before. Memory statistics would
     * put one process-wide lock around every allocation. */
    (void)sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int note_wal_pages(void *arg, sqlite3 *handle, const char *name, int pages)
{
    (void)handle;
    (void)name;
    struct store_db *db = arg;
    db->wal_pages = pages;
    return SQLITE_OK;
}

enum err store_db_open(const char *path, enum store_role role, struct store_db **out)
{
    struct store_db *db = mem_alloc(sizeof *db);
    /* A reader is opened for writing too, and kept from it by query_only: a WAL database cannot be
     * read without its shared-memory file, which a read-only connection may not make. */
    int rc = sqlite3_open_v2(path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    enum err e = rc == SQLITE_OK ? ERR_OK : store_db_fail(db, rc, "open");
    if (e == ERR_OK) {
        sqlite3_extended_result_codes(db->handle, 1);
        (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        /* A hook of ours replaces SQLite's own, which checkpoints inside COMMIT. */
        sqlite3_wal_hook(db->handle, note_wal_pages, db);
        (void)sqlite3_busy_timeout(db->handle, STORE_DB_BUSY_MS);
        e = store_db_exec(db, role == STORE_WRITER ? writer_settings : reader_settings);
    }
    if (e != ERR_OK) {
        store_db_close(db);
        return ERR_UNAVAILABLE;
    }
    *out = db;
    return ERR_OK;
}

void store_db_close(struct store_db *db)
{
    if (db == NULL)
        return;
    for (size_t i = 0; i < SQL_COUNT; i++)
        (void)sqlite3_finalize(db->statements[i]);
    int rc = sqlite3_close(db->handle);
    assert(rc == SQLITE_OK);
    mem_free(db);
}

/* Whether the failure is the want of space. SQLite says so only for ENOSPC; a disk quota and a
 * limit on the size of files come as a failed write, whose errno is lost by the time it gets here.
 */
static bool is_full(int rc)
{
    return (rc & 0xff) == SQLITE_FULL || rc == SQLITE_IOERR_WRITE;
}

enum err store_db_fail(struct store_db *db, int rc, const char *what)
{
    if ((rc & 0xff) == SQLITE_CONSTRAINT)
        return ERR_CONFLICT;
    enum err e = ERR_INTERNAL;
    if (is_full(rc))
        e = ERR_STORAGE_FULL;
    if ((rc & 0xff) == SQLITE_BUSY)
        e = ERR_UNAVAILABLE;
    log_error("sqlite_failed", "what=\"%.60s\" code=%d errno=%d error=\"%s\"", what, rc,
              db->handle == NULL ? 0 : sqlite3_system_errno(db->handle), sqlite3_errstr(rc));
    return e;
}

enum err store_db_exec(struct store_db *db, const char *sql)
{
    int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? ERR_OK : store_db_fail(db, rc, sql);
}

enum err store_db_exec_int(struct store_db *db, const char *sql, int64_t *out)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db->handle, sql, -1, &s, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    if (rc == SQLITE_ROW)
        *out = sqlite3_column_int64(s, 0);
    (void)sqlite3_finalize(s);
    return rc == SQLITE_ROW ? ERR_OK : store_db_fail(db, rc, sql);
}

/* SQLite does not sync what VACUUM INTO writes, and makes it with the mode 0644. */
static enum err settle_copy(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool settled = fd >= 0 && fchmod(fd, 0600) == 0 && fsync(fd) == 0;
    int cause = errno;
    if (fd >= 0)
        (void)close(fd);
    if (settled)
        return ERR_OK;
    log_error("database_copy_failed", "errno=%d", cause);
    return cause == ENOSPC || cause == EDQUOT ? ERR_STORAGE_FULL : ERR_INTERNAL;
}

enum err store_db_copy(struct store_db *db, const char *path)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db->handle, "VACUUM INTO ?1", -1, &s, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(s, 1, path, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    (void)sqlite3_finalize(s);
    return rc == SQLITE_DONE ? settle_copy(path) : store_db_fail(db, rc, "copy the database");
}

enum err store_db_run(struct store_db *db, enum sql_id id)
{
    return store_run(db, store_statement(db, id));
}

void store_db_rollback(struct store_db *db)
{
    if (sqlite3_get_autocommit(db->handle))
        return;
    if (store_db_run(db, SQL_STORE_ROLLBACK) != ERR_OK)
        log_error("rollback_failed", " ");
}

void store_db_settle(struct store_db *db)
{
    sqlite3_stmt *s = NULL;
    while ((s = sqlite3_next_stmt(db->handle, s)) != NULL) {
        if (sqlite3_stmt_busy(s))
            (void)sqlite3_reset(s);
    }
}

sqlite3_stmt *store_statement(struct store_db *db, enum sql_id id)
{
    assert(id < SQL_COUNT);
    sqlite3_stmt *s = db->statements[id];
    if (s != NULL) {
        (void)sqlite3_reset(s);
        (void)sqlite3_clear_bindings(s);
        return s;
    }
    int rc = sqlite3_prepare_v3(db->handle, statement_texts[id], -1, SQLITE_PREPARE_PERSISTENT,
                                &db->statements[id], NULL);
    if (rc != SQLITE_OK) {
        log_error("sqlite_prepare_failed", "statement=%d error=\"%s\"", (int)id,
                  sqlite3_errmsg(db->handle));
        db->statements[id] = NULL;
    }
    return db->statements[id];
}

/* A statement that could not be prepared takes no bindings; store_step reports it. Binding fails
 * otherwise only for a wrong index or a value above SQLite's limits. */
static void require_bound(sqlite3_stmt *s, int rc)
{
    assert(s == NULL || rc == SQLITE_OK);
    (void)rc;
}

void store_bind_bytes(sqlite3_stmt *s, int at, struct bytes data)
{
    /* A NULL pointer would bind SQL NULL; an empty run is an empty blob. */
    const void *p = data.n > 0 ? (const void *)data.p : "";
    if (s != NULL)
        require_bound(s, sqlite3_bind_blob64(s, at, p, data.n, SQLITE_STATIC));
}

void store_bind_text(sqlite3_stmt *s, int at, struct bytes text)
{
    const char *p = text.n > 0 ? (const char *)text.p : "";
    if (s != NULL)
        require_bound(s, sqlite3_bind_text64(s, at, p, text.n, SQLITE_STATIC, SQLITE_UTF8));
}

void store_bind_uuid(sqlite3_stmt *s, int at, const struct uuid *u)
{
    store_bind_bytes(s, at, uuid_bytes(u));
}

void store_bind_int(sqlite3_stmt *s, int at, int64_t v)
{
    if (s != NULL)
        require_bound(s, sqlite3_bind_int64(s, at, v));
}

enum err store_step(struct store_db *db, sqlite3_stmt *s, bool *row)
{
    *row = false;
    if (s == NULL)
        return ERR_INTERNAL;
    int rc = sqlite3_step(s);
    if (rc == SQLITE_ROW) {
        *row = true;
        return ERR_OK;
    }
    enum err e = rc == SQLITE_DONE ? ERR_OK : store_db_fail(db, rc, sqlite3_sql(s));
    (void)sqlite3_reset(s);
    return e;
}

enum err store_run(struct store_db *db, sqlite3_stmt *s)
{
    bool row = false;
    enum err e = store_step(db, s, &row);
    if (row)
        (void)sqlite3_reset(s);
    return e;
}

int64_t store_changes(struct store_db *db)
{
    return sqlite3_changes64(db->handle);
}

struct bytes store_column_bytes(sqlite3_stmt *s, int at, struct arena *arena)
{
    const void *p = sqlite3_column_blob(s, at);
    return arena_copy(arena, bytes_of(p, (size_t)sqlite3_column_bytes(s, at)));
}

struct uuid store_column_uuid(sqlite3_stmt *s, int at)
{
    struct uuid u = {{0}};
    const void *p = sqlite3_column_blob(s, at);
    if (sqlite3_column_bytes(s, at) == (int)UUID_BYTES)
        memcpy(u.b, p, UUID_BYTES);
    return u;
}

int64_t store_column_int(sqlite3_stmt *s, int at)
{
    return sqlite3_column_int64(s, at);
}
