#include "http/proxies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_parse(void **state)
{
    (void)state;
    struct proxies p;
    assert_int_equal(proxies_parse(&p, ""), ERR_OK);
    assert_false(proxies_contain(&p, "127.0.0.1"));
    assert_int_equal(proxies_parse(&p, "127.0.0.1, 10.0.0.0/8 ,fd00::/9"), ERR_OK);
    assert_int_equal(p.count, 3);
    static const char *const bad[] = {"localhost", "10.0.0.0/33", "10.0.0",
                                      "::1/129",   "1.2.3.4,,",   "/8"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(proxies_parse(&p, bad[i]), ERR_INVALID_FIELD);
}

static void test_contain(void **state)
{
    (void)state;
    struct proxies p;
    assert_int_equal(proxies_parse(&p, "127.0.0.1, 10.128.0.0/9, fd00::/9"), ERR_OK);
    assert_true(proxies_contain(&p, "127.0.0.1"));
    assert_false(proxies_contain(&p, "127.0.0.2"));
    assert_true(proxies_contain(&p, "10.200.1.1"));
    assert_false(proxies_contain(&p, "10.127.1.1"));
    assert_true(proxies_contain(&p, "fd7f::1"));
    assert_false(proxies_contain(&p, "fd80::1"));
    assert_false(proxies_contain(&p, "junk"));
}

static void test_client(void **state)
{
    (void)state;
    struct proxies p;
    char out[INET6_ADDRSTRLEN];
    assert_int_equal(proxies_parse(&p, "10.0.0.0/8"), ERR_OK);
    assert_true(proxies_client(&p, BYTES_LIT("6.6.6.6, 1.2.3.4"), out));
    assert_string_equal(out, "1.2.3.4");
    assert_true(proxies_client(&p, BYTES_LIT("6.6.6.6, 1.2.3.4 , 10.1.1.1,10.2.2.2"), out));
    assert_string_equal(out, "1.2.3.4");
    assert_true(proxies_client(&p, BYTES_LIT("2001:DB8::0:1"), out));
    assert_string_equal(out, "2001:db8::1");
    assert_false(proxies_client(&p, BYTES_LIT("1.2.3.4, junk"), out));
    assert_false(proxies_client(&p, BYTES_LIT("10.1.1.1"), out));
    assert_false(proxies_client(&p, (struct bytes){0}, out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_contain),
        cmocka_unit_test(test_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
