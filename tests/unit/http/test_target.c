#include "http/target.h"

#include "http/web_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void check_origin(const char *raw, const char *want)
{
    const char *origin = NULL;
    assert_int_equal(target_check(raw, &origin), ERR_OK);
    assert_string_equal(origin, want);
}

static void test_accepted(void **state)
{
    (void)state;
    check_origin("/", "/");
    check_origin("/v1/letters?box=inbox&x=%2F", "/v1/letters?box=inbox&x=%2F");
    check_origin("/a%20b/%C3%A9", "/a%20b/%C3%A9");
    check_origin("http://host:1/v1/me?x", "/v1/me?x");
    check_origin("HTTPS://host/", "/");
    struct bytes path = target_path("/a/b?c?d");
    assert_true(bytes_equal_str(path, "/a/b"));
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",         "*",     "a",           "/a b",      "/a\x01",   "/\xc3\xa9",    "/%",
        "/%4",      "/%4g",  "/%00",        "/x?y=%00",  "/a%2Fb",   "/a%2fb",       "/a#b",
        "http://",  "http:", "http://host", "http:///x", "ftp://h/", "http://h?q/x", "/x?%zz",
        "host:443", "/\x7f",
    };
    const char *origin;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(target_check(bad[i], &origin), ERR_INVALID_REQUEST);
}

static void test_length(void **state)
{
    (void)state;
    char text[TARGET_MAX_BYTES + 2];
    memset(text, 'a', sizeof text);
    text[0] = '/';
    text[TARGET_MAX_BYTES] = 0;
    const char *origin;
    assert_int_equal(target_check(text, &origin), ERR_OK);
    text[TARGET_MAX_BYTES] = 'a';
    text[TARGET_MAX_BYTES + 1] = 0;
    assert_int_equal(target_check(text, &origin), ERR_URI_TOO_LONG);
}

static bool file_path(const char *url, char out[WEB_FILES_PATH_MAX])
{
    struct buffer b;
    buffer_init(&b, WEB_FILES_PATH_MAX);
    bool ok = web_files_path(bytes_of_str(url), &b);
    if (ok)
        memcpy(out, b.p, b.n);
    buffer_fini(&b);
    return ok;
}

static void test_file_paths(void **state)
{
    (void)state;
    char path[WEB_FILES_PATH_MAX];
    assert_true(file_path("/", path));
    assert_string_equal(path, "");
    assert_true(file_path("/assets/a%20b.js", path));
    assert_string_equal(path, "assets/a b.js");
    static const char *const bad[] = {"//",    "/a//b",   "/../x",     "/a/../b", "/a/..",
                                      "/.",    "/.git/x", "/%2e%2e/x", "/a/%2E.", "/a/",
                                      "/a\\b", "/a%5cb",  "/a%0ab",    "/.env",   "/a%7f"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(file_path(bad[i], path));
    char longest[WEB_FILES_PATH_MAX + 8];
    memset(longest, 'a', sizeof longest);
    longest[0] = '/';
    longest[sizeof longest - 1] = 0;
    assert_false(file_path(longest, path));
}

static void test_accept_lists(void **state)
{
    (void)state;
    assert_true(web_files_accepts(BYTES_LIT("gzip, deflate, br"), "br"));
    assert_true(web_files_accepts(BYTES_LIT("gzip;q=0.5 , BR;q=1"), "br"));
    assert_false(web_files_accepts(BYTES_LIT("gzip, br;q=0"), "br"));
    assert_false(web_files_accepts(BYTES_LIT("gzip, br; q=0.000"), "br"));
    assert_true(web_files_accepts(BYTES_LIT("br;q=0.001"), "br"));
    assert_false(web_files_accepts(BYTES_LIT("brotli"), "br"));
    assert_false(web_files_accepts((struct bytes){0}, "br"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),     cmocka_unit_test(test_refused),
        cmocka_unit_test(test_length),       cmocka_unit_test(test_file_paths),
        cmocka_unit_test(test_accept_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
