#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/env_file.h"
#include "temporary_directory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH "settings.env"
#define WORDS_MAX 6u

static int set_up(void **state)
{
    static struct temporary_directory directory;
    *state = &directory;
    return temporary_directory_enter(&directory) ? 0 : -1;
}

static int tear_down(void **state)
{
    temporary_directory_leave(*state);
    return 0;
}

/* --- lines --- */

/* The value is what systemd and Docker Compose both read. */
static void test_values(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *value;
    } cases[] = {
        {"A=", ""},
        {"A=127.0.0.1:3000", "127.0.0.1:3000"},
        {"A=a=b=c", "a=b=c"},
        {"  A= \t lead and trail \t", "lead and trail"},
        {"A=a#b", "a#b"},
        {"A=#x", "#x"},
        {"A=it's \"so\"", "it's \"so\""},
        {"A=a;b `c` ~ * ? [1,2] {x}", "a;b `c` ~ * ? [1,2] {x}"},
        {"A=Grüße ✉", "Grüße ✉"},
        {"A=''", ""},
        {"A=\"\"", ""},
        {"A='a b\\c $d # \"e\"' ", "a b\\c $d # \"e\""},
        {"A=\"a # b 'c' \"", "a # b 'c' "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena arena = {0};
        struct env_file file;
        assert_true(env_file_parse(bytes_of_str(cases[i].line), &arena, &file));
        assert_int_equal(file.count, 1);
        assert_string_equal(file.settings[0].name, "A");
        assert_string_equal(file.settings[0].value, cases[i].value);
        arena_fini(&arena);
    }
}

static void test_faults(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "A",       "=a",       "A =a",      "1A=a",    "A-B=a",   "export A=a",
        "; a",     "[A]",      "A=a\\b",    "A=$HOME", "A=a # b", "A=a\t#b",
        "A='a",    "A='a'b",   "A='a' #b",  "A=\"a",   "A=\"",    "A=\"a\"b\"",
        "A='a\\'", "A=\"$a\"", "A=\"\\n\"", "A=a\x01", "A=a\rb",  "A=\xff",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct arena arena = {0};
        struct env_file file;
        assert_false(env_file_parse(bytes_of_str(lines[i]), &arena, &file));
        assert_int_equal(file.line, 1);
        assert_non_null(file.fault);
        arena_fini(&arena);
    }
    struct arena arena = {0};
    struct env_file file;
    assert_false(env_file_parse(BYTES_LIT("A=a\0b"), &arena, &file));
    arena_fini(&arena);
}

static void test_lines_are_counted(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct env_file file;
    assert_true(
        env_file_parse(BYTES_LIT("# first\r\n\r\n \t\n  # more\nA=1\r\nB=2"), &arena, &file));
    assert_int_equal(file.count, 2);
    assert_string_equal(file.settings[0].value, "1");
    assert_string_equal(file.settings[1].name, "B");
    assert_false(env_file_parse(BYTES_LIT("A=1\n\n# x\nno\nB=2\n"), &arena, &file));
    assert_int_equal(file.line, 4);
    assert_true(env_file_parse((struct bytes){0}, &arena, &file));
    assert_int_equal(file.count, 0);
    arena_fini(&arena);
}

/* --- the option --- */

static void write_file(const char *text)
{
    FILE *file = fopen(PATH, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* A command line as main() is given it. */
struct command_line {
    struct arena arena;
    char *argv[WORDS_MAX + 1];
    int argc;
};

/* False when it is refused. */
static bool take(struct command_line *line, const char *const words[WORDS_MAX])
{
    *line = (struct command_line){0};
    for (; line->argc < (int)WORDS_MAX && words[line->argc] != NULL; line->argc++)
        line->argv[line->argc] = arena_str(&line->arena, bytes_of_str(words[line->argc]));
    return env_file_take(&line->argc, line->argv);
}

static void test_sets_what_is_not_set(void **state)
{
    (void)state;
    static const char *const words[WORDS_MAX] = {"admin", "--env-file", PATH, "users"};
    struct command_line line;
    assert_int_equal(unsetenv("LETTERLOCK_TEST_A"), 0);
    assert_int_equal(setenv("LETTERLOCK_TEST_B", "kept", 1), 0);
    assert_int_equal(setenv("LETTERLOCK_TEST_C", "", 1), 0);
    write_file("LETTERLOCK_TEST_A=first\nLETTERLOCK_TEST_B=x\nLETTERLOCK_TEST_C=x\n"
               "LETTERLOCK_TEST_A='last'\n");
    assert_true(take(&line, words));
    assert_int_equal(line.argc, 2);
    assert_string_equal(line.argv[1], "users");
    assert_null(line.argv[2]);
    arena_fini(&line.arena);
    assert_string_equal(getenv("LETTERLOCK_TEST_A"), "last");
    assert_string_equal(getenv("LETTERLOCK_TEST_B"), "kept");
    assert_string_equal(getenv("LETTERLOCK_TEST_C"), "");
}

static void test_a_faulty_file_sets_nothing(void **state)
{
    (void)state;
    static const char *const words[WORDS_MAX] = {"serve", "--env-file=" PATH};
    struct command_line line;
    assert_int_equal(unsetenv("LETTERLOCK_TEST_A"), 0);
    write_file("LETTERLOCK_TEST_A=a\nno\n");
    assert_false(take(&line, words));
    arena_fini(&line.arena);
    assert_null(getenv("LETTERLOCK_TEST_A"));
}

static void test_command_lines(void **state)
{
    (void)state;
    static const struct {
        const char *words[WORDS_MAX];
        int left; /* words that are left, or -1: refused */
    } cases[] = {
        {{"serve"}, 1},
        {{"serve", "--env-file", PATH}, 1},
        {{"serve", "--env-file=" PATH}, 1},
        {{"backup", "copy", "--env-file", PATH}, 2},
        {{"admin", "--env-file", PATH, "quota", "--env-files"}, 3},
        {{"serve", "--env-file"}, -1},
        {{"serve", "--env-file="}, -1},
        {{"serve", "--env-file", PATH, "--env-file", PATH}, -1},
        {{"serve", "--env-file", "missing.env"}, -1},
        {{"serve", "--env-file", "."}, -1},
    };
    write_file("# nothing\n");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct command_line line;
        bool ok = take(&line, cases[i].words);
        assert_int_equal(ok ? line.argc : -1, cases[i].left);
        arena_fini(&line.arena);
    }
}

static void test_size_has_a_ceiling(void **state)
{
    (void)state;
    static const char *const words[WORDS_MAX] = {"serve", "--env-file", PATH};
    static char text[ENV_FILE_MAX_BYTES + 2];
    struct command_line line;
    memset(text, '#', sizeof text - 1);
    write_file(text);
    assert_false(take(&line, words));
    arena_fini(&line.arena);
    text[ENV_FILE_MAX_BYTES] = '\0';
    write_file(text);
    assert_true(take(&line, words));
    arena_fini(&line.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_lines_are_counted),
        cmocka_unit_test(test_sets_what_is_not_set),
        cmocka_unit_test(test_a_faulty_file_sets_nothing),
        cmocka_unit_test(test_command_lines),
        cmocka_unit_test(test_size_has_a_ceiling),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
