/* The store across processes: crashes, a full disk, a second process, upgrades. */
#include "base/clock.h"
#include "embedded/account_rows.h"
#include "embedded/migrate.h"
#include "embedded/store.h"
#include "embedded/store_db.h"
#include "scratch.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_MS 20000
#define CRASHES 5
#define COMMITS_BEFORE_CRASH 40
#define FILE_LIMIT_BYTES (4 << 20)

static int64_t count(struct store_db *db, const char *table)
{
    int64_t n = -1;
    char sql[64];
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
    assert_int_equal(store_db_exec_int(db, sql, &n), ERR_OK);
    return n;
}

static enum err make_table(struct store_db *db, void *arg)
{
    (void)arg;
    return store_db_exec(db, "CREATE TABLE IF NOT EXISTS t(n INTEGER PRIMARY KEY, b BLOB)");
}

static enum err insert_row(struct store_db *db, void *arg)
{
    char sql[80];
    (void)snprintf(sql, sizeof sql, "INSERT INTO t(n, b) VALUES(%lld, zeroblob(2000))",
                   (long long)*(int64_t *)arg);
    return store_db_exec(db, sql);
}

static enum err count_rows(struct store_db *db, void *arg)
{
    *(int64_t *)arg = count(db, "t");
    return ERR_OK;
}

static int64_t rows(struct scratch *s, struct store *store)
{
    int64_t n = -1;
    assert_int_equal(store_read(store, &s->ctx, count_rows, &n), ERR_OK);
    return n;
}

static struct store *open_store(struct scratch *s, const char *path)
{
    struct store *store = NULL;
    assert_int_equal(store_open(&s->ctx, path, &store), ERR_OK);
    assert_int_equal(store_write(store, &s->ctx, make_table, NULL), ERR_OK);
    return store;
}

/* --- crashes --- */

struct flood_task {
    struct store_task task;
    struct store *store;
    int64_t n;
    _Atomic int64_t *acknowledged; /* shared with the parent */
};

static enum err run_flood(struct store_task *task, struct store_db *db)
{
    return insert_row(db, &((struct flood_task *)task)->n);
}

static void finish_flood(struct store_task *task, enum err result)
{
    struct flood_task *t = (struct flood_task *)task;
    if (result != ERR_OK)
        _exit(1);
    atomic_fetch_add(t->acknowledged, 1);
    t->n += 8;
    store_submit(t->store, task);
}

/* Writes rows without end, eight tasks at once, until it is killed. */
static void flood(const char *path, int64_t first, _Atomic int64_t *acknowledged)
{
    struct scratch s = {.dir = ""};
    ctx_init(&s.ctx, &s.arena, WAIT_MS);
    struct store *store = open_store(&s, path);
    static struct flood_task tasks[8];
    for (int64_t i = 0; i < 8; i++) {
        tasks[i] = (struct flood_task){.task = {.run = run_flood, .done = finish_flood},
                                       .store = store,
                                       .n = first + i,
                                       .acknowledged = acknowledged};
        store_submit(store, &tasks[i].task);
    }
    for (;;)
        (void)pause();
}

