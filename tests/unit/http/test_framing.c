#include "http/framing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct line {
    const char *name;
    const char *value;
};

static bool verdict(bool http_1_1, const struct line lines[], int64_t *length)
{
    struct framing f;
    framing_init(&f, http_1_1);
    for (size_t i = 0; lines[i].name != NULL; i++)
        framing_add(&f, bytes_of_str(lines[i].name), bytes_of_str(lines[i].value));
    return framing_finish(&f, length);
}

#define HOST                                                                                       \
    {                                                                                              \
        "Host", "localhost:3000"                                                                   \
    }
#define LINES(...) ((const struct line[]){__VA_ARGS__, {NULL, NULL}})

static void test_lengths(void **state)
{
    (void)state;
    int64_t n = 7;
    assert_true(verdict(true, LINES(HOST), &n));
    assert_int_equal(n, 0);
    assert_true(verdict(true, LINES(HOST, {"content-length", "5 "}), &n));
    assert_int_equal(n, 5);
    assert_true(verdict(true, LINES(HOST, {"Transfer-Encoding", "CHUNKED"}), &n));
    assert_int_equal(n, -1);
    static const char *const bad_lengths[] = {"",
                                              "+5",
                                              "-1",
                                              "5,5",
                                              "0x5",
                                              "5 5",
                                              "5a",
                                              "1e3",
                                              "18446744073709551616",
                                              "9223372036854775808"};
    for (size_t i = 0; i < sizeof bad_lengths / sizeof bad_lengths[0]; i++)
        assert_false(verdict(true, LINES(HOST, {"Content-Length", bad_lengths[i]}), &n));
    assert_false(verdict(true, LINES(HOST, {"Content-Length", "5"}, {"Content-Length", "5"}), &n));
}

static void test_codings(void **state)
{
    (void)state;
    int64_t n;
    static const char *const bad[] = {
        "",           "gzip",        "chunked, chunked", "gzip, chunked",
        "xchunked",   "chunked;q=1", "\"chunked\"",      "identity",
        "chunked\x0b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(verdict(true, LINES(HOST, {"Transfer-Encoding", bad[i]}), &n));
    assert_false(verdict(false, LINES(HOST, {"Transfer-Encoding", "chunked"}), &n));
    assert_false(
        verdict(true, LINES(HOST, {"Transfer-Encoding", "chunked"}, {"Content-Length", "5"}), &n));
    assert_false(verdict(
        true, LINES(HOST, {"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}), &n));
}

static void test_names_and_values(void **state)
{
    (void)state;
    int64_t n;
    static const char *const bad_names[] = {"",    "A ",   " A",       "A\tB",
                                            "A:B", "A(B)", "\xc3\xa9", "A\x01"};
    for (size_t i = 0; i < sizeof bad_names / sizeof bad_names[0]; i++)
        assert_false(verdict(true, LINES(HOST, {bad_names[i], "x"}), &n));
    static const char *const bad_values[] = {"a\x01", "a\nb", "a\rb", "a\x7f", "\x0c"};
    for (size_t i = 0; i < sizeof bad_values / sizeof bad_values[0]; i++)
        assert_false(verdict(true, LINES(HOST, {"X", bad_values[i]}), &n));
    assert_true(
        verdict(true, LINES(HOST, {"X-Y_z!#$%&'*+.^`|~9", "a\tb \xc3\xa9"}, {"E", ""}), &n));
}

static void test_host(void **state)
{
    (void)state;
    int64_t n;
    assert_false(verdict(true, LINES({"X", "y"}), &n));
    assert_false(verdict(false, LINES({"X", "y"}), &n));
    assert_false(verdict(true, LINES(HOST, HOST), &n));
    static const char *const good[] = {"a", "a.example", "127.0.0.1:3000", "[::1]", "[::1]:65535"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(framing_is_host(bytes_of_str(good[i])));
    static const char *const bad[] = {"",       ":80",   "a:",       "a:65536", "a:8o",  "a b",
                                      "a/b",    "u@a",   "[]",       "[::1",    "[g::]", "a,b",
                                      "[::1]x", "a:1:2", "http://a", "a?b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(framing_is_host(bytes_of_str(bad[i])));
}

/* A field line as it lies in the library's buffer: text with NUL for the colon and the line end.
 * Gives the offset of the next line, 0 when there is none. */
static size_t next(const char *text, size_t name_n, size_t value_at)
{
    const uint8_t *line = (const uint8_t *)text;
    const uint8_t *end =
        framing_next_field(line, bytes_of(text, name_n), bytes_of_str(text + value_at));
    return end == NULL ? 0 : (size_t)(end - line);
}

static void test_line_layout(void **state)
{
    (void)state;
    assert_int_equal(next("Name\0 value\0\0", 4, 6), 13);
    assert_int_equal(next("Name\0value\0\0", 4, 5), 12);
    assert_int_equal(next("Name\0 \t value\0\0", 4, 8), 15);
    assert_int_equal(next("Name\0\0\0", 4, 5), 7);
    /* A folded line: the library glues it to the name and moves the value behind. */
    assert_int_equal(next("Name\0\0\0 folded\0\0", 4, 8), 0);
    assert_int_equal(next("Name\0 first\0\0second\0\0", 4, 13), 0);
    /* A bare LF leaves one NUL only, a NUL inside cuts the value short. */
    assert_int_equal(next("Name\0 value\0Next", 4, 6), 0);
    assert_int_equal(next("Name\0 va\0ue\0\0", 4, 6), 0);
}

static void test_line_order(void **state)
{
    (void)state;
    static const char head[] = "GET\0/\0HTTP/1.1\0\0A\0b\0\0C\0d\0\0\0\0";
    const uint8_t *line = framing_next_line(head + 6);
    assert_ptr_equal(line, head + 16);
    const uint8_t *next_line =
        framing_next_field(line, bytes_of(head + 16, 1), bytes_of(head + 18, 1));
    assert_ptr_equal(next_line, head + 21);
    /* A line that the library dropped leaves a gap. */
    assert_null(framing_next_field(line, bytes_of(head + 21, 1), bytes_of(head + 23, 1)));
    assert_null(framing_next_field(NULL, bytes_of(head + 21, 1), bytes_of(head + 23, 1)));
    assert_null(framing_next_line("HTTP/1.1\0A"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths),          cmocka_unit_test(test_codings),
        cmocka_unit_test(test_names_and_values), cmocka_unit_test(test_host),
        cmocka_unit_test(test_line_layout),      cmocka_unit_test(test_line_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
