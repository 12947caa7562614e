/* Finding routes: patterns, methods, strict decoding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/reply.h"
#include "rig.h"

#include <string.h>

static enum api_next show(struct api_call *call)
{
    json_t *value = json_object();
    json_object_set_new(value, "pattern", json_string(call->route->pattern));
    if (call->params[0].n > 0)
        json_object_set_new(value, "param", json_from_bytes(call->params[0]));
    struct bytes q;
    if (router_query(call, "q", &q))
        json_object_set_new(value, "q", json_from_bytes(q));
    return reply_json(call, 200, value);
}

static const struct api_route rows[] = {
    {.method = API_GET, .pattern = "/v1/things", .handle = show},
    {.method = API_POST, .pattern = "/v1/things", .handle = show},
    {.method = API_GET, .pattern = "/v1/things/{id}", .handle = show},
    {.method = API_DELETE, .pattern = "/v1/things/{id}", .handle = show},
    {.method = API_GET, .pattern = "/v1/things/unread", .handle = show},
    {.method = API_GET, .pattern = "/v1/things/{id}/content", .handle = show},
};
static const struct api_routes table = {rows, sizeof rows / sizeof rows[0]};

static struct rig rig;

static int setup(void **state)
{
    (void)state;
    rig_init(&rig, &table);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_fini(&rig);
    return 0;
}

/* The reply's string member name, or "". */
static const char *member(const char *name)
{
    json_t *document = json_parse_object(buffer_bytes(&rig.call.reply.body));
    struct bytes value = {0};
    (void)json_get_bytes(document, name, &value);
    const char *text = arena_str(&rig.call.arena, value);
    json_decref(document);
    return text;
}

static void test_matches(void **state)
{
    (void)state;
    static const struct {
        enum api_method method;
        const char *target;
        const char *pattern;
        const char *param;
    } cases[] = {
        {API_GET, "/v1/things", "/v1/things", ""},
        {API_HEAD, "/v1/things", "/v1/things", ""},
        {API_GET, "/v1/thing%73", "/v1/things", ""},
        {API_GET, "/v1/things/unread", "/v1/things/unread", ""},
        {API_GET, "/v1/things/x", "/v1/things/{id}", "x"},
        {API_GET, "/v1/things/%c3%A9", "/v1/things/{id}", "\xc3\xa9"},
        {API_GET, "/v1/things/a+b", "/v1/things/{id}", "a+b"},
        {API_GET, "/v1/things/x/content?a=b", "/v1/things/{id}/content", "x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(rig_call(&rig, cases[i].method, cases[i].target, ""), 200);
        assert_string_equal(member("pattern"), cases[i].pattern);
        assert_string_equal(member("param"), cases[i].param);
    }
}

static void test_nothing_there(void **state)
{
    (void)state;
    static const char *const targets[] = {
        "/",           "/v1",        "/v1/",          "/v1/things/",        "/v1/things//content",
        "//v1/things", "/V1/things", "/v1/things/x/", "/v1/things/x/other", "/v1/a/b/c/d/e/f/g/h",
    };
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        assert_int_equal(rig_call(&rig, API_GET, targets[i], ""), 404);
        assert_string_equal(rig_problem(&rig), "not_found");
    }
}

static void test_methods(void **state)
{
    (void)state;
    assert_int_equal(rig_call(&rig, API_PUT, "/v1/things", ""), 405);
    assert_string_equal(rig_problem(&rig), "method_not_allowed");
    assert_string_equal(rig_reply_header(&rig, "allow"), "GET, HEAD, POST, OPTIONS");
    /* The more exact pattern counts, though another one would take the method. */
    assert_int_equal(rig_call(&rig, API_DELETE, "/v1/things/unread", ""), 405);
    assert_string_equal(rig_reply_header(&rig, "allow"), "GET, HEAD, OPTIONS");
    assert_int_equal(rig_call(&rig, API_OPTIONS, "/v1/things/x", ""), 204);
    assert_string_equal(rig_reply_header(&rig, "allow"), "GET, HEAD, DELETE, OPTIONS");
}

static void test_malformed_targets(void **state)
{
    (void)state;
    static const char *const targets[] = {
        "",
        "v1/things",
        "*",
        "http://localhost/v1/things",
        "/v1/things/%",
        "/v1/things/%4",
        "/v1/things/%zz",
        "/v1/things/%00",
        "/v1/things/a%2fb",
        "/v1/things/%ff",
        "/v1/things#x",
        "/v1/th\xc3\xa9",
        "/v1/things?q=%",
        "/v1/things?q=%00",
        "/v1/things?q=%c3%28",
        "/v1/things?q=1&q=2",
        "/v1/things?q=1&%71=2",
        "/v1/things?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&r",
    };
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        assert_int_equal(rig_call(&rig, API_GET, targets[i], ""), 400);
        assert_string_equal(rig_problem(&rig), "invalid_request");
    }
}

static void test_query(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        const char *q;
    } cases[] = {
        {"/v1/things?q=a+b%26c", "a b&c"},
        {"/v1/things?other=1&q=x=y&", "x=y"},
        {"/v1/things?&&q", ""},
        {"/v1/things?", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(rig_call(&rig, API_GET, cases[i].target, ""), 200);
        assert_string_equal(member("q"), cases[i].q);
    }
}

static void test_long_target(void **state)
{
    (void)state;
    static char target[ROUTER_TARGET_MAX_BYTES + 2];
    memset(target, 'a', sizeof target - 1);
    target[0] = '/';
    assert_int_equal(rig_call(&rig, API_GET, target, ""), 414);
    assert_string_equal(rig_problem(&rig), "uri_too_long");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matches), cmocka_unit_test(test_nothing_there),
        cmocka_unit_test(test_methods), cmocka_unit_test(test_malformed_targets),
        cmocka_unit_test(test_query),   cmocka_unit_test(test_long_target),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
