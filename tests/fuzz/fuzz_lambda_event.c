/* Arbitrary invocations of the Lambda function: API Gateway's events of either payload, Cognito's
 * triggers, anything else. Whatever comes, the answer is one that API Gateway takes and never a
 * server's fault, or the event itself for Cognito, or an error with a type. */
#include "api/reply.h"
#include "fuzz.h"
#include "lambda/lambda_handler.h"
#include "lambda/lambda_runtime.h"
#include "rig.h"

#include <string.h>

#define DEADLINE_MS 10000

static enum api_next show(struct api_call *call)
{
    bool found = false;
    struct bytes type = call->transport->header(call->transport_self, "content-type", &found);
    struct bytes cookie = call->transport->header(call->transport_self, "cookie", &found);
    json_t *value = json_object();
    json_object_set_new(value, "type", json_from_bytes(type));
    json_object_set_new(value, "cookie", json_from_bytes(cookie));
    json_object_set_new(value, "body", json_integer((json_int_t)call->body.n));
    for (size_t i = 0; i < call->query_count; i++)
        fuzz_require(bytes_is_utf8(call->query[i].name) && bytes_is_utf8(call->query[i].value));
    return reply_json(call, 200, value);
}

/* Gives the body back, called text or not. */
static enum api_next echo(struct api_call *call)
{
    buffer_append(&call->reply.body, call->body);
    call->reply.status = 200;
    api_call_header(call, "Content-Type", call->query_count > 0 ? "text/plain" : "image/png");
    api_call_header(call, "Set-Cookie", "a=1");
    return API_REPLY;
}

static const struct api_route rows[] = {
    {.method = API_GET, .pattern = "/a/{x}", .handle = show},
    {.method = API_GET, .pattern = "/b", .auth = API_AUTH_ANY, .handle = show},
    {.method = API_POST, .pattern = "/echo", .body_max = 4096, .handle = echo},
};
static const struct api_routes table = {rows, sizeof rows / sizeof rows[0]};

static enum err take_confirmed(void *arg, struct ctx *ctx, const struct uuid *user_id,
                               struct bytes username, struct bytes email)
{
    (void)arg;
    (void)ctx;
    (void)user_id;
    fuzz_require(username.n > 0 && bytes_find(username, '\0', 0) == SIZE_MAX);
    fuzz_require(bytes_find(email, '\0', 0) == SIZE_MAX);
    return ERR_OK;
}

static void settle(void *arg, struct ctx *ctx)
{
    (void)arg;
    (void)ctx;
}

static void check_reply(const json_t *reply)
{
    int64_t status = 0;
    fuzz_require(json_get_int(reply, "statusCode", &status));
    fuzz_require(status == 200 || status == 204 || (status >= 400 && status < 500));
    fuzz_require(json_is_string(json_object_get(reply, "body")));
    fuzz_require(json_is_boolean(json_object_get(reply, "isBase64Encoded")));
    fuzz_require(json_is_object(json_object_get(reply, "headers")) !=
                 json_is_object(json_object_get(reply, "multiValueHeaders")));
}

static void check_answer(struct bytes answer)
{
    bool nul_in_name;
    json_t *object = json_parse_quoting(answer, &nul_in_name);
    fuzz_require(object != NULL);
    if (!json_is_string(json_object_get(object, "triggerSource")))
        check_reply(object);
    json_decref(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct rig rig;
    static const struct lambda_config config = {
        .runtime_api = "", .stage_prefix = "/prod", .confirmed = take_confirmed, .settle = settle};
    struct arena arena = {0};
    struct ctx ctx;
    struct buffer out;
    struct lambda_error error = {0};
    rig_init(&rig, &table);
    rig_admit(&rig, "t", ACTOR_ID);
    ctx_init(&ctx, &arena, DEADLINE_MS);
    buffer_init(&out, LAMBDA_PAYLOAD_MAX);
    if (lambda_handler_answer(&rig.api, &config, &ctx, bytes_of(data, size), &out, &error))
        check_answer(buffer_bytes(&out));
    else
        fuzz_require(error.type != NULL && error.message != NULL);
    buffer_fini(&out);
    arena_fini(&arena);
    rig_fini(&rig);
    return 0;
}