static void test_acknowledged_rows_survive_a_kill(void **state)
{
    (void)state;
    struct scratch s;
    scratch_init(&s);
    const char *path = scratch_path(&s, "db.sqlite");
    _Atomic int64_t *acknowledged =
        mmap(NULL, sizeof *acknowledged, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(acknowledged, MAP_FAILED);
    for (int round = 0; round < CRASHES; round++) {
        int64_t before = atomic_load(acknowledged);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            flood(path, (int64_t)round << 32, acknowledged);
        int64_t end = clock_mono_ms() + WAIT_MS;
        while (atomic_load(acknowledged) < before + COMMITS_BEFORE_CRASH && clock_mono_ms() < end)
            (void)usleep(500);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        struct store *store = open_store(&s, path);
        assert_true(rows(&s, store) >= atomic_load(acknowledged));
        assert_true(atomic_load(acknowledged) >= before + COMMITS_BEFORE_CRASH);
        store_close(store);
    }
    (void)munmap(acknowledged, sizeof *acknowledged);
    scratch_fini(&s);
}

/* --- a full disk --- */

/* In a child: files may not grow past the limit, as on a full disk; then they may again. */
static int fill_the_disk(void)
{
    struct scratch s;
    scratch_init(&s);
    struct store *store = open_store(&s, scratch_path(&s, "db.sqlite"));
    struct rlimit limit;
    (void)signal(SIGXFSZ, SIG_IGN);
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 1;
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = FILE_LIMIT_BYTES;
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 1;
    int64_t n = 0;
    enum err e;
    while ((e = store_write(store, &s.ctx, insert_row, &n)) == ERR_OK)
        n++;
    if (e != ERR_STORAGE_FULL || rows(&s, store) != n)
        return 2;
    e = store_write(store, &s.ctx, insert_row, &n);
    if (e != ERR_STORAGE_FULL && e != ERR_OK)
        return 3;
    n += e == ERR_OK;
    limit.rlim_cur = before;
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 1;
    e = store_write(store, &s.ctx, insert_row, &n);
    if (e != ERR_OK || rows(&s, store) != n + 1)
        return 4;
    store_close(store);
    scratch_fini(&s);
    return 0;
}

static int exit_status(int (*body)(void))
{
    int status = -1;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(body());
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_full_disk_is_survived(void **state)
{
    (void)state;
    assert_int_equal(exit_status(fill_the_disk), 0);
}

/* --- a second process --- */

static void write_from_another_process(const char *path, int64_t first, int n)
{
    struct scratch s;
    struct store *store = NULL;
    scratch_init(&s);
    if (store_open_shared(&s.ctx, path, &store) != ERR_OK)
        _exit(1);
    for (int i = 0; i < n; i++) {
        int64_t row = first + i;
        if (store_write(store, &s.ctx, insert_row, &row) != ERR_OK)
            _exit(2);
    }
    store_close(store);
    scratch_fini(&s);
    _exit(0);
}

static void test_second_process_writes_beside(void **state)
{
    (void)state;
    enum { FOREIGN = 50, OWN = 50 };
    struct scratch s;
    scratch_init(&s);
    const char *path = scratch_path(&s, "db.sqlite");
    /* The child must not inherit the parent's connections. */
    int go[2];
    assert_int_equal(pipe(go), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char c;
        if (read(go[0], &c, 1) != 1)
            _exit(3);
        write_from_another_process(path, 1000000, FOREIGN);
    }
    struct store *store = open_store(&s, path);
    unsigned changes = store_foreign_changes(store);
    assert_int_equal(write(go[1], "x", 1), 1);
    for (int64_t n = 0; n < OWN; n++)
        assert_int_equal(store_write(store, &s.ctx, insert_row, &n), ERR_OK);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(rows(&s, store), FOREIGN + OWN);
    /* Noticed by the housekeeping, without another write. */
    int64_t end = clock_mono_ms() + WAIT_MS;
    while (store_foreign_changes(store) == changes && clock_mono_ms() < end)
        (void)usleep(5000);
    assert_int_not_equal(store_foreign_changes(store), changes);
    store_close(store);
    scratch_fini(&s);
}

static void test_own_writes_are_not_foreign(void **state)
{
    (void)state;
    struct scratch s;
    scratch_init(&s);
    struct store *store = open_store(&s, scratch_path(&s, "db.sqlite"));
    unsigned changes = store_foreign_changes(store);
    for (int64_t n = 0; n < 20; n++)
        assert_int_equal(store_write(store, &s.ctx, insert_row, &n), ERR_OK);
    assert_int_equal(store_foreign_changes(store), changes);
    store_close(store);
    scratch_fini(&s);
}

static void test_shared_open_needs_the_present_version(void **state)
{
    (void)state;
    struct scratch s;
    struct store *store = NULL;
    scratch_init(&s);
    const char *path = scratch_path(&s, "db.sqlite");
    assert_int_equal(store_open_shared(&s.ctx, path, &store), ERR_UNAVAILABLE);
    assert_int_not_equal(access(path, F_OK), 0);
    store_close(open_store(&s, path));
    assert_int_equal(store_open_shared(&s.ctx, path, &store), ERR_OK);
    store_close(store);
    scratch_fini(&s);
}

/* --- files --- */

static void test_files_are_private_and_closing_leaves_no_wal(void **state)
{
    (void)state;
    struct scratch s;
    struct stat st;
    scratch_init(&s);
    const char *path = scratch_path(&s, "db.sqlite");
    struct store *store = open_store(&s, path);
    int64_t n = 1;
    assert_int_equal(store_write(store, &s.ctx, insert_row, &n), ERR_OK);
    static const char *const names[] = {"db.sqlite", "db.sqlite-wal", "db.sqlite-shm",
                                        "db.sqlite-write"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(stat(scratch_path(&s, names[i]), &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
    }
    store_close(store);
    const char *wal = scratch_path(&s, "db.sqlite-wal");
    assert_true(stat(wal, &st) != 0 || st.st_size == 0);
    scratch_fini(&s);
}

/* --- upgrades --- */

static const char *const upgrade_steps[] = {
    "CREATE TABLE a(x); INSERT INTO a VALUES(1);",
    "CREATE TABLE b(x); INSERT INTO b SELECT x FROM a;",
    "this is not SQL",
};

static struct store_db *open_db(const char *path)
{
    struct store_db *db = NULL;
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    (void)fclose(file);
    store_db_configure();
    assert_int_equal(store_db_open(path, STORE_WRITER, &db), ERR_OK);
    return db;
}

static int64_t version(struct store_db *db)
{
    int64_t v = -1;
    assert_int_equal(store_db_exec_int(db, "PRAGMA user_version", &v), ERR_OK);
    return v;
}

static void test_upgrade_keeps_a_copy(void **state)
{
    (void)state;
    struct scratch s;
    scratch_init(&s);
    const char *path = scratch_path(&s, "db.sqlite");
    const char *copy = scratch_path(&s, "db.sqlite.before-v2");
    struct store_db *db = open_db(path);
    assert_int_equal(migrate_steps(&s.ctx, db, path, upgrade_steps, 1), ERR_OK);
    assert_int_not_equal(access(copy, F_OK), 0);
    assert_int_equal(migrate_steps(&s.ctx, db, path, upgrade_steps, 2), ERR_OK);
    assert_int_equal(version(db), 2);
    assert_int_equal(count(db, "b"), 1);
    assert_int_equal(migrate_steps(&s.ctx, db, path, upgrade_steps, 2), ERR_OK);
    struct store_db *old = open_db(copy);
    assert_int_equal(version(old), 1);
    assert_int_equal(count(old, "a"), 1);
    store_db_close(old);
    store_db_close(db);
    scratch_fini(&s);
}

struct found {
    struct arena *arena;
    struct account account;
    bool found;
};

static enum err find_anna(struct store_db *db, void *arg)
{
    struct found *f = arg;
    return account_by_name(db, f->arena, BYTES_LIT("anna"), &f->account, &f->found);
}

/* An account of before there were second factors has none. */
static void test_accounts_of_version_1_are_kept(void **state)
{
    (void)state;
    struct scratch s;
    struct store *store = NULL;
    scratch_init(&s);
    const char *path = scratch_path(&s, "db.sqlite");
    struct store_db *db = open_db(path);
    assert_int_equal(store_db_exec(db, SCHEMA_V1 "PRAGMA user_version=1;"), ERR_OK);
    assert_int_equal(store_db_exec(db,
                                   "INSERT INTO accounts(id, username, email, state, created_ms,"
                                   " authenticator, salt, memory_kib, passes, lanes,"
                                   " ring_by_password) VALUES(zeroblob(16), 'anna', 'a@b.org',"
                                   " 1, 5, zeroblob(32), zeroblob(16), 8, 1, 1, x'00')"),
                     ERR_OK);
    store_db_close(db);
    assert_int_equal(store_open(&s.ctx, path, &store), ERR_OK);
    struct found f = {.arena = s.ctx.arena};
    assert_int_equal(store_read(store, &s.ctx, find_anna, &f), ERR_OK);
    assert_true(f.found);
    assert_int_equal(f.account.created_unix_ms, 5);
    assert_false(f.account.totp_on);
    assert_int_equal(f.account.totp.n, 0);
    store_close(store);
    scratch_fini(&s);
}

static void test_failed_upgrade_changes_nothing(void **state)
{
    (void)state;
    struct scratch s;
    scratch_init(&s);
    const char *path = scratch_path(&s, "db.sqlite");
    struct store_db *db = open_db(path);
    assert_int_equal(migrate_steps(&s.ctx, db, path, upgrade_steps, 1), ERR_OK);
    assert_int_equal(migrate_steps(&s.ctx, db, path, upgrade_steps, 3), ERR_UNAVAILABLE);
    assert_int_equal(version(db), 1);
    assert_int_equal(count(db, "sqlite_schema"), 1);
    /* The copy of the failed try is replaced by the next one. */
    assert_int_equal(migrate_steps(&s.ctx, db, path, upgrade_steps, 2), ERR_OK);
    store_db_close(db);
    scratch_fini(&s);
}

static void test_newer_database_is_refused(void **state)
{
    (void)state;
    struct scratch s;
    struct store *store = NULL;
    scratch_init(&s);
    const char *path = scratch_path(&s, "db.sqlite");
    struct store_db *db = open_db(path);
    assert_int_equal(store_db_exec(db, "PRAGMA user_version=99"), ERR_OK);
    store_db_close(db);
    assert_int_equal(store_open(&s.ctx, path, &store), ERR_UNAVAILABLE);
    assert_non_null(strstr(s.ctx.detail, "99"));
    assert_int_equal(store_open_shared(&s.ctx, path, &store), ERR_UNAVAILABLE);
    assert_non_null(strstr(s.ctx.detail, "newer"));
    scratch_fini(&s);
}

static void test_garbage_is_refused(void **state)
{
    (void)state;
    struct scratch s;
    struct store *store = NULL;
    scratch_init(&s);
    const char *path = scratch_path(&s, "db.sqlite");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++)
        (void)fputs("this is no database ", file);
    (void)fclose(file);
    assert_int_equal(store_open(&s.ctx, path, &store), ERR_UNAVAILABLE);
    assert_int_not_equal(s.ctx.detail[0], '\0');
    scratch_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_acknowledged_rows_survive_a_kill),
        cmocka_unit_test(test_full_disk_is_survived),
        cmocka_unit_test(test_second_process_writes_beside),
        cmocka_unit_test(test_own_writes_are_not_foreign),
        cmocka_unit_test(test_shared_open_needs_the_present_version),
        cmocka_unit_test(test_files_are_private_and_closing_leaves_no_wal),
        cmocka_unit_test(test_upgrade_keeps_a_copy),
        cmocka_unit_test(test_accounts_of_version_1_are_kept),
        cmocka_unit_test(test_failed_upgrade_changes_nothing),
        cmocka_unit_test(test_newer_database_is_refused),
        cmocka_unit_test(test_garbage_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
