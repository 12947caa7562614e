#include "base/buffer.h"
#include "base/bytes.h"
#include "base/cursor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_compare(void **state)
{
    (void)state;
    assert_true(bytes_equal(BYTES_LIT("ab"), BYTES_LIT("ab")));
    assert_false(bytes_equal(BYTES_LIT("ab"), BYTES_LIT("abc")));
    assert_true(bytes_equal((struct bytes){0}, BYTES_LIT("")));
    assert_true(bytes_equal_nocase(BYTES_LIT("Content-TYPE"), BYTES_LIT("content-type")));
    assert_false(bytes_equal_nocase(BYTES_LIT("@"), BYTES_LIT("`")));
    assert_true(bytes_equal_secret(BYTES_LIT("same"), BYTES_LIT("same")));
    assert_false(bytes_equal_secret(BYTES_LIT("same"), BYTES_LIT("samf")));
    assert_true(bytes_compare(BYTES_LIT("a"), BYTES_LIT("ab")) < 0);
    assert_true(bytes_compare(BYTES_LIT("b"), BYTES_LIT("ab")) > 0);
    assert_int_equal(bytes_compare(BYTES_LIT("ab"), BYTES_LIT("ab")), 0);
    assert_true(bytes_starts_with(BYTES_LIT("abc"), BYTES_LIT("ab")));
    assert_false(bytes_starts_with(BYTES_LIT("a"), BYTES_LIT("ab")));
}

static void test_slice_and_trim(void **state)
{
    (void)state;
    assert_true(bytes_equal_str(bytes_slice(BYTES_LIT("letter"), 2, 3), "tte"));
    assert_int_equal(bytes_slice(BYTES_LIT("ab"), 2, 1).n, 0);
    assert_int_equal(bytes_slice(BYTES_LIT("ab"), SIZE_MAX, SIZE_MAX).n, 0);
    assert_true(bytes_equal_str(bytes_slice(BYTES_LIT("ab"), 1, SIZE_MAX), "b"));
    assert_true(bytes_equal_str(bytes_trim(BYTES_LIT(" \ta b\t ")), "a b"));
    assert_int_equal(bytes_trim(BYTES_LIT(" \t ")).n, 0);
    assert_int_equal(bytes_find(BYTES_LIT("abcabc"), 'c', 3), 5);
    assert_true(bytes_find(BYTES_LIT("abc"), 'd', 0) == SIZE_MAX);
}

static void test_find_str(void **state)
{
    (void)state;
    const struct {
        struct bytes in;
        const char *what;
        size_t from;
        size_t at;
    } cases[] = {
        {BYTES_LIT("abcabc"), "abc", 0, 0},
        {BYTES_LIT("abcabc"), "abc", 1, 3},
        {BYTES_LIT("abcabc"), "abc", 4, SIZE_MAX},
        {BYTES_LIT("ab"), "abc", 0, SIZE_MAX},
        {BYTES_LIT("a\0bc"), "bc", 0, 2},
        {BYTES_LIT("ab"), "b", 2, SIZE_MAX},
        {BYTES_LIT("ab"), "b", SIZE_MAX, SIZE_MAX},
        {BYTES_LIT("ab"), "", 2, 2},
        {BYTES_LIT("ab"), "", 3, SIZE_MAX},
        {{0}, "a", 0, SIZE_MAX},
        {{0}, "", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_true(bytes_find_str(cases[i].in, cases[i].what, cases[i].from) == cases[i].at);
}

/* Boundary cases of RFC 3629 and of Unicode's table of well-formed sequences. */
static void test_utf8(void **state)
{
    (void)state;
    static const char *const good[] = {"",
                                       "plain",
                                       "\xc3\xa9",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xc0\xaf",
                                      "\xc1\xbf",
                                      "\xc3",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xe2\x82",
                                      "a\xff"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(bytes_is_utf8(bytes_of_str(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(bytes_is_utf8(bytes_of_str(bad[i])));
}

static void test_number(void **state)
{
    (void)state;
    uint64_t v = 7;
    assert_true(bytes_to_u64(BYTES_LIT("0"), 10, &v));
    assert_int_equal(v, 0);
    assert_true(bytes_to_u64(BYTES_LIT("9223372036854775807"), INT64_MAX, &v));
    assert_true(v == INT64_MAX);
    v = 7;
    static const char *const bad[] = {
        "", "-1", "+1", " 1", "1 ", "0x1", "11", "1e1", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(bytes_to_u64(bytes_of_str(bad[i]), 10, &v));
    assert_int_equal(v, 7);
}

static void test_buffer_ceiling(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 5);
    buffer_append_str(&b, "abc");
    buffer_append_str(&b, "def");
    assert_false(buffer_ok(&b));
    buffer_append_str(&b, "g"); /* would fit, but the overflow sticks */
    assert_true(bytes_equal_str(buffer_bytes(&b), "abc"));
    buffer_clear(&b);
    buffer_append_u32(&b, 0x01020304);
    assert_true(buffer_ok(&b));
    buffer_consume(&b, 2);
    assert_memory_equal(b.p, "\x03\x04", 2);
    buffer_fini(&b);
    buffer_fini(&b);
}

static void test_buffer_grows(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 1 << 20);
    for (int i = 0; i < 10000; i++)
        buffer_printf(&b, "%04d,", i);
    assert_true(buffer_ok(&b));
    assert_int_equal(b.n, 50000);
    assert_memory_equal(b.p + 49995, "9999,", 5);
    buffer_fini(&b);
}

static void test_cursor(void **state)
{
    (void)state;
    struct cursor c = cursor_of(BYTES_LIT("\x01\x02\x03\x00\x02hi\xff"));
    assert_int_equal(cursor_u8(&c), 1);
    assert_int_equal(cursor_u16(&c), 0x0203);
    assert_true(bytes_equal_str(cursor_take_u16_prefixed(&c), "hi"));
    assert_false(cursor_at_end(&c));
    assert_int_equal(cursor_u16(&c), 0); /* one byte is left */
    assert_true(c.failed);
    assert_int_equal(cursor_u8(&c), 0); /* and stays unread */
    assert_false(cursor_at_end(&c));

    c = cursor_of(BYTES_LIT("\xff\xff\xff\xff"));
    assert_int_equal(cursor_take_u32_prefixed(&c).n, 0);
    assert_true(c.failed);

    c = cursor_of((struct bytes){0});
    assert_true(cursor_at_end(&c));
    assert_int_equal(cursor_take(&c, 0).n, 0);
    assert_true(cursor_at_end(&c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare),      cmocka_unit_test(test_slice_and_trim),
        cmocka_unit_test(test_find_str),     cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_number),       cmocka_unit_test(test_buffer_ceiling),
        cmocka_unit_test(test_buffer_grows), cmocka_unit_test(test_cursor),
    };
    return cmocka_run_group_tests_name("base_bytes", tests, NULL, NULL);
}
