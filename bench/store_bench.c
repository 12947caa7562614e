/* What storing a letter costs: rows a second and processor time a row of the records port's
 * message_put, at batches of 64 and 256, against a floor of bare group-committed SQLite inserts of
 * the same columns without any index, usage or notice.
 *
 *   store_bench [ROWS [USERS]]
 *
 * The databases are made in a directory of their own under $BENCH_DIR or the working directory. */
#include "base/clock.h"
#include "base/log.h"
#include "base/threads.h"
#include "embedded/records_adapter.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HEADER_BYTES 450  /* one raw-ecdh data key and our encryption context */
#define FRAMES_BYTES 1160 /* 1 KiB of text and its manifest in one final frame */
#define FOREVER_MS (int64_t)600000
#define PAGES_PER_CHECKPOINT 8000

static uint8_t header[HEADER_BYTES];
static uint8_t frames[FRAMES_BYTES];

static double processor_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct measure {
    int64_t start_ns;
    double start_cpu_s;
};

static struct measure measure_start(void)
{
    return (struct measure){clock_mono_ns(), processor_s()};
}

static void measure_print(struct measure m, const char *what, size_t batch, size_t rows)
{
    double s = (double)(clock_mono_ns() - m.start_ns) / 1e9;
    double cpu_us = (processor_s() - m.start_cpu_s) * 1e6;
    (void)printf("%-24s batch %3zu: %8.0f rows/s  %5.1f us cpu/row\n", what, batch,
                 (double)rows / s, cpu_us / (double)rows);
}

static void require(enum err e)
{
    if (e == ERR_OK)
        return;
    (void)fprintf(stderr, "failed: %s\n", err_code(e));
    exit(1);
}

/* --- the floor --- */

static void require_sqlite(sqlite3 *db, int rc)
{
    if (rc == SQLITE_OK || rc == SQLITE_DONE)
        return;
    (void)fprintf(stderr, "SQLite: %s\n", sqlite3_errmsg(db));
    exit(1);
}

static void insert_bare(sqlite3 *db, sqlite3_stmt *s, size_t i)
{
    static const uint8_t checksum[CHECKSUM_BYTES];
    struct uuid id = uuid_at((int64_t)i);
    (void)sqlite3_bind_blob(s, 1, id.b, sizeof id.b, SQLITE_STATIC);
    (void)sqlite3_bind_int64(s, 2, (int64_t)i % 1000);
    (void)sqlite3_bind_int64(s, 3, (int64_t)i % 997);
    (void)sqlite3_bind_int64(s, 4, 1795000000000 + (int64_t)i);
    (void)sqlite3_bind_int64(s, 5, FRAMES_BYTES - 36);
    (void)sqlite3_bind_int64(s, 6, HEADER_BYTES + FRAMES_BYTES);
    (void)sqlite3_bind_int64(s, 7, 7);
    (void)sqlite3_bind_blob(s, 8, checksum, sizeof checksum, SQLITE_STATIC);
    (void)sqlite3_bind_blob(s, 9, header, sizeof header, SQLITE_STATIC);
    (void)sqlite3_bind_blob(s, 10, frames, sizeof frames, SQLITE_STATIC);
    require_sqlite(db, sqlite3_step(s));
    (void)sqlite3_reset(s);
}

static int note_pages(void *arg, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    *(int *)arg = pages;
    return SQLITE_OK;
}

