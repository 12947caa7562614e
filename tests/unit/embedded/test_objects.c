#include "contract_objects.h"

#include "base/clock.h"
#include "base/mem.h"
#include "embedded/objects_adapter.h"
#include "scratch.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define FILE_LIMIT_BYTES (64 << 10)
#define FILE_CLOCK_TICK_MS 10 /* the longest of Linux */
#define HOUR_MS (3600 * (int64_t)1000)

struct made {
    struct scratch scratch;
    struct objects_adapter *objects;
};

static void *make(struct objects *out)
{
    struct made *made = mem_alloc(sizeof *made);
    scratch_init(&made->scratch);
    assert_int_equal(objects_adapter_open(&made->scratch.ctx, made->scratch.dir, &made->objects),
                     ERR_OK);
    objects_adapter_port(made->objects, out);
    return made;
}

static void unmake(void *p)
{
    struct made *made = p;
    objects_adapter_close(made->objects);
    scratch_fini(&made->scratch);
    mem_free(made);
}

static size_t unfinished_files(struct made *made)
{
    DIR *dir = opendir(scratch_path(&made->scratch, "tmp"));
    assert_non_null(dir);
    size_t n = 0;
    struct dirent *entry;
    while ((entry = readdir(dir)) != NULL)
        n += entry->d_name[0] != '.';
    (void)closedir(dir);
    return n;
}

static void test_files_are_private_and_sharded(void **state)
{
    (void)state;
    struct objects port;
    struct made *made = make(&port);
    struct ctx *ctx = &made->scratch.ctx;
    struct uuid id;
    struct object_writer *w = NULL;
    assert_true(uuid_parse(BYTES_LIT("0193a7c2-5b1e-7abc-8def-0123456789ef"), &id));
    assert_int_equal(port.begin(port.self, ctx, &id, &w), ERR_OK);
    assert_int_equal(unfinished_files(made), 1);
    assert_int_equal(port.commit(w, ctx), ERR_OK);
    assert_int_equal(unfinished_files(made), 0);
    struct stat st;
    const char *path = scratch_path(&made->scratch, "ef/0193a7c2-5b1e-7abc-8def-0123456789ef");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(stat(scratch_path(&made->scratch, "ef"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    unmake(made);
}

static void test_unfinished_files_are_swept(void **state)
{
    (void)state;
    struct objects port;
    struct made *made = make(&port);
    struct ctx *ctx = &made->scratch.ctx;
    struct uuid id = uuid_random();
    struct object_writer *w = NULL;
    size_t removed = 0;
    assert_int_equal(port.begin(port.self, ctx, &id, &w), ERR_OK);
    assert_int_equal(port.sweep(port.self, ctx, clock_unix_ms() - 10000, NULL, NULL, &removed),
                     ERR_OK);
    assert_int_equal(unfinished_files(made), 1);
    assert_int_equal(port.sweep(port.self, ctx, clock_unix_ms() + 10000, NULL, NULL, &removed),
                     ERR_OK);
    assert_int_equal(removed, 1);
    assert_int_equal(unfinished_files(made), 0);
    /* Its writer then fails cleanly. */
    assert_int_equal(port.commit(w, ctx), ERR_INTERNAL);
    unmake(made);
}

static enum err keep_the_one(void *arg, const struct uuid *id, bool *keep)
{
    *keep = uuid_equal(id, arg);
    return ERR_OK;
}

/* What a crash left is swept after the start, however young; what this process writes is not. */
static void test_what_a_crash_left_is_swept(void **state)
{
    (void)state;
    struct objects port;
    struct made *made = make(&port);
    struct ctx *ctx = &made->scratch.ctx;
    struct uuid ids[3];
    struct object_writer *w = NULL;
    for (size_t i = 0; i < 3; i++) {
        ids[i] = uuid_random();
        assert_int_equal(port.begin(port.self, ctx, &ids[i], &w), ERR_OK);
        if (i < 2)
            assert_int_equal(port.commit(w, ctx), ERR_OK);
    }
    assert_int_equal(unfinished_files(made), 1);
    struct objects_adapter *dead = made->objects;
    int64_t opened_mono_ms = clock_mono_ms() + FILE_CLOCK_TICK_MS;
    while (clock_mono_ms() <= opened_mono_ms) {
    }
    assert_int_equal(objects_adapter_open(ctx, made->scratch.dir, &made->objects), ERR_OK);
    objects_adapter_port(made->objects, &port);
    struct object_writer *own = NULL;
    assert_int_equal(port.begin(port.self, ctx, &ids[2], &own), ERR_OK);
    size_t removed = 0;
    int64_t hour_ago = clock_unix_ms() - HOUR_MS;
    assert_int_equal(port.sweep(port.self, ctx, hour_ago, keep_the_one, &ids[0], &removed), ERR_OK);
    assert_int_equal(removed, 2);
    assert_int_equal(unfinished_files(made), 1);
    assert_int_equal(port.commit(own, ctx), ERR_OK);
    /* The first sweep came to the end: now the age alone counts. */
    assert_int_equal(port.sweep(port.self, ctx, hour_ago, keep_the_one, &ids[0], &removed), ERR_OK);
    assert_int_equal(removed, 0);
    port.abort(w);
    objects_adapter_close(dead);
    unmake(made);
}

/* In a child, because the limit cannot be raised again. */
static int write_past_the_limit(void)
{
    struct objects port;
    struct made *made = make(&port);
    struct ctx *ctx = &made->scratch.ctx;
    struct uuid id = uuid_random();
    struct object_writer *w = NULL;
    static uint8_t data[FILE_LIMIT_BYTES + 1];
    const struct rlimit limit = {FILE_LIMIT_BYTES, FILE_LIMIT_BYTES};
    (void)signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0 || port.begin(port.self, ctx, &id, &w) != ERR_OK)
        return 1;
    enum err e = port.write(w, ctx, bytes_of(data, sizeof data));
    port.abort(w);
    size_t left = unfinished_files(made);
    unmake(made);
    return e == ERR_STORAGE_FULL && left == 0 ? 0 : 2;
}

static void test_full_storage(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(write_past_the_limit());
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct objects_maker maker = {.make = make, .unmake = unmake};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_are_private_and_sharded),
        cmocka_unit_test(test_unfinished_files_are_swept),
        cmocka_unit_test(test_what_a_crash_left_is_swept),
        cmocka_unit_test(test_full_storage),
    };
    return contract_objects_run("objects in files", &maker) +
           contract_drafts_run("drafts in files", &maker) +
           cmocka_run_group_tests_name("files of objects", tests, NULL, NULL);
}
