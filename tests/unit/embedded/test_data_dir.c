#include "embedded/data_dir.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static void test_makes_a_private_directory(void **state)
{
    (void)state;
    struct scratch s;
    struct data_dir *dir = NULL;
    struct stat st;
    scratch_init(&s);
    const char *path = scratch_path(&s, "data");
    assert_int_equal(data_dir_open(&s.ctx, path, false, &dir), ERR_UNAVAILABLE);
    assert_string_equal(s.ctx.detail, "there is no data directory");
    assert_int_equal(data_dir_open(&s.ctx, path, true, &dir), ERR_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(stat(data_dir_path(dir, &s.arena, DATA_DIR_OBJECTS), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    data_dir_close(dir);
    data_dir_close(NULL);
    scratch_fini(&s);
}

static void test_serves_one_process(void **state)
{
    (void)state;
    struct scratch s;
    struct data_dir *first = NULL;
    struct data_dir *second = NULL;
    scratch_init(&s);
    const char *path = scratch_path(&s, "data");
    assert_int_equal(data_dir_open(&s.ctx, path, true, &first), ERR_OK);
    assert_int_equal(data_dir_open(&s.ctx, path, true, &second), ERR_UNAVAILABLE);
    assert_string_equal(s.ctx.detail, "another process serves this data directory");
    assert_int_equal(data_dir_open(&s.ctx, path, false, &second), ERR_OK);
    data_dir_close(second);
    data_dir_close(first);
    assert_int_equal(data_dir_open(&s.ctx, path, true, &first), ERR_OK);
    data_dir_close(first);
    scratch_fini(&s);
}

static void test_refuses_what_others_can_read(void **state)
{
    (void)state;
    struct scratch s;
    struct data_dir *dir = NULL;
    scratch_init(&s);
    static const mode_t modes[] = {0750, 0710, 0705, 0777};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        assert_int_equal(chmod(s.dir, modes[i]), 0);
        assert_int_equal(data_dir_open(&s.ctx, s.dir, true, &dir), ERR_UNAVAILABLE);
        assert_non_null(strstr(s.ctx.detail, "chmod 700"));
    }
    assert_int_equal(chmod(s.dir, 0700), 0);
    assert_int_equal(data_dir_open(&s.ctx, s.dir, true, &dir), ERR_OK);
    data_dir_close(dir);
    scratch_fini(&s);
}

static void test_refuses_a_missing_parent(void **state)
{
    (void)state;
    struct scratch s;
    struct data_dir *dir = NULL;
    scratch_init(&s);
    assert_int_equal(data_dir_open(&s.ctx, scratch_path(&s, "no/such"), true, &dir),
                     ERR_UNAVAILABLE);
    assert_int_not_equal(s.ctx.detail[0], '\0');
    scratch_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_makes_a_private_directory),
        cmocka_unit_test(test_serves_one_process),
        cmocka_unit_test(test_refuses_what_others_can_read),
        cmocka_unit_test(test_refuses_a_missing_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
