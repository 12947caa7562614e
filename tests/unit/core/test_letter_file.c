#include "core/letter_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_file_names(void **state)
{
    (void)state;
    static const char *const good[] = {"a",   ".bashrc",    "a b.txt", "\xc3\xa9\xe2\x82\xac.pdf",
                                       "...", "\"quoted\"", "a;b"};
    static const char *const bad[] = {"",          ".",    "..",          "a/b",
                                      "a\\b",      "a\nb", "\x7f",        "\xc2\x85",
                                      "a\xc2\x9f", "\xff", "\xed\xa0\x80"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(letter_file_name_is_valid(bytes_of_str(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(letter_file_name_is_valid(bytes_of_str(bad[i])));
        assert_true(bytes_equal_str(letter_file_name(bytes_of_str(bad[i])), "file"));
    }
    uint8_t longest[LETTER_FILE_NAME_MAX_BYTES + 1];
    memset(longest, 'a', sizeof longest);
    assert_true(letter_file_name_is_valid(bytes_of(longest, LETTER_FILE_NAME_MAX_BYTES)));
    assert_false(letter_file_name_is_valid(bytes_of(longest, sizeof longest)));
    assert_false(letter_file_name_is_valid(BYTES_LIT("a\0b")));
}

static void test_media_types(void **state)
{
    (void)state;
    static const char *const good[] = {"image/png", "text/plain; charset=utf-8",
                                       "application/vnd.oasis.opendocument.text", "a/b+c"};
    static const char *const bad[] = {"",      "text",  "/",           "a/",         "/b",
                                      "a b/c", "a/b/c", "a/b\r\nX: y", "\xc3\xa9/x", "a/b; x=\x01"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(bytes_equal_str(letter_file_media_type(bytes_of_str(good[i])), good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_true(bytes_equal_str(letter_file_media_type(bytes_of_str(bad[i])),
                                    "application/octet-stream"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_names),
        cmocka_unit_test(test_media_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
