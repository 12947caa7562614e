/* The life of a call: who may make it, what body it takes, what every reply carries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/cookies.h"
#include "api/fields.h"
#include "api/reply.h"
#include "base/clock.h"
#include "rig.h"

#include <string.h>

#define ID "id-token"
#define ACCESS "access-token"

static enum api_next done(struct api_call *call)
{
    return reply_done(call);
}

static enum api_next read_fields(struct api_call *call)
{
    struct fields fields = fields_open(call);
    struct bytes name = fields_text(&fields, "name", 8);
    struct bytes nick = fields_optional_text(&fields, "nick", 8);
    int64_t age = fields_optional_int(&fields, "age", 0, 150, -1);
    bool kind = fields_optional_bool(&fields, "kind", true);
    json_t *value = NULL;
    if (fields.e == ERR_OK)
        value = json_pack("{s:i,s:i,s:I,s:b}", "name", (int)name.n, "nick", (int)nick.n, "age",
                          (json_int_t)age, "kind", kind);
    enum err e = fields.e;
    fields_close(&fields);
    return e == ERR_OK ? reply_json(call, 200, value) : api_call_refuse(call, e);
}

static enum api_next give_cookies(struct api_call *call)
{
    const struct identity_grant grant = {
        .id_token = BYTES_LIT("i"),
        .access_token = BYTES_LIT("a"),
        .refresh_token = BYTES_LIT("r"),
        .expires_in_s = 3600,
        .refresh_expires_s = 86400,
    };
    cookies_set(call, &grant);
    return reply_done(call);
}

static enum api_next refuse_later(struct api_call *call)
{
    call->ctx.retry_after_s = 17;
    return api_call_refuse(call, ctx_fail(&call->ctx, ERR_RATE_LIMITED, "Only five an hour."));
}

static const struct api_route rows[] = {
    {.method = API_GET, .pattern = "/open", .handle = done},
    {.method = API_GET, .pattern = "/any", .auth = API_AUTH_ANY, .handle = done},
    {.method = API_POST, .pattern = "/any", .auth = API_AUTH_ANY, .handle = done},
    {.method = API_POST, .pattern = "/id", .auth = API_AUTH_ID, .handle = done},
    {.method = API_POST, .pattern = "/json", .body_max = 64, .json = true, .handle = read_fields},
    {.method = API_POST, .pattern = "/cookies", .handle = give_cookies},
    {.method = API_GET, .pattern = "/limited", .handle = refuse_later},
    {.method = API_GET,
     .pattern = "/inline",
     .auth = API_AUTH_ANY,
     .where = API_INLINE,
     .handle = done},
};
static const struct api_routes table = {rows, sizeof rows / sizeof rows[0]};

static struct rig rig;

static int setup(void **state)
{
    (void)state;
    rig_init(&rig, &table);
    rig_admit(&rig, ID, ACTOR_ID);
    rig_admit(&rig, ACCESS, ACTOR_ACCESS);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_fini(&rig);
    return 0;
}

static void expect_problem(unsigned got, unsigned status, const char *code)
{
    assert_int_equal(got, status);
    assert_string_equal(rig_problem(&rig), code);
    assert_string_equal(rig_reply_header(&rig, "Content-Type"), "application/problem+json");
}

static void test_every_reply_is_guarded(void **state)
{
    (void)state;
    static const char *const targets[] = {"/open", "/nothing", "/limited", "/any"};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        (void)rig_call(&rig, API_GET, targets[i], "");
        assert_string_equal(rig_reply_header(&rig, "X-Request-Id"), rig.call.ctx.request_id);
        assert_string_equal(rig_reply_header(&rig, "Cache-Control"), "no-store");
        assert_string_equal(rig_reply_header(&rig, "X-Content-Type-Options"), "nosniff");
        assert_non_null(rig_reply_header(&rig, "Content-Security-Policy"));
        assert_non_null(rig_reply_header(&rig, "Referrer-Policy"));
    }
}

static void test_problem_documents(void **state)
{
    (void)state;
    expect_problem(rig_call(&rig, API_GET, "/limited", ""), 429, "rate_limited");
    assert_string_equal(rig_reply_header(&rig, "Retry-After"), "17");
    json_t *document = json_parse_object(buffer_bytes(&rig.call.reply.body));
    struct bytes text;
    assert_true(json_get_bytes(document, "detail", &text));
    assert_true(bytes_equal_str(text, "Only five an hour."));
    assert_true(json_get_bytes(document, "request_id", &text));
    assert_true(bytes_equal_str(text, rig.call.ctx.request_id));
    assert_true(json_get_bytes(document, "type", &text));
    assert_true(bytes_equal_str(text, "/problems/rate_limited"));
    int64_t status = 0;
    assert_true(json_get_int(document, "status", &status));
    assert_int_equal(status, 429);
    json_decref(document);
}

static void test_bearer(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        unsigned any, id;
    } cases[] = {
        {"Bearer " ID, 204, 204},
        {"bearer " ID, 204, 204},
        {"Bearer  " ACCESS " ", 204, 403},
        {"Bearer " ACCESS, 204, 403},
        {"Bearer", 401, 401},
        {"Bearer ", 401, 401},
        {"Bearer unknown", 401, 401},
        {"Bearer eyJhbGciOiJub25lIn0.e30.", 401, 401},
        {"Basic " ID, 401, 401},
        {ID, 401, 401},
        {"", 401, 401},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rig_header(&rig, "authorization", cases[i].value);
        assert_int_equal(rig_call(&rig, API_POST, "/any", ""), cases[i].any);
        rig_header(&rig, "authorization", cases[i].value);
        assert_int_equal(rig_call(&rig, API_POST, "/id", ""), cases[i].id);
        if (cases[i].id == 403)
            assert_string_equal(rig_problem(&rig), "id_token_required");
        if (cases[i].id == 401)
            assert_string_equal(rig_reply_header(&rig, "WWW-Authenticate"),
                                "Bearer realm=\"letterlock\"");
    }
    /* A wrong header is not saved by right cookies. */
    rig_header(&rig, "authorization", "Basic x");
    rig_header(&rig, "cookie", "id=" ID);
    expect_problem(rig_call(&rig, API_GET, "/any", ""), 401, "unauthenticated");
}

