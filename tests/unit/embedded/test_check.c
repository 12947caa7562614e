#include "embedded/check.h"
#include "embedded/store_db.h"
#include "letterbox.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define LARGE 50000u /* 13 frames of 4096 bytes: an object */
#define SMALL 500u
#define FRAME_BYTES (4096u + 32u)
#define FINDINGS_MAX 16

struct findings {
    size_t count;
    enum check_problem problems[FINDINGS_MAX];
    struct uuid ids[FINDINGS_MAX];
};

static void note(void *arg, const struct check_finding *finding)
{
    struct findings *f = arg;
    assert_true(f->count < FINDINGS_MAX);
    assert_int_not_equal(finding->text[0], '\0');
    f->problems[f->count] = finding->problem;
    if (finding->id != NULL)
        f->ids[f->count] = *finding->id;
    f->count++;
}

static struct check_summary run(struct letterbox *box, struct findings *findings)
{
    struct check_summary summary;
    *findings = (struct findings){0};
    assert_int_equal(check_run(&box->scratch.ctx, box->path, note, findings, &summary), ERR_OK);
    return summary;
}

/* The check names this one letter, for this reason, and nothing else. */
static void assert_only_finding(struct letterbox *box, enum check_problem problem,
                                const struct uuid *id)
{
    struct findings f;
    (void)run(box, &f);
    assert_int_equal(f.count, 1);
    assert_int_equal(f.problems[0], problem);
    assert_true(uuid_equal(&f.ids[0], id));
}

static int set_up(void **state)
{
    struct letterbox *box = calloc(1, sizeof *box);
    letterbox_init(box);
    *state = box;
    return 0;
}

static int tear_down(void **state)
{
    struct letterbox *box = *state;
    letterbox_fini(box);
    free(box);
    return 0;
}

static void read_at(const char *path, off_t at, uint8_t *data, size_t n)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, data, n, at), n);
    (void)close(fd);
}

static void write_at(const char *path, off_t at, const uint8_t *data, size_t n)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, data, n, at), n);
    (void)close(fd);
}

struct sql_call {
    const char *sql;
    const struct uuid *id;
};

static enum err run_sql(struct store_db *db, void *arg)
{
    const struct sql_call *call = arg;
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db->handle, call->sql, -1, &s, NULL);
    assert_int_equal(rc, SQLITE_OK);
    if (call->id != NULL)
        store_bind_uuid(s, 1, call->id);
    enum err e = store_run(db, s);
    (void)sqlite3_finalize(s);
    return e;
}

static void change(struct letterbox *box, const char *sql, const struct uuid *id)
{
    struct sql_call call = {.sql = sql, .id = id};
    assert_int_equal(store_write(box->store, &box->scratch.ctx, run_sql, &call), ERR_OK);
}

static void test_sound_directory(void **state)
{
    struct letterbox *box = *state;
    struct findings f;
    for (int i = 0; i < 100; i++)
        (void)letterbox_send(box, SMALL + (size_t)i);
    (void)letterbox_send(box, LARGE);
    (void)letterbox_send(box, 0);
    struct check_summary summary = run(box, &f);
    assert_int_equal(f.count, 0);
    assert_int_equal(summary.letters, 102);
    assert_int_equal(summary.objects, 1);
    assert_true(summary.bytes > LARGE + 100 * SMALL);
    assert_int_equal(summary.damaged_letters + summary.other_problems + summary.orphans, 0);
    letterbox_stop(box);
    summary = run(box, &f);
    assert_int_equal(summary.letters, 102);
    letterbox_start(box);
}

static void test_flipped_bit(void **state)
{
    struct letterbox *box = *state;
    (void)letterbox_send(box, LARGE);
    struct uuid id = letterbox_send(box, LARGE);
    uint8_t byte = 0;
    const char *path = letterbox_object(box, &id);
    read_at(path, 3 * FRAME_BYTES + 1000, &byte, 1);
    byte ^= 0x10;
    write_at(path, 3 * FRAME_BYTES + 1000, &byte, 1);
    assert_only_finding(box, CHECK_CHECKSUM, &id);
}

static void test_truncated_file(void **state)
{
    struct letterbox *box = *state;
    struct uuid id = letterbox_send(box, LARGE);
    assert_int_equal(truncate(letterbox_object(box, &id), 2 * FRAME_BYTES), 0);
    assert_only_finding(box, CHECK_LENGTH, &id);
}

static void test_missing_file(void **state)
{
    struct letterbox *box = *state;
    struct uuid id = letterbox_send(box, LARGE);
    assert_int_equal(unlink(letterbox_object(box, &id)), 0);
    assert_only_finding(box, CHECK_MISSING, &id);
}

static void test_swapped_frames(void **state)
{
    struct letterbox *box = *state;
    struct uuid id = letterbox_send(box, LARGE);
    static uint8_t first[FRAME_BYTES];
    static uint8_t second[FRAME_BYTES];
    const char *path = letterbox_object(box, &id);
    read_at(path, 0, first, FRAME_BYTES);
    read_at(path, FRAME_BYTES, second, FRAME_BYTES);
    write_at(path, 0, second, FRAME_BYTES);
    write_at(path, FRAME_BYTES, first, FRAME_BYTES);
    assert_only_finding(box, CHECK_FRAMES, &id);
}

