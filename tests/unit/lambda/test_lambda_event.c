/* API Gateway's events as requests: what is taken from either payload, and what is refused. */
#include "events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;
static json_t *event;
static struct lambda_request request;
static const char *fault;

static int teardown(void **state)
{
    (void)state;
    json_decref(event);
    event = NULL;
    arena_fini(&arena);
    return 0;
}

static bool read_event(const char *text, const char *stage_prefix)
{
    json_decref(event);
    event = events_parse(&arena, text);
    return lambda_event_read(event, stage_prefix, &arena, &request, &fault);
}

/* Members behind the ones that every event has. */
static bool read_1(const char *path, const char *members)
{
    return read_event(arena_printf(&arena,
                                   "{'httpMethod':'GET','path':'%s','requestContext':{"
                                   "'identity':{'sourceIp':'203.0.113.7'}}%s}",
                                   path, members),
                      "");
}

static bool read_2(const char *path, const char *query, const char *members)
{
    return read_event(arena_printf(&arena,
                                   "{'version':'2.0','rawPath':'%s','rawQueryString':'%s',"
                                   "'requestContext':{'http':{'method':'POST',"
                                   "'sourceIp':'2001:db8::7'}}%s}",
                                   path, query, members),
                      "/prod");
}

static void expect_header(const char *name, const char *value)
{
    bool found;
    struct bytes got = lambda_request_header(&request, name, &found);
    assert_int_equal(found, value != NULL);
    assert_true(bytes_equal_str(got, value == NULL ? "" : value));
}

static void test_payload_1(void **state)
{
    (void)state;
    assert_true(read_1("/v1/letters",
                       ",'headers':{'Accept':'last'},'multiValueHeaders':{'ACCEPT':['a','b'],"
                       "'X-One':[' v ']},'queryStringParameters':{'q':'last'},"
                       "'multiValueQueryStringParameters':{'q':['a b+c&d','\xc3\xa9'],'':['']},"
                       "'body':'text','isBase64Encoded':false"));
    assert_int_equal(request.payload, LAMBDA_PAYLOAD_1);
    assert_int_equal(request.refusal, ERR_OK);
    assert_int_equal(request.method, API_GET);
    assert_string_equal(request.target, "/v1/letters?q=a%20b%2Bc%26d&q=%C3%A9&=");
    assert_string_equal(request.client_address, "203.0.113.7");
    expect_header("accept", "a");
    expect_header("x-one", "v");
    expect_header("x-two", NULL);
    assert_true(bytes_equal_str(request.body, "text"));
}

static void test_payload_2(void **state)
{
    (void)state;
    assert_true(read_2("/prod/v1/people", "q=a%20b&w=1+2",
                       ",'headers':{'content-type':'a/b'},'cookies':['a=1','b=2'],"
                       "'queryStringParameters':{'q':'not this'},"
                       "'body':'AAH/','isBase64Encoded':true"));
    assert_int_equal(request.payload, LAMBDA_PAYLOAD_2);
    assert_int_equal(request.method, API_POST);
    assert_string_equal(request.target, "/v1/people?q=a%20b&w=1+2");
    assert_string_equal(request.client_address, "2001:db8::7");
    expect_header("Content-Type", "a/b");
    expect_header("cookie", "a=1; b=2");
    assert_true(bytes_equal(request.body, BYTES_LIT("\x00\x01\xff")));
}

static void test_maps_may_be_null_absent_or_empty(void **state)
{
    (void)state;
    static const char *const members[] = {
        "",
        ",'headers':null,'multiValueHeaders':null,'queryStringParameters':null,"
        "'multiValueQueryStringParameters':null,'cookies':null,'body':null,'stageVariables':null",
        ",'headers':{},'multiValueHeaders':{},'queryStringParameters':{},"
        "'multiValueQueryStringParameters':{},'cookies':[],'body':''",
    };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        assert_true(read_1("/", members[i]));
        assert_string_equal(request.target, "/");
        assert_int_equal(request.header_count, 0);
        assert_int_equal(request.body.n, 0);
        assert_true(read_2("/prod", "", members[i]));
        assert_string_equal(request.target, "/");
        assert_int_equal(request.header_count, 0);
    }
    /* As a test event of the console may have it. */
    assert_true(read_1("/", ",'headers':{'A':'1'},'multiValueHeaders':{},"
                            "'queryStringParameters':{'b':'2'}"));
    expect_header("a", "1");
    assert_string_equal(request.target, "/?b=2");
}

static void test_paths(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *target;
    } cases[] = {
        {"/prod/v1/x", "/v1/x"},
        {"/prod", "/"},
        {"/production/x", "/production/x"},
        {"/v1/x", "/v1/x"},
        {"", "/"},
        {"/a b/%20/%zz/%", "/a%20b/%20/%25zz/%25"},
        {"/a?b#c", "/a%3Fb%23c"},
        {"/\xc3\xa9", "/%C3%A9"},
        {"/a\\u0000b", "/a%00b"},
        {"/a\\nb", "/a%0Ab"},
        {"none", "none"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(read_2(cases[i].path, "", ""));
        assert_string_equal(request.target, cases[i].target);
    }
    assert_true(read_2("/prod/a", "x=#&y=%&z=\\u00e9", ""));
    assert_string_equal(request.target, "/a?x=%23&y=%25&z=%C3%A9");
}