static void test_cookies(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        bool secure;
        unsigned status;
    } cases[] = {
        {"id=" ID, false, 204},
        {"access=" ACCESS, false, 204},
        {"a=b; id=" ID "; access=" ACCESS, false, 204},
        {"a=b;id=" ID, false, 204},
        {"__Host-id=" ID, true, 204},
        {"__Host-access=" ACCESS, true, 204},
        {"id=" ID, true, 401}, /* could be planted by a neighbour */
        {"__Host-id=" ID, false, 401},
        {"id=" ID "; id=" ID, false, 401},
        {"id=", false, 401},
        {"ID=" ID, false, 401},
        {"refresh=" ID, false, 401},
        {";;;=;", false, 401},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rig.call.secure = cases[i].secure;
        rig_header(&rig, "cookie", cases[i].value);
        assert_int_equal(rig_call(&rig, API_GET, "/any", ""), cases[i].status);
    }
    rig.call.secure = false;
}

static void test_origin_of_changes(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
        unsigned status;
    } cases[] = {
        {"origin", "http://localhost:3000", 204},
        {"origin", "http://127.0.0.1:3000", 204}, /* the very host that was asked */
        {"origin", "https://127.0.0.1:3000", 403},
        {"origin", "http://localhost:3001", 403},
        {"origin", "http://localhost", 403},
        {"origin", "http://localhost:3000.evil.example", 403},
        {"origin", "https://evil.example", 403},
        {"origin", "null", 403},
        {"origin", "", 403},
        {"sec-fetch-site", "same-origin", 204},
        {"sec-fetch-site", "none", 204},
        {"sec-fetch-site", "same-site", 403},
        {"sec-fetch-site", "cross-site", 403},
        {"x-other", "", 403},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rig_header(&rig, "cookie", "id=" ID);
        rig_header(&rig, "host", "127.0.0.1:3000");
        rig_header(&rig, cases[i].name, cases[i].value);
        assert_int_equal(rig_call(&rig, API_POST, "/id", ""), cases[i].status);
        if (cases[i].status == 403)
            assert_string_equal(rig_problem(&rig), "origin_refused");
    }
    /* Reading needs no origin, and a bearer token is no cookie. */
    rig_header(&rig, "cookie", "id=" ID);
    assert_int_equal(rig_call(&rig, API_GET, "/any", ""), 204);
    rig_header(&rig, "authorization", "Bearer " ID);
    rig_header(&rig, "origin", "https://evil.example");
    assert_int_equal(rig_call(&rig, API_POST, "/id", ""), 204);
}

