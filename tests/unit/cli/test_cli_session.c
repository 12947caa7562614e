#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "cli/cli_file.h"
#include "cli/cli_session.h"
#include "temporary_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    struct arena arena;
    struct temporary_directory directory;
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){0};
    *state = &f;
    return temporary_directory_enter(&f.directory) ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    temporary_directory_leave(&f->directory);
    arena_fini(&f->arena);
    return 0;
}

static const char *path_of(struct fixture *f, const char *name)
{
    return arena_printf(&f->arena, "%s/%s", f->directory.path, name);
}

static struct cli_session a_session(void)
{
    return (struct cli_session){
        .url = "https://letters.example.org",
        .user_id = "0b0c8b1e-8c57-4f2b-9d3e-0f6f6a5f0001",
        .username = "alice",
        .id_token = "id",
        .access_token = "access",
        .refresh_token = "refresh",
        .expires_unix_ms = 1795528200123,
    };
}

/* --- the session --- */

static void test_save_and_load(void **state)
{
    struct fixture *f = *state;
    struct cli_session saved = a_session();
    struct cli_session loaded;
    assert_int_equal(cli_session_save(&f->arena, &saved), CLI_OK);
    assert_int_equal(cli_session_load(&f->arena, &loaded), CLI_OK);
    assert_string_equal(loaded.url, saved.url);
    assert_null(loaded.ca_file);
    assert_string_equal(loaded.user_id, saved.user_id);
    assert_string_equal(loaded.username, saved.username);
    assert_string_equal(loaded.id_token, saved.id_token);
    assert_string_equal(loaded.access_token, saved.access_token);
    assert_string_equal(loaded.refresh_token, saved.refresh_token);
    assert_true(loaded.expires_unix_ms == saved.expires_unix_ms);

    saved.ca_file = "/etc/ca.pem";
    assert_int_equal(cli_session_save(&f->arena, &saved), CLI_OK);
    assert_int_equal(cli_session_load(&f->arena, &loaded), CLI_OK);
    assert_string_equal(loaded.ca_file, saved.ca_file);
}