static void test_cookies_of_several_lines_are_one(void **state)
{
    (void)state;
    assert_true(read_1("/", ",'multiValueHeaders':{'Cookie':['a=1','b=2; c=3'],'A':['x']}"));
    expect_header("cookie", "a=1; b=2; c=3");
    expect_header("a", "x");
    assert_true(read_1("/", ",'multiValueHeaders':{'Cookie':['a=1'],'cookie':['b=2']}"));
    expect_header("cookie", "a=1; b=2");
}

static void expect_refusal(bool read, enum err refusal)
{
    assert_true(read);
    assert_int_equal(request.refusal, refusal);
    assert_non_null(request.target);
}

static const char *many(const char *unit, size_t count)
{
    struct buffer text;
    buffer_init(&text, 1u << 20);
    for (size_t i = 0; i < count; i++)
        buffer_append_str(&text, unit);
    const char *copy = arena_str(&arena, buffer_bytes(&text));
    buffer_fini(&text);
    return copy;
}

static void test_what_a_client_does_wrong_is_refused(void **state)
{
    (void)state;
    expect_refusal(read_event("{'httpMethod':'TRACE','path':'/','requestContext':{}}", ""),
                   ERR_METHOD_NOT_ALLOWED);
    expect_refusal(read_event("{'httpMethod':'get','path':'/','requestContext':{}}", ""),
                   ERR_METHOD_NOT_ALLOWED);
    expect_refusal(read_1(many("/aaaaaaa", 4096), ""), ERR_URI_TOO_LONG);
    expect_refusal(read_1("/", ",'headers':{'a':'x\\u0000y'}"), ERR_INVALID_REQUEST);
    expect_refusal(read_1("/", ",'headers':{'a':'x\\r\\nb: y'}"), ERR_INVALID_REQUEST);
    expect_refusal(
        read_1("/", arena_printf(&arena, ",'multiValueHeaders':{'a':['1'%s]}", many(",'2'", 128))),
        ERR_HEADERS_TOO_LARGE);
    expect_refusal(
        read_2("/", "", arena_printf(&arena, ",'cookies':['a=%s','b']", many("0123456789", 1640))),
        ERR_HEADERS_TOO_LARGE);
    expect_refusal(
        read_1("/", arena_printf(&arena, ",'multiValueHeaders':{'a':['1'%s]}", many(",'2'", 127))),
        ERR_OK);
}

static void test_what_api_gateway_does_not_send_is_no_event(void **state)
{
    (void)state;
    static const char *const members_1[] = {
        ",'headers':[]",
        ",'headers':{'a':1}",
        ",'headers':{'a':null}",
        ",'multiValueHeaders':{'a':[null]}",
        ",'multiValueHeaders':{'a':{}}",
        ",'queryStringParameters':'a=b'",
        ",'queryStringParameters':{'a':1}",
        ",'multiValueQueryStringParameters':{'a':[1]}",
        ",'cookies':'a=b'",
        ",'cookies':[1]",
        ",'body':{}",
        ",'body':'AA','isBase64Encoded':true",
        ",'body':'A*==','isBase64Encoded':true",
    };
    for (size_t i = 0; i < sizeof members_1 / sizeof members_1[0]; i++)
        assert_false(read_1("/", members_1[i]));
    static const char *const whole[] = {
        "{'httpMethod':'GET','requestContext':{}}",
        "{'httpMethod':'GET','path':null,'requestContext':{}}",
        "{'path':'/','requestContext':{}}",
        "{'version':'2.0','rawPath':'/','requestContext':{}}",
        "{'version':'2.0','rawPath':'/','requestContext':{'http':{'method':1}}}",
        "{'version':'2.0','requestContext':{'http':{'method':'GET'}}}",
    };
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
        assert_false(read_event(whole[i], ""));
        assert_non_null(fault);
    }
}

static void test_requests_are_told_from_other_events(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_request;
    } cases[] = {
        {"{'requestContext':{},'httpMethod':'GET'}", true},
        {"{'requestContext':{},'rawPath':'/'}", true},
        {"{'requestContext':{},'httpMethod':7}", false},
        {"{'requestContext':null,'httpMethod':'GET'}", false},
        {"{'httpMethod':'GET'}", false},
        {"{'Records':[]}", false},
        {"{}", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *object = events_parse(&arena, cases[i].text);
        assert_int_equal(lambda_event_is_request(object), cases[i].is_request);
        json_decref(object);
    }
    assert_false(lambda_event_is_request(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_payload_1, teardown),
        cmocka_unit_test_teardown(test_payload_2, teardown),
        cmocka_unit_test_teardown(test_maps_may_be_null_absent_or_empty, teardown),
        cmocka_unit_test_teardown(test_paths, teardown),
        cmocka_unit_test_teardown(test_cookies_of_several_lines_are_one, teardown),
        cmocka_unit_test_teardown(test_what_a_client_does_wrong_is_refused, teardown),
        cmocka_unit_test_teardown(test_what_api_gateway_does_not_send_is_no_event, teardown),
        cmocka_unit_test_teardown(test_requests_are_told_from_other_events, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
