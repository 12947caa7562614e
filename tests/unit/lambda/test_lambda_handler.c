/* Events through an API with routes of every kind: in memory, later, produced, streamed. */
#include "events.h"
#include "lambda/lambda_handler.h"
#include "lambda/lambda_reply.h"
#include "lambda/lambda_runtime.h"
#include "rig.h"

#include "api/reply.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/threads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ID "id-token"
#define LARGE_BYTES 3000000 /* several reads of a source */
#define SUB "7d444840-9dc0-41d1-b245-5ffdce74fad2"
#define DEADLINE_MS 2000

static struct rig rig;
static struct arena arena;
static struct buffer out;
static struct lambda_error error;
static struct thread later;

/* --- routes --- */

static enum api_next whoami(struct api_call *call)
{
    return reply_json(call, 200, json_pack("{s:s}", "username", call->actor.username));
}

static enum api_next count_body(struct api_call *call)
{
    return reply_json(call, 200, json_pack("{s:i}", "bytes", (int)call->body.n));
}

static void reply_later(void *arg)
{
    struct api_call *call = arg;
    (void)reply_json(call, 201, json_object());
    call->transport->resume(call->transport_self);
}

static enum api_next answer_later(struct api_call *call)
{
    thread_start(&later, "later", reply_later, call);
    return API_LATER;
}

/* Produces `left` bytes; then a failure if there is one. */
struct produced {
    struct api_source source;
    size_t left;
    enum err e;
};

static enum err produce(struct api_source *source, struct ctx *ctx, uint8_t *data, size_t n,
                        size_t *got)
{
    struct produced *produced = (struct produced *)source;
    assert_true(ctx_left_ms(ctx) <= DEADLINE_MS);
    *got = n < produced->left ? n : produced->left;
    memset(data, 'x', *got);
    produced->left -= *got;
    return *got == 0 ? produced->e : ERR_OK;
}

static void produced_close(struct api_source *source)
{
    mem_free(source);
}

static bool never_arm(struct api_source *source, void (*wake)(void *arg), void *arg)
{
    (void)source;
    (void)wake;
    (void)arg;
    return true;
}

/* /source?bytes=N&size=N&ranges=1&fails=1&events=1 */
static enum api_next answer_source(struct api_call *call)
{
    struct bytes text;
    uint64_t bytes = 0;
    uint64_t size = 0;
    struct produced *produced = mem_alloc(sizeof *produced);
    produced->source = (struct api_source){.read = produce, .close = produced_close};
    api_call_extend(call);
    if (router_query(call, "bytes", &text) && bytes_to_u64(text, INT64_MAX, &bytes))
        produced->left = bytes;
    if (router_query(call, "size", &text) && bytes_to_u64(text, INT64_MAX, &size))
        call->reply.source_size = (int64_t)size;
    if (router_query(call, "fails", &text))
        produced->e = ERR_LETTER_DAMAGED;
    if (router_query(call, "events", &text))
        produced->source.arm = never_arm;
    if (router_query(call, "ranges", &text))
        api_call_header(call, "Accept-Ranges", "bytes");
    call->reply.source = &produced->source;
    call->reply.status = 200;
    api_call_header(call, "Content-Type", "application/octet-stream");
    return API_REPLY;
}

static const struct api_route rows[] = {
    {.method = API_GET, .pattern = "/me", .auth = API_AUTH_ANY, .handle = whoami},
    {.method = API_POST, .pattern = "/count", .body_max = 64, .handle = count_body},
    {.method = API_POST, .pattern = "/later", .handle = answer_later},
    {.method = API_GET, .pattern = "/source", .handle = answer_source},
};
static const struct api_routes table = {rows, sizeof rows / sizeof rows[0]};

/* --- triggers --- */

static struct {
    unsigned count;
    char username[64];
    char email[64];
    enum err e;
} confirmed;

static enum err note_confirmed(void *arg, struct ctx *ctx, const struct uuid *user_id,
                               struct bytes username, struct bytes email)
{
    char id[UUID_TEXT_BYTES];
    (void)arg;
    (void)ctx;
    uuid_format(user_id, id);
    assert_string_equal(id, SUB);
    confirmed.count++;
    memcpy(confirmed.username, arena_str(&arena, username), username.n + 1);
    memcpy(confirmed.email, arena_str(&arena, email), email.n + 1);
    return confirmed.e;
}

static void nothing_to_settle(void *arg, struct ctx *ctx)
{
    (void)arg;
    (void)ctx;
}

static const struct lambda_config config = {.runtime_api = "",
                                            .stage_prefix = "",
                                            .confirmed = note_confirmed,
                                            .settle = nothing_to_settle};

/* --- one event --- */

