#include "base/ascii.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define ALPHANUMERIC LETTERS "0123456789"

/* True when is_one holds for the characters of set and for no other byte. */
static bool holds_for(bool (*is_one)(uint8_t c), const char *set)
{
    for (unsigned c = 0; c <= UINT8_MAX; c++) {
        if (is_one((uint8_t)c) != (c != 0 && strchr(set, (int)c) != NULL))
            return false;
    }
    return true;
}

static void test_classes(void **state)
{
    (void)state;
    assert_true(holds_for(ascii_is_alphanumeric, ALPHANUMERIC));
    assert_true(holds_for(ascii_is_token, ALPHANUMERIC "!#$%&'*+-.^_`|~"));
    assert_true(holds_for(ascii_is_unreserved, ALPHANUMERIC "-._~"));
}

static void test_lower(void **state)
{
    (void)state;
    static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (unsigned c = 0; c <= UINT8_MAX; c++) {
        const char *at = c == 0 ? NULL : strchr(upper, (int)c);
        assert_int_equal(ascii_lower((uint8_t)c), at == NULL ? c : (unsigned)LETTERS[at - upper]);
    }
}

static void test_hex_value(void **state)
{
    (void)state;
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    for (unsigned c = 0; c <= UINT8_MAX; c++) {
        const char *at = c == 0 ? NULL : strchr(digits, (int)c);
        assert_int_equal(ascii_hex_value((uint8_t)c), at == NULL ? -1 : (at - digits) % 16);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_lower),
        cmocka_unit_test(test_hex_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