static void test_cors(void **state)
{
    (void)state;
    rig_header(&rig, "origin", "https://app.example.org");
    assert_int_equal(rig_call(&rig, API_GET, "/open", ""), 204);
    assert_null(rig_reply_header(&rig, "Access-Control-Allow-Origin"));

    rig.config.allowed_origin = "https://app.example.org";
    rig_header(&rig, "origin", "https://app.example.org");
    assert_int_equal(rig_call(&rig, API_GET, "/nothing", ""), 404);
    assert_string_equal(rig_reply_header(&rig, "Access-Control-Allow-Origin"),
                        "https://app.example.org");
    assert_string_equal(rig_reply_header(&rig, "Vary"), "Origin");

    rig_header(&rig, "origin", "https://evil.example.org");
    assert_int_equal(rig_call(&rig, API_GET, "/open", ""), 204);
    assert_null(rig_reply_header(&rig, "Access-Control-Allow-Origin"));
    assert_string_equal(rig_reply_header(&rig, "Vary"), "Origin");

    rig_header(&rig, "origin", "https://app.example.org");
    rig_header(&rig, "access-control-request-method", "POST");
    assert_int_equal(rig_call(&rig, API_OPTIONS, "/id", ""), 204);
    assert_non_null(strstr(rig_reply_header(&rig, "Access-Control-Allow-Methods"), "POST"));
    assert_null(rig_reply_header(&rig, "Allow"));

    rig_header(&rig, "cookie", "id=" ID);
    rig_header(&rig, "origin", "https://app.example.org");
    assert_int_equal(rig_call(&rig, API_POST, "/id", ""), 204);
    rig.config.allowed_origin = "";
}

static void test_set_cookie(void **state)
{
    (void)state;
    assert_int_equal(rig_call(&rig, API_POST, "/cookies", ""), 204);
    assert_string_equal(rig_reply_header(&rig, "Set-Cookie"),
                        "id=i; Path=/; Max-Age=3600; HttpOnly; SameSite=Strict");
    rig.call.secure = true;
    assert_int_equal(rig_call(&rig, API_POST, "/cookies", ""), 204);
    const struct api_reply *reply = &rig.call.reply;
    assert_string_equal(reply->headers[reply->header_count - 1].value,
                        "__Host-refresh=r; Path=/; Max-Age=86400; HttpOnly; SameSite=Strict; "
                        "Secure");
    rig.call.secure = false;
}

static void test_media_types(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        unsigned status;
    } cases[] = {
        {"application/json", 200},
        {"Application/JSON; charset=UTF-8", 200},
        {"application/json;charset=\"utf-8\"", 200},
        {"application/json;", 200},
        {"application/json; charset=latin1", 415},
        {"application/jsonx", 415},
        {"text/plain", 415},
        {"application/x-www-form-urlencoded", 415},
        {"", 415},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rig_header(&rig, "content-type", cases[i].value);
        assert_int_equal(rig_call(&rig, API_POST, "/json", "{\"name\":\"x\"}"), cases[i].status);
    }
    expect_problem(rig_call(&rig, API_POST, "/json", "{\"name\":\"x\"}"), 415,
                   "unsupported_media_type");
}