static void test_only_the_owner_reads(void **state)
{
    struct fixture *f = *state;
    struct cli_session session = a_session();
    struct stat st;
    mode_t before = umask(0);
    assert_int_equal(cli_session_save(&f->arena, &session), CLI_OK);
    umask(before);
    assert_int_equal(stat(path_of(f, "letterlock"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(stat(path_of(f, "letterlock/session.json"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);

    /* One that was left open is closed again. */
    assert_int_equal(chmod(path_of(f, "letterlock"), 0755), 0);
    assert_int_equal(chmod(path_of(f, "letterlock/session.json"), 0644), 0);
    assert_int_equal(cli_session_save(&f->arena, &session), CLI_OK);
    assert_int_equal(stat(path_of(f, "letterlock"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(stat(path_of(f, "letterlock/session.json"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

/* A reader that has the old file open keeps it whole: the new one is another file. */
static void test_save_replaces_whole(void **state)
{
    struct fixture *f = *state;
    struct cli_session session = a_session();
    assert_int_equal(cli_session_save(&f->arena, &session), CLI_OK);
    int reader = open(path_of(f, "letterlock/session.json"), O_RDONLY | O_CLOEXEC);
    struct stat before, after;
    assert_int_equal(fstat(reader, &before), 0);
    session.access_token = "another and longer access token";
    assert_int_equal(cli_session_save(&f->arena, &session), CLI_OK);
    assert_int_equal(stat(path_of(f, "letterlock/session.json"), &after), 0);
    assert_int_not_equal(before.st_ino, after.st_ino);
    assert_int_equal(fstat(reader, &after), 0);
    assert_int_equal(before.st_size, after.st_size);
    close(reader);
    assert_int_equal(temporary_directory_count("letterlock"), 1); /* no temporary file is left */
}

static void test_no_session(void **state)
{
    struct fixture *f = *state;
    struct cli_session session;
    assert_int_equal(cli_session_load(&f->arena, &session), CLI_NOT_SIGNED_IN);
    assert_int_equal(cli_session_remove(&f->arena), CLI_OK);
}

static void test_damaged_session(void **state)
{
    struct fixture *f = *state;
    static const char *const contents[] = {"", "{", "[]", "{\"url\":\"https://x\"}"};
    struct cli_session session = a_session();
    assert_int_equal(cli_session_save(&f->arena, &session), CLI_OK);
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        const char *path = path_of(f, "letterlock/session.json");
        assert_int_equal(cli_file_save(&f->arena, path, bytes_of_str(contents[i]), 0600, true),
                         CLI_OK);
        assert_int_equal(cli_session_load(&f->arena, &session), CLI_NOT_SIGNED_IN);
    }
}

static void test_lock_excludes(void **state)
{
    struct fixture *f = *state;
    int lock = -1;
    assert_int_equal(cli_session_lock(&f->arena, &lock), CLI_OK);
    int other = open(path_of(f, "letterlock/session.lock"), O_RDWR | O_CLOEXEC);
    assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
    assert_int_equal(errno, EWOULDBLOCK);
    cli_session_unlock(lock);
    assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
    close(other);
}

static void test_take_tokens(void **state)
{
    struct fixture *f = *state;
    struct cli_session session = a_session();
    json_t *answer = json_pack("{s:s, s:s, s:s, s:i}", "id_token", "i2", "access_token", "a2",
                               "refresh_token", "r2", "expires_in", 900);
    assert_true(cli_session_take_tokens(&f->arena, &session, answer));
    assert_string_equal(session.refresh_token, "r2");
    int64_t left_ms = session.expires_unix_ms - clock_unix_ms();
    assert_true(left_ms > 890 * 1000 && left_ms <= 900 * 1000);
    json_object_set_new(answer, "expires_in", json_integer(-1));
    assert_false(cli_session_take_tokens(&f->arena, &session, answer));
    json_object_set_new(answer, "expires_in", json_integer(INT64_MAX));
    assert_false(cli_session_take_tokens(&f->arena, &session, answer));
    json_object_set_new(answer, "expires_in", json_integer(900));
    json_object_del(answer, "id_token");
    assert_false(cli_session_take_tokens(&f->arena, &session, answer));
    json_decref(answer);
}

/* --- files --- */

static void test_file_appears_whole(void **state)
{
    struct fixture *f = *state;
    struct cli_file file;
    const char *target = path_of(f, "plans.pdf");
    assert_int_equal(cli_file_create(&file, &f->arena, target, 0644, false), CLI_OK);
    assert_int_equal(cli_file_write(&file, BYTES_LIT("half")), CLI_OK);
    assert_int_equal(access(target, F_OK), -1);
    assert_int_equal(cli_file_restart(&file), CLI_OK);
    assert_int_equal(cli_file_write(&file, BYTES_LIT("whole")), CLI_OK);
    assert_int_equal(cli_file_commit(&file), CLI_OK);

    struct buffer content;
    buffer_init(&content, 100);
    assert_int_equal(cli_file_load(target, 100, false, &content), CLI_OK);
    assert_true(bytes_equal_str(buffer_bytes(&content), "whole"));
    buffer_fini(&content);
    assert_int_equal(temporary_directory_count("."), 1);
}

static void test_discarded_file_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct cli_file file;
    assert_int_equal(cli_file_create(&file, &f->arena, path_of(f, "x"), 0644, false), CLI_OK);
    assert_int_equal(cli_file_write(&file, BYTES_LIT("half")), CLI_OK);
    cli_file_discard(&file);
    cli_file_discard(&file);
    assert_int_equal(temporary_directory_count("."), 0);
}

static void test_existing_file_is_kept(void **state)
{
    struct fixture *f = *state;
    const char *target = path_of(f, "x");
    struct cli_file file;
    assert_int_equal(cli_file_create(&file, &f->arena, target, 0644, false), CLI_OK);
    /* Someone else makes the target while we transfer. */
    assert_int_equal(cli_file_save(&f->arena, target, BYTES_LIT("theirs"), 0644, false), CLI_OK);
    assert_int_equal(cli_file_write(&file, BYTES_LIT("ours")), CLI_OK);
    assert_int_equal(cli_file_commit(&file), CLI_LOCAL);
    assert_int_equal(cli_file_create(&file, &f->arena, target, 0644, false), CLI_LOCAL);

    struct buffer content;
    buffer_init(&content, 100);
    assert_int_equal(cli_file_load(target, 100, false, &content), CLI_OK);
    assert_true(bytes_equal_str(buffer_bytes(&content), "theirs"));
    buffer_fini(&content);
    assert_int_equal(temporary_directory_count("."), 1);
    assert_int_equal(cli_file_save(&f->arena, target, BYTES_LIT("ours"), 0644, true), CLI_OK);
}

static void test_load_has_a_ceiling(void **state)
{
    struct fixture *f = *state;
    const char *path = path_of(f, "x");
    struct buffer content;
    assert_int_equal(cli_file_save(&f->arena, path, BYTES_LIT("12345"), 0644, false), CLI_OK);
    buffer_init(&content, 100);
    assert_int_equal(cli_file_load(path, 4, false, &content), CLI_LOCAL);
    buffer_clear(&content);
    assert_int_equal(cli_file_load(path, 5, false, &content), CLI_OK);
    assert_int_equal(content.n, 5);
    assert_int_equal(cli_file_load(path_of(f, "none"), 5, true, &content), CLI_NOT_FOUND);
    buffer_fini(&content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_save_and_load, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_only_the_owner_reads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_save_replaces_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_session, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damaged_session, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lock_excludes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_take_tokens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_file_appears_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_discarded_file_leaves_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_existing_file_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_load_has_a_ceiling, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
