#include "aws/s3/s3_upload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define MIB ((uint64_t)1 << 20)
#define S3_PART_LEAST (5 * MIB) /* S3's limits of a part */
#define S3_PART_MOST (5120 * MIB)

static void test_part_sizes(void **state)
{
    (void)state;
    uint64_t total = 0;
    uint64_t parts_of_5_gib = 0;
    for (unsigned i = 0; i < S3_PARTS_MAX; i++) {
        uint64_t n = s3_upload_part_bytes(i);
        assert_true(n >= S3_PART_LEAST && n <= S3_PART_MOST && n <= S3_PART_BYTES_MAX);
        parts_of_5_gib += total < 5120 * MIB;
        total += n;
    }
    assert_int_equal(parts_of_5_gib, 640);
    assert_int_equal(s3_upload_part_bytes(0), S3_PART_BYTES);
    assert_int_equal(s3_upload_part_bytes(999), S3_PART_BYTES);
    assert_int_equal(s3_upload_part_bytes(1000), 2 * S3_PART_BYTES);
    assert_int_equal(s3_upload_part_bytes(S3_PARTS_MAX), S3_PART_BYTES_MAX);
    assert_true(total > 1024 * 1024 * MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_part_sizes)};
    return cmocka_run_group_tests_name("parts of an upload", tests, NULL, NULL);
}