static void test_lengths(void **state)
{
    (void)state;
    rig_header(&rig, "content-type", "application/json");
    expect_problem(rig_call(&rig, API_POST, "/json",
                            "{\"name\":\"x\",\"more\":\"0123456789012345678901234567890123456789"
                            "0123456789\"}"),
                   413, "body_too_large");
    rig_header(&rig, "authorization", "Bearer " ID);
    expect_problem(rig_call(&rig, API_POST, "/id", "{}"), 413, "body_too_large");
    /* Who may not call at all learns just that. */
    expect_problem(rig_call(&rig, API_POST, "/id", "{}"), 401, "unauthenticated");
}

static void test_fields(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *code; /* NULL: accepted */
    } cases[] = {
        {"{\"name\":\"x\",\"nick\":null,\"unknown\":[1]}", NULL},
        {"{\"name\":\"12345678\",\"age\":150,\"kind\":false}", NULL},
        {"", "invalid_json"},
        {"[]", "invalid_json"},
        {"{", "invalid_json"},
        {"{}{}", "invalid_json"},
        {"\xff", "invalid_json"},
        {"{\"name\":\"a\",\"name\":\"b\"}", "invalid_json"},
        {"{\"name\":\"a\\u0000\"}", "invalid_json"},
        {"{}", "missing_field"},
        {"{\"name\":null}", "missing_field"},
        {"{\"name\":\"\"}", "invalid_field"},
        {"{\"name\":5}", "invalid_field"},
        {"{\"name\":\"123456789\"}", "invalid_field"},
        {"{\"name\":\"x\",\"nick\":{}}", "invalid_field"},
        {"{\"name\":\"x\",\"age\":151}", "invalid_field"},
        {"{\"name\":\"x\",\"age\":1.0}", "invalid_field"},
        {"{\"name\":\"x\",\"kind\":1}", "invalid_field"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rig_header(&rig, "content-type", "application/json");
        unsigned status = rig_call(&rig, API_POST, "/json", cases[i].body);
        if (cases[i].code == NULL)
            assert_int_equal(status, 200);
        else
            expect_problem(status, 400, cases[i].code);
    }
    assert_non_null(strstr(rig.call.ctx.detail, "kind"));
}

static void test_inline(void **state)
{
    (void)state;
    rig_header(&rig, "authorization", "Bearer " ID);
    assert_int_equal(rig_call(&rig, API_GET, "/inline", ""), 204);
    assert_true(api_call_inline(&rig.call, 0));
    rig.ports.records.nonblocking = false;
    assert_false(api_call_inline(&rig.call, 0));
    rig.ports.records.nonblocking = true;
    rig_header(&rig, "authorization", "Bearer " ID);
    assert_int_equal(rig_call(&rig, API_GET, "/any", ""), 204);
    assert_true(rig.call.route->where == API_WORKER && !api_call_inline(&rig.call, 0));
}

static void test_no_deadline_is_later_than_the_transports(void **state)
{
    (void)state;
    struct api_call *call = &rig.call;
    int64_t latest = clock_mono_ms() + 100;
    assert_int_equal(rig_call(&rig, API_GET, "/open", ""), 204);
    api_call_extend(call);
    assert_true(call->ctx.deadline_mono_ms > latest);
    api_call_limit(call, latest);
    assert_int_equal(call->ctx.deadline_mono_ms, latest);
    api_call_extend(call);
    assert_int_equal(call->ctx.deadline_mono_ms, latest);
    api_call_limit(call, INT64_MAX);
    assert_int_equal(call->ctx.deadline_mono_ms, latest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_reply_is_guarded),
        cmocka_unit_test(test_problem_documents),
        cmocka_unit_test(test_bearer),
        cmocka_unit_test(test_cookies),
        cmocka_unit_test(test_origin_of_changes),
        cmocka_unit_test(test_cors),
        cmocka_unit_test(test_set_cookie),
        cmocka_unit_test(test_media_types),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_inline),
        cmocka_unit_test(test_no_deadline_is_later_than_the_transports),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