static int setup(void **state)
{
    (void)state;
    memset(&confirmed, 0, sizeof confirmed);
    rig_init(&rig, &table);
    rig.config.stream_timeout_ms = 3600000;
    rig_admit(&rig, ID, ACTOR_ID);
    buffer_init(&out, LAMBDA_PAYLOAD_MAX);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    thread_join(&later);
    later = (struct thread){0};
    buffer_fini(&out);
    rig_fini(&rig);
    arena_fini(&arena);
    return 0;
}

static bool answer(struct bytes event)
{
    struct ctx ctx;
    ctx_init(&ctx, &arena, DEADLINE_MS);
    buffer_clear(&out);
    return lambda_handler_answer(&rig.api, &config, &ctx, event, &out, &error);
}

/* Answers a request of payload 1.0 and gives the status and the body's object. */
static unsigned ask(const char *method, const char *target, const char *members, json_t **body)
{
    const char *mark = strchr(target, '?');
    struct bytes path =
        bytes_slice(bytes_of_str(target), 0, mark == NULL ? SIZE_MAX : (size_t)(mark - target));
    assert_true(answer(events_text(
        &arena, arena_printf(&arena,
                             "{'version':'2.0','rawPath':'%.*s','rawQueryString':'%s',"
                             "'requestContext':{'http':{'method':'%s'}}%s}",
                             BYTES_FMT(path), mark == NULL ? "" : mark + 1, method, members))));
    json_t *reply = json_parse_object(buffer_bytes(&out));
    assert_non_null(reply);
    int64_t status = 0;
    struct bytes text = {0};
    assert_true(json_get_int(reply, "statusCode", &status) && json_get_bytes(reply, "body", &text));
    *body = json_parse_object(text);
    json_decref(reply);
    return (unsigned)status;
}

static void expect_problem(const char *method, const char *target, const char *members,
                           unsigned status, const char *code)
{
    json_t *body;
    struct bytes got = {0};
    assert_int_equal(ask(method, target, members, &body), status);
    assert_true(json_get_bytes(body, "code", &got));
    assert_string_equal(arena_str(&arena, got), code);
    json_decref(body);
}

/* --- tests --- */

static void test_the_token_alone_tells_who_calls(void **state)
{
    (void)state;
    static const char claims[] = ",'requestContext':{'http':{'method':'GET'},'authorizer':{'jwt':{"
                                 "'claims':{'sub':'" SUB "','cognito:username':'alice'}},"
                                 "'claims':{'sub':'" SUB "'},'principalId':'alice'}}";
    json_t *body;
    struct bytes name = {0};
    assert_int_equal(ask("GET", "/me", ",'headers':{'Authorization':'Bearer " ID "'}", &body), 200);
    assert_true(json_get_bytes(body, "username", &name));
    assert_true(bytes_equal_str(name, "alice"));
    json_decref(body);
    expect_problem("GET", "/me", "", 401, "unauthenticated");
    expect_problem("GET", "/me", ",'headers':{'authorization':'Bearer other'}", 401,
                   "unauthenticated");
    /* Claims in place of a token, and beside one that does not verify. */
    for (unsigned i = 0; i < 2; i++) {
        const char *headers = i == 0 ? "" : ",'headers':{'authorization':'Bearer other'}";
        assert_true(
            answer(events_text(&arena, arena_printf(&arena, "{'version':'2.0','rawPath':'/me'%s%s}",
                                                    claims, headers))));
        assert_true(bytes_starts_with(buffer_bytes(&out), BYTES_LIT("{\"statusCode\":401,")));
    }
}

static void test_bodies(void **state)
{
    (void)state;
    json_t *body;
    int64_t n = 0;
    assert_int_equal(ask("POST", "/count", ",'body':'a\\u0000b'", &body), 200);
    assert_true(json_get_int(body, "bytes", &n) && n == 3);
    json_decref(body);
    expect_problem("POST", "/count",
                   ",'body':'0123456789012345678901234567890123456789012345678901234567890123456'",
                   413, "body_too_large");
}

static void test_a_reply_may_come_later(void **state)
{
    (void)state;
    json_t *body;
    assert_int_equal(ask("POST", "/later", "", &body), 201);
    json_decref(body);
}

static void test_sources_are_read_to_their_end(void **state)
{
    (void)state;
    json_t *body;
    assert_int_equal(ask("GET", "/source?bytes=3000000", "", &body), 200);
    assert_null(body);
    assert_true(out.n > LARGE_BYTES / 3 * 4);
    assert_int_equal(ask("GET", "/source?bytes=4194304&size=4194304", "", &body), 200);
    assert_true(out.n > LAMBDA_REPLY_BODY_MAX / 3 * 4 && out.n < LAMBDA_PAYLOAD_MAX);
    assert_int_equal(ask("HEAD", "/source?bytes=9&size=9", "", &body), 200);
    assert_true(out.n < 1024);
    expect_problem("GET", "/source?bytes=8&fails=1", "", 422, "letter_damaged");
    expect_problem("GET", "/source?bytes=8&size=9", "", 500, "internal");
}

