#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/cli_output.h"
#include "cli/cli_progress.h"
#include "cli/cli_text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static void test_size(void **state)
{
    (void)state;
    static const struct {
        uint64_t size_bytes;
        const char *text;
    } cases[] = {
        {0, "0 B"},
        {1, "1 B"},
        {999, "999 B"},
        {1000, "1.0 kB"},
        {1999, "1.9 kB"},
        {999999, "999.9 kB"},
        {1000000, "1.0 MB"},
        {12345678, "12.3 MB"},
        {5368709120u, "5.3 GB"},
        {UINT64_MAX, "18.4 EB"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[CLI_SIZE_BYTES];
        cli_output_size(cases[i].size_bytes, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void assert_time(const char *zone, const char *rfc3339, const char *expected)
{
    char text[CLI_TIME_BYTES];
    assert_int_equal(setenv("TZ", zone, 1), 0);
    tzset();
    cli_output_time(rfc3339, text);
    assert_string_equal(text, expected);
}

static void test_time_is_local(void **state)
{
    (void)state;
    assert_time("UTC", "2026-11-24T13:50:00.123Z", "2026-11-24 13:50");
    assert_time("CET-1CEST,M3.5.0,M10.5.0/3", "2026-11-24T23:50:00.000Z", "2026-11-25 00:50");
    assert_time("CET-1CEST,M3.5.0,M10.5.0/3", "2026-07-01T12:00:00.000Z", "2026-07-01 14:00");
    assert_time("UTC", "yesterday", "-");
    assert_time("UTC", "", "-");
    assert_time("UTC", NULL, "-");
}

static void test_table_aligns(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct cli_table table = cli_table_of(&arena, 3, 1u << 1);
    cli_table_add(&table, (const char *const[]){"FROM", "SIZE", "NOTE"});
    cli_table_add(&table, (const char *const[]){"j\xC3\xBCrgen", "12.3 MB", ""});
    cli_table_add(&table, (const char *const[]){"x\033[0m", "1 B", "n"});
    struct buffer out;
    buffer_init(&out, 4096);
    cli_table_write(&table, &out);
    buffer_append_u8(&out, '\0');
    assert_string_equal((const char *)out.p, "FROM       SIZE  NOTE\n"
                                             "j\xC3\xBCrgen  12.3 MB\n"
                                             "x\xEF\xBF\xBD[0m       1 B  n\n");
    buffer_fini(&out);
    arena_fini(&arena);
}

static void test_table_grows(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct cli_table table = cli_table_of(&arena, 1, 0);
    for (int i = 0; i < 1000; i++)
        cli_table_add(&table, (const char *const[]){arena_printf(&arena, "%d", i)});
    assert_int_equal(table.rows, 1000);
    assert_string_equal(table.cells[999], "999");
    arena_fini(&arena);
}

static void assert_progress(const struct cli_progress *progress, int64_t elapsed_ms, size_t columns,
                            const char *expected)
{
    struct buffer out;
    buffer_init(&out, 4096);
    cli_progress_render(progress, elapsed_ms, columns, &out);
    assert_true(cli_text_length(buffer_bytes(&out)) <= columns);
    buffer_append_u8(&out, '\0');
    assert_string_equal((const char *)out.p, expected);
    buffer_fini(&out);
}

static void test_progress(void **state)
{
    (void)state;
    struct cli_progress p = {.label = BYTES_LIT("a.bin"), .total = 2000000, .done = 500000};
    assert_progress(&p, 1000, 79,
                    "a.bin  25% [=====>                 ]  500.0 kB of 2.0 MB  500.0 kB/s  "
                    "0:03 left");
    assert_progress(&p, 1000, 60, "a.bin  25%  500.0 kB of 2.0 MB  500.0 kB/s  0:03 left");
    assert_progress(&p, 1000, 20, "a.bin  25%  500.0 kB");
    assert_progress(&p, 0, 50, "a.bin  25% [====>            ]  500.0 kB of 2.0 MB");
    p.done = 2000000;
    assert_progress(&p, 1000, 60, "a.bin 100%  2.0 MB of 2.0 MB  2.0 MB/s  0:00 left");
}

static void test_progress_without_total(void **state)
{
    (void)state;
    struct cli_progress p = {.label = BYTES_LIT("stdin"), .total = -1, .done = 500000};
    assert_progress(&p, 500, 79, "stdin  500.0 kB  1.0 MB/s");
}

static void test_progress_counts_this_attempt_only(void **state)
{
    (void)state;
    struct cli_progress p = {
        .label = BYTES_LIT("f"), .total = 10000000000, .done = 1000100, .done_at_start = 1000000};
    assert_progress(&p, 1000, 79,
                    "f   0% [>                       ]  1.0 MB of 10.0 GB  100 B/s  "
                    "27774:59:59 left");
}

static void test_progress_cuts_a_long_label(void **state)
{
    (void)state;
    struct cli_progress p = {
        .label = BYTES_LIT("\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC"
                           "\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC"
                           "\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBCx"),
        .total = -1};
    struct buffer out;
    buffer_init(&out, 4096);
    cli_progress_render(&p, 1000, 200, &out);
    assert_true(bytes_is_utf8(buffer_bytes(&out)));
    assert_int_equal(cli_text_length(buffer_bytes(&out)), 25 + 5);
    buffer_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_time_is_local),
        cmocka_unit_test(test_table_aligns),
        cmocka_unit_test(test_table_grows),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_progress_without_total),
        cmocka_unit_test(test_progress_counts_this_attempt_only),
        cmocka_unit_test(test_progress_cuts_a_long_label),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
