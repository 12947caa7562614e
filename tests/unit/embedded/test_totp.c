/* Time-based one-time passwords. */
#include "embedded/totp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* RFC 6238, appendix B, for SHA-1: the last 6 of its 8 digits. */
static const struct {
    int64_t unix_s;
    const char *code;
} vectors[] = {{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
               {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};

#define SECRET BYTES_LIT("12345678901234567890")
#define STEP_MS (INT64_C(1000) * TOTP_STEP_S)

static void test_vectors(void **state)
{
    (void)state;
    char code[TOTP_DIGITS + 1];
    int64_t step;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        totp_code(SECRET, vectors[i].unix_s / TOTP_STEP_S, code);
        assert_string_equal(code, vectors[i].code);
        assert_true(totp_find_step(SECRET, bytes_of_str(code), vectors[i].unix_s * 1000, 0, &step));
        assert_int_equal(step, vectors[i].unix_s / TOTP_STEP_S);
    }
}

static void test_window(void **state)
{
    (void)state;
    char code[TOTP_DIGITS + 1];
    const int64_t right = 1000;
    totp_code(SECRET, right, code);
    for (int64_t now = right - 3; now <= right + 3; now++) {
        int64_t step = 0;
        bool near = now >= right - 1 && now <= right + 1;
        assert_int_equal(totp_find_step(SECRET, bytes_of_str(code), now * STEP_MS, 0, &step), near);
        assert_int_equal(step, near ? right : 0);
        assert_int_equal(
            totp_find_step(SECRET, bytes_of_str(code), now * STEP_MS + STEP_MS - 1, 0, &step),
            near);
        assert_int_equal(
            totp_find_step(SECRET, bytes_of_str(code), now * STEP_MS, right - 1, &step), near);
        assert_false(totp_find_step(SECRET, bytes_of_str(code), now * STEP_MS, right, &step));
    }
}

static void test_what_is_no_code(void **state)
{
    static const char *const texts[] = {"", "0", "28708", "2870822", "287083", "28708x"};
    (void)state;
    int64_t step;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_false(totp_find_step(SECRET, bytes_of_str(texts[i]), 59000, 0, &step));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_what_is_no_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
