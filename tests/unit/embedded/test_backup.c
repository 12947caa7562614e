#include "base/threads.h"
#include "embedded/backup.h"
#include "embedded/backup_files.h"
#include "embedded/check.h"
#include "letterbox.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define LARGE 50000u
#define SMALL 500u
#define BUSY_LETTERS 200

struct fixture {
    struct letterbox box;
    const char *target;
    const char *restored;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    letterbox_init(&f->box);
    f->target = scratch_path(&f->box.scratch, "backup");
    f->restored = scratch_path(&f->box.scratch, "restored");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    letterbox_fini(&f->box);
    free(f);
    return 0;
}

static void write_file(const char *path, const char *content)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static struct backup_summary back_up(struct fixture *f)
{
    struct backup_summary summary;
    assert_int_equal(backup_create(&f->box.scratch.ctx, f->box.path, f->target, &summary), ERR_OK);
    return summary;
}

static enum err restore(struct fixture *f)
{
    struct backup_summary summary;
    f->box.scratch.ctx.detail[0] = '\0';
    return backup_restore(&f->box.scratch.ctx, f->target, f->restored, &summary);
}

static void assert_refused(struct fixture *f, enum err expected)
{
    assert_int_equal(restore(f), expected);
    assert_int_not_equal(f->box.scratch.ctx.detail[0], '\0');
}

static void count_finding(void *arg, const struct check_finding *finding)
{
    (void)finding;
    ++*(int *)arg;
}

static struct check_summary check_restored(struct fixture *f)
{
    struct check_summary summary;
    int findings = 0;
    assert_int_equal(
        check_run(&f->box.scratch.ctx, f->restored, count_finding, &findings, &summary), ERR_OK);
    assert_int_equal(findings, 0);
    return summary;
}