static void bench_floor(const char *path, size_t batch, size_t rows)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *insert = NULL;
    int pages = 0;
    require_sqlite(db, sqlite3_open(path, &db));
    require_sqlite(db, sqlite3_exec(db,
                                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                                    "PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-8192;"
                                    "CREATE TABLE m(no INTEGER PRIMARY KEY, id, r, s, t, n, z, f,"
                                    " c, header, frames)",
                                    NULL, NULL, NULL));
    require_sqlite(db, sqlite3_prepare_v2(db,
                                          "INSERT INTO m(id, r, s, t, n, z, f, c, header, frames)"
                                          " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                                          -1, &insert, NULL));
    (void)sqlite3_wal_hook(db, note_pages, &pages);
    struct measure m = measure_start();
    for (size_t i = 0; i < rows; i += batch) {
        require_sqlite(db, sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
        for (size_t k = 0; k < batch; k++)
            insert_bare(db, insert, i + k);
        require_sqlite(db, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
        if (pages >= PAGES_PER_CHECKPOINT)
            (void)sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    }
    measure_print(m, "floor: bare inserts", batch, rows);
    (void)sqlite3_finalize(insert);
    (void)sqlite3_close(db);
}

/* --- the port --- */

struct bench {
    struct store *store;
    struct records port;
    struct ctx ctx;
    struct uuid *users;
    size_t user_count;
    struct message_put puts[STORE_BATCH_MAX];
    atomic_size_t left;
    struct gate gate;
};

static void put_is_done(void *arg, const struct message_put_result *result)
{
    struct bench *b = arg;
    require(result->e);
    if (atomic_fetch_sub(&b->left, 1) == 1)
        gate_open(&b->gate);
}

static void add_users(struct bench *b)
{
    for (size_t i = 0; i < b->user_count; i++) {
        char name[USERNAME_MAX_BYTES + 1];
        (void)snprintf(name, sizeof name, "user%zu", i);
        b->users[i] = uuid_random();
        struct user_record user = {.id = b->users[i],
                                   .username = name,
                                   .email = "",
                                   .topic_reference = "",
                                   .state = USER_READY};
        require(b->port.user_put(b->port.self, &b->ctx, &user));
    }
}

/* Keeps the writer busy with a task of its own until the whole batch is queued. */
struct plug {
    struct store_task task;
    struct gate queued;
};

static enum err run_plug(struct store_task *task, struct store_db *db)
{
    (void)db;
    struct plug *plug = (struct plug *)task;
    return gate_wait(&plug->queued, clock_mono_ms() + FOREVER_MS) ? ERR_OK : ERR_INTERNAL;
}

static void finish_plug(struct store_task *task, enum err result)
{
    (void)task;
    require(result);
}

static void put_batch(struct bench *b, size_t batch)
{
    struct plug plug = {.task = {.run = run_plug, .done = finish_plug, .checks_first = true}};
    struct arena arena;
    arena_init(&arena);
    b->ctx.arena = &arena;
    gate_init(&plug.queued);
    gate_init(&b->gate);
    atomic_store(&b->left, batch);
    store_submit(b->store, &plug.task);
    for (size_t k = 0; k < batch; k++) {
        b->puts[k] = (struct message_put){
            .record = {.id = uuid_at(b->ctx.now_unix_ms++),
                       .sender_id = b->users[(size_t)random() % b->user_count],
                       .recipient_id = b->users[(size_t)random() % b->user_count],
                       .sent_unix_ms = b->ctx.now_unix_ms,
                       .size = FRAMES_BYTES - 36,
                       .sealed_size = sizeof header + sizeof frames,
                       .inline_frames = true,
                       .header = {header, sizeof header},
                       .frames = {frames, sizeof frames}},
            .quota_bytes = INT64_MAX,
        };
        b->port.message_put(b->port.self, &b->ctx, &b->puts[k], put_is_done, b);
    }
    gate_open(&plug.queued);
    (void)!gate_wait(&b->gate, clock_mono_ms() + FOREVER_MS);
    gate_fini(&b->gate);
    gate_fini(&plug.queued);
    arena_fini(&arena);
}

static void bench_port(const char *path, size_t batch, size_t rows, size_t users)
{
    static struct bench b;
    struct arena arena;
    b = (struct bench){.user_count = users, .users = calloc(users, sizeof(struct uuid))};
    arena_init(&arena);
    ctx_init(&b.ctx, &arena, FOREVER_MS);
    require(store_open(&b.ctx, path, &b.store));
    struct records_adapter *records = records_adapter_create(b.store);
    records_adapter_port(records, &b.port);
    add_users(&b);
    struct measure m = measure_start();
    for (size_t i = 0; i < rows; i += batch)
        put_batch(&b, batch);
    measure_print(m, "message_put", batch, rows);
    records_adapter_destroy(records);
    store_close(b.store);
    arena_fini(&arena);
    free(b.users);
}

static const char *make_directory(void)
{
    static char path[4096];
    const char *parent = getenv("BENCH_DIR");
    (void)snprintf(path, sizeof path, "%s/store-bench-XXXXXX", parent != NULL ? parent : ".");
    if (mkdtemp(path) == NULL) {
        perror("mkdtemp");
        exit(1);
    }
    return path;
}

static void remove_database(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-write"};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char file[4200];
        (void)snprintf(file, sizeof file, "%s%s", path, suffixes[i]);
        (void)unlink(file);
    }
}

int main(int argc, char **argv)
{
    size_t rows = argc > 1 ? strtoul(argv[1], NULL, 10) : 50000;
    size_t users = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000;
    static const size_t batches[] = {64, 256};
    const char *directory = make_directory();
    log_set_level(LOG_WARNING);
    for (size_t i = 0; i < 2; i++) {
        char path[4150];
        (void)snprintf(path, sizeof path, "%s/db.sqlite", directory);
        bench_floor(path, batches[i], rows);
        remove_database(path);
        bench_port(path, batches[i], rows, users);
        remove_database(path);
    }
    (void)rmdir(directory);
    return 0;
}