static void test_swapped_payloads(void **state)
{
    struct letterbox *box = *state;
    struct uuid a = letterbox_send(box, LARGE);
    struct uuid b = letterbox_send(box, LARGE);
    struct findings f;
    char *aside = scratch_path(&box->scratch, "aside");
    assert_int_equal(rename(letterbox_object(box, &a), aside), 0);
    assert_int_equal(rename(letterbox_object(box, &b), letterbox_object(box, &a)), 0);
    assert_int_equal(rename(aside, letterbox_object(box, &b)), 0);
    struct check_summary summary = run(box, &f);
    assert_int_equal(summary.damaged_letters, 2);
    assert_int_equal(f.count, 2);
    assert_int_equal(f.problems[0], CHECK_CHECKSUM);
    assert_int_equal(f.problems[1], CHECK_CHECKSUM);
    assert_true(uuid_equal(&f.ids[0], &a));
    assert_true(uuid_equal(&f.ids[1], &b));
}

static void test_damage_in_the_record(void **state)
{
    struct letterbox *box = *state;
    struct uuid id = letterbox_send(box, SMALL);
    change(box,
           "UPDATE messages SET frames = CAST(substr(frames, 1, 99) || x'00ff' ||"
           " substr(frames, 102) AS BLOB) WHERE id = ?1",
           &id);
    assert_only_finding(box, CHECK_CHECKSUM, &id);
    change(box, "UPDATE messages SET frames = substr(frames, 1, 99) WHERE id = ?1", &id);
    assert_only_finding(box, CHECK_LENGTH, &id);
    change(box, "UPDATE messages SET header = substr(header, 1, 99) WHERE id = ?1", &id);
    assert_only_finding(box, CHECK_HEADER, &id);
    change(box, "UPDATE messages SET header = x'' WHERE id = ?1", &id);
    assert_only_finding(box, CHECK_HEADER, &id);
}

static void test_swapped_headers(void **state)
{
    struct letterbox *box = *state;
    struct uuid id = letterbox_send(box, SMALL);
    (void)letterbox_send(box, SMALL);
    change(box,
           "UPDATE messages SET header = (SELECT header FROM messages ORDER BY no DESC LIMIT 1)"
           " WHERE id = ?1",
           &id);
    assert_only_finding(box, CHECK_HEADER, &id);
}

static void test_usage(void **state)
{
    struct letterbox *box = *state;
    (void)letterbox_send(box, SMALL);
    change(box, "UPDATE usage SET bytes = bytes + 1 WHERE bytes > 0", NULL);
    assert_only_finding(box, CHECK_USAGE, &box->bob);
}

static void test_orphan(void **state)
{
    struct letterbox *box = *state;
    struct findings f;
    struct uuid id = letterbox_send(box, LARGE);
    change(box, "DELETE FROM messages WHERE id = ?1", &id);
    change(box, "UPDATE usage SET bytes = 0", NULL);
    struct check_summary summary = run(box, &f);
    assert_int_equal(f.count, 0);
    const struct timespec long_ago[2] = {{1000000000, 0}, {1000000000, 0}};
    assert_int_equal(utimensat(AT_FDCWD, letterbox_object(box, &id), long_ago, 0), 0);
    assert_only_finding(box, CHECK_ORPHAN, &id);
    summary = run(box, &f);
    assert_int_equal(summary.orphans, 1);
    assert_int_equal(summary.damaged_letters + summary.other_problems, 0);
}

static void test_broken_database(void **state)
{
    struct letterbox *box = *state;
    struct findings f;
    static uint8_t garbage[4096];
    for (int i = 0; i < 200; i++)
        (void)letterbox_send(box, SMALL);
    letterbox_stop(box);
    memset(garbage, 0xa5, sizeof garbage);
    const char *path = arena_printf(&box->scratch.arena, "%s/" DATA_DIR_DATABASE, box->path);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    write_at(path, st.st_size / 2 / 4096 * 4096, garbage, sizeof garbage);
    struct check_summary summary;
    f = (struct findings){0};
    assert_int_equal(check_run(&box->scratch.ctx, box->path, note, &f, &summary), ERR_OK);
    assert_true(summary.other_problems > 0);
    assert_int_equal(f.problems[0], CHECK_DATABASE);
    letterbox_start(box);
}

static void test_no_directory(void **state)
{
    struct letterbox *box = *state;
    struct check_summary summary;
    struct findings f = {0};
    const char *path = scratch_path(&box->scratch, "nothing");
    assert_int_equal(check_run(&box->scratch.ctx, path, note, &f, &summary), ERR_UNAVAILABLE);
    assert_int_not_equal(box->scratch.ctx.detail[0], '\0');
    assert_int_not_equal(access(path, F_OK), 0);
}

int main(void)
{
#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_sound_directory),
        CASE(test_flipped_bit),
        CASE(test_truncated_file),
        CASE(test_missing_file),
        CASE(test_swapped_frames),
        CASE(test_swapped_payloads),
        CASE(test_damage_in_the_record),
        CASE(test_swapped_headers),
        CASE(test_usage),
        CASE(test_orphan),
        CASE(test_broken_database),
        CASE(test_no_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