static void test_round_trip(void **state)
{
    struct fixture *f = *state;
    struct letterbox *box = &f->box;
    struct uuid small = letterbox_send(box, SMALL);
    struct uuid large = letterbox_send(box, LARGE);
    write_file(arena_printf(&box->scratch.arena, "%s/signing.key", box->path), "key");
    struct backup_summary summary = back_up(f);
    assert_int_equal(summary.files, 3);
    assert_int_equal(summary.objects, 1);
    assert_int_equal(summary.missing_objects, 0);
    (void)letterbox_send(box, SMALL);

    assert_int_equal(restore(f), ERR_OK);
    assert_int_equal(check_restored(f).letters, 2);
    char content[8] = "";
    FILE *key = fopen(arena_printf(&box->scratch.arena, "%s/signing.key", f->restored), "r");
    assert_non_null(key);
    assert_non_null(fgets(content, sizeof content, key));
    assert_string_equal(content, "key");
    (void)fclose(key);

    /* A server takes it up, and its files are its own. */
    letterbox_stop(box);
    box->path = arena_str(&box->scratch.arena, bytes_of_str(f->restored));
    letterbox_start(box);
    struct message_record m;
    struct ctx *ctx = &box->scratch.ctx;
    assert_int_equal(box->records.message_get(box->records.self, ctx, &small, true, &m), ERR_OK);
    assert_int_equal(box->records.message_get(box->records.self, ctx, &large, true, &m), ERR_OK);
    struct stat st;
    assert_int_equal(stat(letterbox_object(box, &large), &st), 0);
    assert_int_equal(st.st_nlink, 1);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_manifest_is_one_of_sha256sum(void **state)
{
    struct fixture *f = *state;
    (void)letterbox_send(&f->box, LARGE);
    (void)back_up(f);
    const char *path = arena_printf(&f->box.scratch.arena, "%s/" BACKUP_MANIFEST, f->target);
    FILE *manifest = fopen(path, "r");
    assert_non_null(manifest);
    char line[256];
    int lines = 0;
    while (fgets(line, sizeof line, manifest) != NULL) {
        assert_int_equal(strspn(line, "0123456789abcdef"), 64);
        assert_memory_equal(line + 64, "  ", 2);
        line[strcspn(line, "\n")] = '\0';
        const char *file = arena_printf(&f->box.scratch.arena, "%s/%s", f->target, line + 66);
        assert_int_equal(access(file, R_OK), 0);
        lines++;
    }
    (void)fclose(manifest);
    assert_int_equal(lines, 2);
}

struct bustle {
    struct letterbox *box;
    struct thread thread;
    struct uuid ids[BUSY_LETTERS];
};

static void delete_letters(void *arg)
{
    struct bustle *b = arg;
    for (size_t i = BUSY_LETTERS; i > 0; i--)
        letterbox_delete(b->box, &b->ids[i - 1]);
}

static void test_while_letters_are_deleted(void **state)
{
    struct fixture *f = *state;
    struct bustle *b = calloc(1, sizeof *b);
    /* The deleting thread has a context of its own. */
    struct letterbox other = f->box;
    arena_init(&other.scratch.arena);
    ctx_init(&other.scratch.ctx, &other.scratch.arena, 30000);
    other.scratch.ctx.actor = &f->box.actor;
    b->box = &other;
    for (size_t i = 0; i < BUSY_LETTERS; i++)
        b->ids[i] = letterbox_send(&f->box, LARGE);
    thread_start(&b->thread, "deleter", delete_letters, b);
    struct backup_summary summary = back_up(f);
    thread_join(&b->thread);
    assert_int_equal(summary.missing_objects, 0);
    assert_int_equal(restore(f), ERR_OK);
    assert_int_equal(check_restored(f).objects, summary.objects);
    arena_fini(&other.scratch.arena);
    free(b);
}

static void test_lost_object_is_reported(void **state)
{
    struct fixture *f = *state;
    struct uuid id = letterbox_send(&f->box, LARGE);
    (void)letterbox_send(&f->box, LARGE);
    assert_int_equal(unlink(letterbox_object(&f->box, &id)), 0);
    struct backup_summary summary = back_up(f);
    assert_int_equal(summary.missing_objects, 1);
    assert_int_equal(summary.objects, 1);
    assert_int_equal(restore(f), ERR_OK);
}

static void test_target_must_be_empty(void **state)
{
    struct fixture *f = *state;
    struct backup_summary summary;
    struct ctx *ctx = &f->box.scratch.ctx;
    assert_int_equal(mkdir(f->target, 0755), 0);
    (void)back_up(f);
    struct stat st;
    assert_int_equal(stat(f->target, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(backup_create(ctx, f->box.path, f->target, &summary), ERR_CONFLICT);
    assert_int_equal(mkdir(f->restored, 0700), 0);
    assert_int_equal(restore(f), ERR_OK);
    assert_refused(f, ERR_CONFLICT);
    (void)check_restored(f);
}

static char *in_backup(struct fixture *f, const char *name)
{
    return arena_printf(&f->box.scratch.arena, "%s/%s", f->target, name);
}

static void test_unfinished_backup_is_refused(void **state)
{
    struct fixture *f = *state;
    (void)back_up(f);
    assert_int_equal(unlink(in_backup(f, BACKUP_MANIFEST)), 0);
    assert_refused(f, ERR_UNAVAILABLE);
    assert_int_not_equal(access(f->restored, F_OK), 0);
}

static void test_changed_backup_is_refused(void **state)
{
    struct fixture *f = *state;
    struct uuid id = letterbox_send(&f->box, LARGE);
    (void)back_up(f);
    char path[OBJECTS_PATH_BYTES];
    objects_adapter_path(&id, path);
    char *object = in_backup(f, arena_printf(&f->box.scratch.arena, "objects/%s", path));
    /* A hard link: the copy must not change the original. */
    assert_int_equal(unlink(object), 0);
    write_file(object, "something else");
    assert_refused(f, ERR_LETTER_DAMAGED);
    assert_non_null(strstr(f->box.scratch.ctx.detail, path));
    assert_int_equal(unlink(object), 0);
    assert_refused(f, ERR_LETTER_DAMAGED);
    /* What was there at first is there still: nothing. */
    assert_int_equal(rmdir(f->restored), 0);
}

static void test_malformed_manifests_are_refused(void **state)
{
    struct fixture *f = *state;
    (void)back_up(f);
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
    static const char *const manifests[] = {
        "",
        "\n",
        "garbage\n",
        ZEROS "\n",
        ZEROS "  ../data/letterlock.sqlite\n",
        ZEROS "  objects/../../x\n",
        ZEROS "  /etc/passwd\n",
        ZEROS "  a//b\n",
        ZEROS "  ./a\n",
        ZEROS " *a\n",
        ZEROS "  a b\n",
        ZEROS "  letterlock.sqlite",
        ZEROS "  letterlock.sqlite\n",
        "Z" ZEROS "  letterlock.sqlite\n",
    };
    for (size_t i = 0; i < sizeof manifests / sizeof manifests[0]; i++) {
        write_file(in_backup(f, BACKUP_MANIFEST), manifests[i]);
        assert_refused(f, ERR_LETTER_DAMAGED);
        assert_int_equal(rmdir(f->restored), 0);
    }
}

static void test_plain_paths(void **state)
{
    (void)state;
    assert_true(backup_files_is_plain(BYTES_LIT("a")));
    assert_true(backup_files_is_plain(BYTES_LIT("objects/ef/0193a7c2-5b1e")));
    assert_true(backup_files_is_plain(BYTES_LIT("..a/.b")));
    assert_false(backup_files_is_plain(BYTES_LIT("")));
    assert_false(backup_files_is_plain(BYTES_LIT("/")));
    assert_false(backup_files_is_plain(BYTES_LIT("a/")));
    assert_false(backup_files_is_plain(BYTES_LIT("..")));
    assert_false(backup_files_is_plain(BYTES_LIT("a/../b")));
    assert_false(backup_files_is_plain(BYTES_LIT("a\0b")));
}

int main(void)
{
#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_round_trip),
        CASE(test_manifest_is_one_of_sha256sum),
        CASE(test_while_letters_are_deleted),
        CASE(test_lost_object_is_reported),
        CASE(test_target_must_be_empty),
        CASE(test_unfinished_backup_is_refused),
        CASE(test_changed_backup_is_refused),
        CASE(test_malformed_manifests_are_refused),
        cmocka_unit_test(test_plain_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