static void test_what_does_not_fit_names_the_way(void **state)
{
    (void)state;
    expect_problem("GET", "/source?size=4194305&ranges=1", "", 413, "answer_too_large");
    assert_non_null(strstr(arena_str(&arena, buffer_bytes(&out)), "Range: bytes=0-4194303"));
    expect_problem("GET", "/source?bytes=4194305", "", 413, "answer_too_large");
    assert_non_null(strstr(arena_str(&arena, buffer_bytes(&out)), "the server itself"));
    expect_problem("GET", "/source?events=1", "", 404, "not_found");
    assert_non_null(strstr(arena_str(&arena, buffer_bytes(&out)), "/v1/letters/unread"));
}

static void test_refusals_are_answers(void **state)
{
    (void)state;
    expect_problem("GET", "/nowhere", "", 404, "not_found");
    expect_problem("PUT", "/me", "", 405, "method_not_allowed");
    expect_problem("TRACE", "/me", "", 405, "method_not_allowed");
    expect_problem("GET", "/me?x=\\u0000", "", 400, "invalid_request");
    expect_problem("GET", "none", "", 400, "invalid_request");
    expect_problem("GET", "/me", ",'headers':{'a':'\\u0000'}", 400, "invalid_request");
    /* Names with a NUL, which the event's own reader cannot take. */
    expect_problem("GET", "/me", ",'queryStringParameters':{'\\u0000':''}", 400, "invalid_request");
}

static void expect_error(const char *event, const char *type)
{
    assert_false(answer(events_text(&arena, event)));
    assert_string_equal(error.type, type);
    assert_true(error.message[0] != '\0');
}

static void test_other_events_are_errors(void **state)
{
    (void)state;
    static const char *const events[] = {
        "",
        "{",
        "[]",
        "{}",
        "null",
        "{'Records':[{'eventSource':'aws:sqs'}]}",
        "{'httpMethod':7,'requestContext':{}}",
        "{'httpMethod':'GET','requestContext':{},'path':null}",
        "{'triggerSource':9}",
        "{'triggerSource':'PreSignUp_SignUp'}",
    };
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        expect_error(events[i], "Letterlock.BadEvent");
}

#define CONFIRMED(user_name, attributes)                                                           \
    "{'version':'1','triggerSource':'PostConfirmation_ConfirmSignUp','userName':" user_name        \
    ",'request':{'userAttributes':" attributes "},'response':{}}"

static void test_a_confirmed_user_is_told_and_the_event_comes_back(void **state)
{
    (void)state;
    struct bytes event =
        events_text(&arena, CONFIRMED("'anna'", "{'sub':'" SUB "','email':'a@example.org'}"));
    assert_true(answer(event));
    assert_true(bytes_equal(buffer_bytes(&out), event));
    assert_string_equal(confirmed.username, "anna");
    assert_string_equal(confirmed.email, "a@example.org");
    assert_true(answer(events_text(&arena, CONFIRMED("'anna'", "{'sub':'" SUB "'}"))));
    assert_string_equal(confirmed.email, "");
    assert_int_equal(confirmed.count, 2);
    confirmed.e = ERR_UNAVAILABLE;
    expect_error(CONFIRMED("'anna'", "{'sub':'" SUB "'}"), "Letterlock.ProvisioningFailed");
}

static void test_wrong_shapes_of_the_trigger_are_errors(void **state)
{
    (void)state;
    static const char *const events[] = {
        CONFIRMED("'anna'", "{}"),
        CONFIRMED("'anna'", "null"),
        CONFIRMED("'anna'", "{'sub':'no-uuid'}"),
        CONFIRMED("'anna'", "{'sub':'" SUB "','email':7}"),
        CONFIRMED("''", "{'sub':'" SUB "'}"),
        CONFIRMED("'an\\u0000na'", "{'sub':'" SUB "'}"),
        CONFIRMED("7", "{'sub':'" SUB "'}"),
        "{'triggerSource':'PostConfirmation_ConfirmSignUp'}",
    };
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        expect_error(events[i], "Letterlock.BadEvent");
    assert_int_equal(confirmed.count, 0);
}

static void test_a_forgotten_password_passes_untouched(void **state)
{
    (void)state;
    struct bytes event = events_text(
        &arena, "{'triggerSource':'PostConfirmation_ConfirmForgotPassword','x':[1,{'y':null}]}");
    assert_true(answer(event));
    assert_true(bytes_equal(buffer_bytes(&out), event));
    assert_int_equal(confirmed.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_token_alone_tells_who_calls, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bodies, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_reply_may_come_later, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sources_are_read_to_their_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_does_not_fit_names_the_way, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals_are_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_other_events_are_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_confirmed_user_is_told_and_the_event_comes_back,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_shapes_of_the_trigger_are_errors, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_forgotten_password_passes_untouched, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
