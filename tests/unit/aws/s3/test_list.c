#include "aws/s3/s3_list.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ID "0193a7c2-5b1e-7abc-8def-0123456789ef"
#define UNIX_MS 1764000000000 /* 2025-11-24T16:00:00Z */

static struct arena arena;

static int start(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static bool next(struct bytes *rest, struct s3_entry *out)
{
    return s3_list_next(&arena, rest, "Contents", out);
}

static void test_objects(void **state)
{
    (void)state;
    const struct bytes list = BYTES_LIT(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3/\">"
        "<Name>b</Name><Prefix>m/</Prefix><IsTruncated>true</IsTruncated>"
        "<Contents><Key>m/" ID "</Key><LastModified>2025-11-24T16:00:00.000Z</LastModified>"
        "<ETag>&quot;0-2&quot;</ETag><Size>5368709121</Size></Contents>"
        "<Contents><Size>1</Size><Key>m/a&amp;b</Key></Contents></ListBucketResult>");
    struct bytes rest = list;
    struct s3_entry entry;
    struct uuid id;
    assert_true(uuid_parse(BYTES_LIT(ID), &id));
    assert_true(next(&rest, &entry));
    assert_true(entry.is_letter && uuid_equal(&entry.id, &id));
    assert_string_equal(entry.key, "m/" ID);
    assert_int_equal(entry.unix_ms, UNIX_MS);
    assert_int_equal(entry.size, 5368709121);
    assert_string_equal(entry.upload_id, "");
    assert_true(next(&rest, &entry));
    assert_false(entry.is_letter);
    assert_string_equal(entry.key, "m/a&b");
    assert_true(entry.unix_ms == INT64_MAX);
    assert_false(next(&rest, &entry));
    assert_true(s3_list_is_truncated(&arena, list));
}

static void test_tail_of_a_draft(void **state)
{
    (void)state;
    struct bytes rest = BYTES_LIT("<R><Contents><Key>m/" ID ".8388609</Key></Contents></R>");
    struct s3_entry entry;
    struct uuid id;
    assert_true(uuid_parse(BYTES_LIT(ID), &id));
    assert_true(next(&rest, &entry));
    assert_true(entry.is_tail && !entry.is_letter && uuid_equal(&entry.id, &id));
}

static void test_uploads(void **state)
{
    (void)state;
    struct bytes rest = BYTES_LIT(
        "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated><Upload><Key>m/" ID
        "</Key><UploadId>a/b&lt;c</UploadId><Initiator><ID>x</ID></Initiator>"
        "<Initiated>2025-11-24T16:00:00Z</Initiated></Upload></ListMultipartUploadsResult>");
    struct s3_entry entry;
    assert_false(s3_list_is_truncated(&arena, rest));
    assert_true(s3_list_next(&arena, &rest, "Upload", &entry));
    assert_true(entry.is_letter);
    assert_string_equal(entry.upload_id, "a/b<c");
    assert_int_equal(entry.unix_ms, UNIX_MS);
    assert_false(s3_list_next(&arena, &rest, "Upload", &entry));
}

/* Each is a list with one entry that must not be taken for an old letter's object. */
static void test_nothing_is_taken_for_old(void **state)
{
    (void)state;
    static const char *const entries[] = {
        "",
        "<Key></Key><LastModified>2025-11-24T16:00:00Z</LastModified>",
        "<Key>" ID "</Key><LastModified>2025-11-24T16:00:00Z</LastModified>",
        "<Key>m/" ID "x</Key><LastModified>2025-11-24T16:00:00Z</LastModified>",
        "<Key>m/../" ID "</Key><LastModified>2025-11-24T16:00:00Z</LastModified>",
        "<Key>m/" ID "</Key>",
        "<Key>m/" ID "</Key><LastModified></LastModified>",
        "<Key>m/" ID "</Key><LastModified>2025-11-24T16:00:00</LastModified>",
        "<Key>m/" ID "</Key><LastModified>2025-13-24T16:00:00Z</LastModified>",
        "<Key>m/" ID "</Key><LastModified>2025-11-24T16:00:00+01:00</LastModified>",
        "<Key>m/" ID "</Key><LastModified>yesterday at four in the afternoonZ</LastModified>",
        "<Key>m/" ID "</Key><LastModified>2025-11-24T16:00:00Z",
    };
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        struct bytes rest =
            bytes_of_str(arena_printf(&arena, "<R><Contents>%s</Contents></R>", entries[i]));
        struct s3_entry entry;
        assert_true(next(&rest, &entry));
        assert_true(!entry.is_letter || entry.unix_ms == INT64_MAX);
        assert_false(next(&rest, &entry));
    }
}

static void test_long_key_is_none(void **state)
{
    (void)state;
    char key[4000];
    memset(key, 'k', sizeof key - 1);
    key[sizeof key - 1] = '\0';
    struct bytes rest =
        bytes_of_str(arena_printf(&arena, "<Contents><Key>m/%s</Key></Contents>", key));
    struct s3_entry entry;
    assert_true(next(&rest, &entry));
    assert_string_equal(entry.key, "");
    assert_false(entry.is_letter);
}

/* A list cut anywhere, or with a byte changed anywhere, ends; in memory of just its size, so that
 * the address sanitizer sees a read past it. */
static void test_broken_lists(void **state)
{
    (void)state;
    static const char whole[] =
        "<R><Contents><Key>m/" ID "</Key><LastModified>2025-11-24T16:00:00.000Z</LastModified>"
        "<Size>18446744073709551616</Size></Contents><Contents><Key>&#0;&amp</Key></Contents></R>";
    static const char bytes[] = {'<', '>', '&', '\0', (char)0xff};
    for (size_t n = 0; n < sizeof whole; n++) {
        for (size_t change = 0; change < sizeof bytes; change++) {
            uint8_t *cut = mem_alloc(n + 1);
            memcpy(cut, whole, n);
            if (n > 0)
                cut[n / 2] = (uint8_t)bytes[change];
            uint8_t *exact = mem_alloc(n == 0 ? 1 : n);
            memcpy(exact, cut, n);
            struct bytes rest = bytes_of(exact, n);
            struct s3_entry entry;
            size_t count = 0;
            while (next(&rest, &entry))
                count++;
            assert_true(count <= 2);
            (void)s3_list_is_truncated(&arena, bytes_of(exact, n));
            mem_free(exact);
            mem_free(cut);
        }
        arena_fini(&arena);
    }
}

int main(void)
{
#define CASE(function) cmocka_unit_test_setup_teardown(function, start, end)
    const struct CMUnitTest tests[] = {
        CASE(test_objects),          CASE(test_tail_of_a_draft),
        CASE(test_uploads),          CASE(test_nothing_is_taken_for_old),
        CASE(test_long_key_is_none), CASE(test_broken_lists),
    };
    return cmocka_run_group_tests_name("lists of S3", tests, NULL, NULL);
}
