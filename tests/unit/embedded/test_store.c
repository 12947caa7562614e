#include "base/clock.h"
#include "base/threads.h"
#include "embedded/store.h"
#include "embedded/store_db.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define MANY 2000
#define WAIT_MS 20000

struct fixture {
    struct scratch scratch;
    char *path;
    struct store *store;
};

static enum err make_table(struct store_db *db, void *arg)
{
    (void)arg;
    return store_db_exec(db, "CREATE TABLE IF NOT EXISTS t(n INTEGER PRIMARY KEY, b BLOB)");
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    scratch_init(&f->scratch);
    f->path = scratch_path(&f->scratch, "db.sqlite");
    assert_int_equal(store_open(&f->scratch.ctx, f->path, &f->store), ERR_OK);
    assert_int_equal(store_write(f->store, &f->scratch.ctx, make_table, NULL), ERR_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    store_close(f->store);
    scratch_fini(&f->scratch);
    free(f);
    return 0;
}

static enum err insert(struct store_db *db, int64_t n)
{
    char sql[80];
    (void)snprintf(sql, sizeof sql, "INSERT INTO t(n, b) VALUES(%lld, zeroblob(200))",
                   (long long)n);
    return store_db_exec(db, sql);
}

static enum err insert_arg(struct store_db *db, void *arg)
{
    return insert(db, *(int64_t *)arg);
}

static enum err count_rows(struct store_db *db, void *arg)
{
    return store_db_exec_int(db, "SELECT count(*) FROM t", arg);
}

static int64_t rows(struct fixture *f)
{
    int64_t n = -1;
    assert_int_equal(store_read(f->store, &f->scratch.ctx, count_rows, &n), ERR_OK);
    return n;
}

/* --- tasks --- */

struct counted_task {
    struct store_task task;
    int64_t n;
    enum err fail_with; /* after the write */
    enum err result;
    atomic_int *left;
};

static enum err run_counted(struct store_task *task, struct store_db *db)
{
    struct counted_task *t = (struct counted_task *)task;
    enum err e = insert(db, t->n);
    return e != ERR_OK ? e : t->fail_with;
}

static void finish_counted(struct store_task *task, enum err result)
{
    struct counted_task *t = (struct counted_task *)task;
    t->result = result;
    atomic_fetch_sub(t->left, 1);
}

static void wait_for_zero(atomic_int *left)
{
    int64_t end = clock_mono_ms() + WAIT_MS;
    while (atomic_load(left) > 0 && clock_mono_ms() < end)
        (void)usleep(1000);
    assert_int_equal(atomic_load(left), 0);
}

/* Blocks the writer until the gate opens, so that what follows makes one batch. */
struct plug {
    struct store_task task;
    struct gate entered;
    struct gate go;
    atomic_int left;
};

static enum err run_plug(struct store_task *task, struct store_db *db)
{
    (void)db;
    struct plug *plug = (struct plug *)task;
    gate_open(&plug->entered);
    return gate_wait(&plug->go, clock_mono_ms() + WAIT_MS) ? ERR_OK : ERR_INTERNAL;
}

static void finish_plug(struct store_task *task, enum err result)
{
    (void)result;
    atomic_fetch_sub(&((struct plug *)task)->left, 1);
}

static void plug_writer(struct plug *plug, struct store *store)
{
    *plug = (struct plug){.task = {.run = run_plug, .done = finish_plug}, .left = 1};
    gate_init(&plug->entered);
    gate_init(&plug->go);
    store_submit(store, &plug->task);
    assert_true(gate_wait(&plug->entered, clock_mono_ms() + WAIT_MS));
}

static void unplug_writer(struct plug *plug)
{
    gate_open(&plug->go);
    wait_for_zero(&plug->left);
    gate_fini(&plug->entered);
    gate_fini(&plug->go);
}

static void submit(struct fixture *f, struct counted_task *t, int64_t n, enum err fail_with,
                   atomic_int *left)
{
    *t = (struct counted_task){.task = {.run = run_counted, .done = finish_counted},
                               .n = n,
                               .fail_with = fail_with,
                               .result = ERR_COUNT,
                               .left = left};
    store_submit(f->store, &t->task);
}

static void test_groups_commits(void **state)
{
    struct fixture *f = *state;
    static struct counted_task tasks[MANY];
    atomic_int left = MANY;
    for (int i = 0; i < MANY; i++)
        submit(f, &tasks[i], i, ERR_OK, &left);
    wait_for_zero(&left);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(tasks[i].result, ERR_OK);
    assert_int_equal(rows(f), MANY);
}

static void test_failed_task_is_undone_alone(void **state)
{
    struct fixture *f = *state;
    struct counted_task tasks[3];
    struct plug plug;
    atomic_int left = 3;
    plug_writer(&plug, f->store);
    submit(f, &tasks[0], 1, ERR_OK, &left);
    submit(f, &tasks[1], 2, ERR_QUOTA_EXCEEDED, &left);
    submit(f, &tasks[2], 3, ERR_OK, &left);
    unplug_writer(&plug);
    wait_for_zero(&left);
    assert_int_equal(tasks[0].result, ERR_OK);
    assert_int_equal(tasks[1].result, ERR_QUOTA_EXCEEDED);
    assert_int_equal(tasks[2].result, ERR_OK);
    assert_int_equal(rows(f), 2);
}

static void test_broken_promise_undoes_the_batch(void **state)
{
    struct fixture *f = *state;
    struct counted_task tasks[2];
    struct plug plug;
    atomic_int left = 2;
    plug_writer(&plug, f->store);
    submit(f, &tasks[0], 1, ERR_OK, &left);
    tasks[1] = (struct counted_task){
        .task = {.run = run_counted, .done = finish_counted, .checks_first = true},
        .n = 2,
        .fail_with = ERR_STORAGE_FULL,
        .left = &left};
    store_submit(f->store, &tasks[1].task);
    unplug_writer(&plug);
    wait_for_zero(&left);
    assert_int_equal(tasks[0].result, ERR_STORAGE_FULL);
    assert_int_equal(tasks[1].result, ERR_STORAGE_FULL);
    assert_int_equal(rows(f), 0);
    int64_t n = 7;
    assert_int_equal(store_write(f->store, &f->scratch.ctx, insert_arg, &n), ERR_OK);
    assert_int_equal(rows(f), 1);
}

static void test_constraint_is_conflict(void **state)
{
    struct fixture *f = *state;
    int64_t n = 1;
    assert_int_equal(store_write(f->store, &f->scratch.ctx, insert_arg, &n), ERR_OK);
    assert_int_equal(store_write(f->store, &f->scratch.ctx, insert_arg, &n), ERR_CONFLICT);
    assert_int_equal(rows(f), 1);
}

static void test_withdraws_at_the_deadline(void **state)
{
    struct fixture *f = *state;
    struct plug plug;
    plug_writer(&plug, f->store);
    struct ctx hurried;
    ctx_init(&hurried, &f->scratch.arena, 30);
    int64_t n = 1;
    assert_int_equal(store_write(f->store, &hurried, insert_arg, &n), ERR_DEADLINE);
    struct counted_task after;
    atomic_int left = 1;
    submit(f, &after, 2, ERR_OK, &left);
    unplug_writer(&plug);
    wait_for_zero(&left);
    assert_int_equal(rows(f), 1);
}

static void test_full_queue_is_refused_at_once(void **state)
{
    struct fixture *f = *state;
    struct plug plug;
    plug_writer(&plug, f->store);
    struct counted_task *tasks = calloc(STORE_QUEUE_MAX, sizeof *tasks);
    atomic_int left = (int)STORE_QUEUE_MAX;
    for (size_t i = 0; i < STORE_QUEUE_MAX; i++)
        submit(f, &tasks[i], (int64_t)i, ERR_OK, &left);
    int64_t n = -1;
    assert_int_equal(store_write(f->store, &f->scratch.ctx, insert_arg, &n), ERR_UNAVAILABLE);
    unplug_writer(&plug);
    wait_for_zero(&left);
    assert_int_equal(rows(f), STORE_QUEUE_MAX);
    free(tasks);
}

/* --- reads --- */

static enum err count_twice(struct store_db *db, void *arg)
{
    struct fixture *f = arg;
    int64_t before = -1;
    int64_t after = -1;
    int64_t n = 1;
    assert_int_equal(count_rows(db, &before), ERR_OK);
    assert_int_equal(store_write(f->store, &f->scratch.ctx, insert_arg, &n), ERR_OK);
    assert_int_equal(count_rows(db, &after), ERR_OK);
    assert_int_equal(before, after);
    return ERR_OK;
}

static void test_read_has_one_snapshot(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(store_read(f->store, &f->scratch.ctx, count_twice, f), ERR_OK);
    assert_int_equal(rows(f), 1);
}

static void test_read_cannot_write(void **state)
{
    struct fixture *f = *state;
    int64_t n = 1;
    assert_int_not_equal(store_read(f->store, &f->scratch.ctx, insert_arg, &n), ERR_OK);
    assert_int_equal(rows(f), 0);
}

struct nested {
    struct fixture *f;
    unsigned depth;
};

/* Holds every reader at once. */
static enum err read_deeper(struct store_db *db, void *arg)
{
    (void)db;
    struct nested *in = arg;
    struct nested deeper = {.f = in->f, .depth = in->depth + 1};
    struct ctx hurried;
    ctx_init(&hurried, &in->f->scratch.arena, 30);
    if (deeper.depth < STORE_READERS_MAX)
        return store_read(in->f->store, &in->f->scratch.ctx, read_deeper, &deeper);
    assert_int_equal(store_read(in->f->store, &hurried, read_deeper, &deeper), ERR_DEADLINE);
    return ERR_OK;
}

static void test_readers_are_bounded(void **state)
{
    struct fixture *f = *state;
    struct nested top = {.f = f, .depth = 0};
    assert_int_equal(store_read(f->store, &f->scratch.ctx, read_deeper, &top), ERR_OK);
    assert_int_equal(rows(f), 0);
}

static void test_every_statement_compiles(void **state)
{
    struct fixture *f = *state;
    struct store_db *db = NULL;
    assert_int_equal(store_db_open(f->path, STORE_READER, &db), ERR_OK);
    for (int id = 0; id < SQL_COUNT; id++)
        assert_non_null(store_statement(db, (enum sql_id)id));
    store_db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_groups_commits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failed_task_is_undone_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_broken_promise_undoes_the_batch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_constraint_is_conflict, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_withdraws_at_the_deadline, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full_queue_is_refused_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_read_has_one_snapshot, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_read_cannot_write, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_readers_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_statement_compiles, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
