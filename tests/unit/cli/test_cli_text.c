#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/cli_text.h"

#include <string.h>

static void assert_clean(const char *text, bool keep_lines, const char *expected)
{
    struct buffer out;
    buffer_init(&out, 4096);
    cli_text_clean(&out, bytes_of_str(text), keep_lines);
    buffer_append_u8(&out, '\0');
    assert_string_equal((const char *)out.p, expected);
    buffer_fini(&out);
}

static void assert_name(const char *name, const char *expected)
{
    struct buffer out;
    buffer_init(&out, 4096);
    cli_text_file_name(&out, bytes_of_str(name), "letter");
    buffer_append_u8(&out, '\0');
    assert_string_equal((const char *)out.p, expected);
    buffer_fini(&out);
}

static void test_clean(void **state)
{
    (void)state;
    assert_clean("plain", false, "plain");
    assert_clean("a\tb\nc", true, "a\tb\nc");
    assert_clean("a\tb\nc", false,
                 "a\tb\xEF\xBF\xBD"
                 "c");
    assert_clean("\033[2Jx\r", true, "\xEF\xBF\xBD[2Jx\xEF\xBF\xBD");
    assert_clean("\xC2\x9B"
                 "31m",
                 true,
                 "\xEF\xBF\xBD"
                 "31m"); /* C1 CSI */
    assert_clean("gr\xC3\xBC\xC3\x9F \xF0\x9F\x8D\xB0", false,
                 "gr\xC3\xBC\xC3\x9F \xF0\x9F\x8D\xB0");
    assert_clean("a\xE2\x80\xAE"
                 "fdp.exe",
                 false,
                 "a\xEF\xBF\xBD"
                 "fdp.exe");
    assert_clean("\xFF\xC3", false, "\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_clean("\xED\xA0\x80", false, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"); /* a surrogate */
}

static void test_length(void **state)
{
    (void)state;
    assert_int_equal(cli_text_length(BYTES_LIT("")), 0);
    assert_int_equal(cli_text_length(BYTES_LIT("abc")), 3);
    assert_int_equal(cli_text_length(BYTES_LIT("gr\xC3\xBC\xC3\x9F")), 4);
    assert_int_equal(cli_text_length(BYTES_LIT("\xFF\xFE")), 2);
}

static void test_file_name(void **state)
{
    (void)state;
    assert_name("report.pdf", "report.pdf");
    assert_name("/etc/passwd", "passwd");
    assert_name("..\\..\\boot.ini", "boot.ini");
    assert_name("../../x", "x");
    assert_name("..", "letter");
    assert_name("", "letter");
    assert_name("dir/", "letter");
    assert_name(".bashrc", "bashrc");
    assert_name("-rf", "rf");
    assert_name("  spaced name.txt. ", "spaced name.txt");
    assert_name("a\nb\033[31m.txt", "ab[31m.txt");
    assert_name("a\xE2\x80\xAE"
                "fdp.exe",
                "afdp.exe");
    assert_name("bad\xFF.txt", "bad_.txt");
    assert_name("\xC3\x9C"
                "bersicht.pdf",
                "\xC3\x9C"
                "bersicht.pdf");
}

static void test_file_name_is_cut_between_code_points(void **state)
{
    (void)state;
    struct buffer name, out;
    buffer_init(&name, 1024);
    buffer_init(&out, 1024);
    buffer_append_str(&name, "x");
    for (int i = 0; i < 150; i++)
        buffer_append_str(&name, "\xC3\xBC");
    buffer_append_str(&name, ".tar.gz");
    cli_text_file_name(&out, buffer_bytes(&name), "letter");
    assert_in_range(out.n, CLI_TEXT_FILE_NAME_MAX - 3, CLI_TEXT_FILE_NAME_MAX);
    assert_true(bytes_is_utf8(buffer_bytes(&out)));
    assert_memory_equal(out.p + out.n - 3, ".gz", 3);
    buffer_fini(&name);
    buffer_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_file_name),
        cmocka_unit_test(test_file_name_is_cut_between_code_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
