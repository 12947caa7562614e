#include "lambda/lambda.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/threads.h"
#include "lambda/lambda_event.h"
#include "lambda/lambda_reply.h"
#include "lambda/lambda_runtime.h"

#include <string.h>

#define READ_BYTES (256u << 10)
#define DEFAULT_TIMEOUT_MS 25000
#define MARGIN_MS 500 /* before the sandbox stops: for the answer itself */
#define EXIT_RUNTIME_GONE 1

/* One invocation as a call's transport. */
struct invoked {
    struct lambda_request request;
    struct gate done;
};

static struct bytes get_header(void *self, const char *name, bool *found)
{
    const struct invoked *invoked = self;
    return lambda_request_header(&invoked->request, name, found);
}

static void resume(void *self)
{
    struct invoked *invoked = self;
    gate_open(&invoked->done);
}

static const struct api_transport transport = {.header = get_header, .resume = resume};

static int64_t time_left_ms(const struct lambda_invocation *invocation)
{
    if (invocation->deadline_unix_ms == 0)
        return DEFAULT_TIMEOUT_MS;
    int64_t left_ms = invocation->deadline_unix_ms - clock_unix_ms() - MARGIN_MS;
    return left_ms > 0 ? left_ms : 0;
}

/* --- API Gateway --- */

/* Feeds the whole body; afterwards the reply is complete. */
static void drive(struct api_call *call, struct invoked *invoked)
{
    const struct lambda_request *request = &invoked->request;
    enum api_next next = api_call_begin(call);
    if (next == API_MORE && request->body.n > api_call_body_max(call))
        next = api_call_refuse(call, ERR_BODY_TOO_LARGE);
    if (next == API_MORE)
        next = api_call_feed(call, request->body, true);
    /* Without limit: the call has a deadline of its own. */
    while (next == API_LATER && !gate_wait(&invoked->done, INT64_MAX)) {
    }
}

static enum err read_source(struct api_call *call, struct buffer *body)
{
    struct api_source *source = call->reply.source;
    size_t got = 1;
    while (got > 0) {
        uint8_t *space = buffer_reserve(body, READ_BYTES);
        if (space == NULL)
            return ERR_BODY_TOO_LARGE;
        enum err e = source->read(source, &call->ctx, space, READ_BYTES, &got);
        if (e != ERR_OK)
            return e;
        buffer_commit(body, got);
    }
    return ERR_OK;
}

/* A body that is produced is read to its end, if it fits into an answer. */
static void collect(struct api_call *call, struct buffer *body)
{
    struct api_source *source = call->reply.source;
    if (source == NULL) {
        if (call->reply.body.n > LAMBDA_REPLY_BODY_MAX)
            (void)api_call_refuse(call, ctx_fail(&call->ctx, ERR_BODY_TOO_LARGE,
                                                 "the answer does not fit: ask for less of it"));
        return;
    }
    enum err e = ERR_OK;
    if (source->arm != NULL)
        e = ctx_fail(&call->ctx, ERR_NOT_FOUND,
                     "there are no event streams here: ask for /v1/letters/unread now and then");
    else if (call->method == API_HEAD)
        return;
    else if (call->reply.source_size > (int64_t)LAMBDA_REPLY_BODY_MAX)
        e = ERR_BODY_TOO_LARGE;
    else
        e = read_source(call, body);
    if (e == ERR_BODY_TOO_LARGE)
        e = ctx_fail(&call->ctx, e,
                     "one answer holds %u bytes here: ask for parts, with Range: bytes=0-%u and so "
                     "on",
                     LAMBDA_REPLY_BODY_MAX, LAMBDA_REPLY_BODY_MAX - 1);
    if (e != ERR_OK)
        (void)api_call_refuse(call, e);
}

static void write_reply(struct api_call *call, const struct lambda_request *request,
                        struct buffer *out)
{
    struct buffer body;
    buffer_init(&body, LAMBDA_REPLY_BODY_MAX + READ_BYTES);
    collect(call, &body);
    struct bytes content =
        call->reply.source == NULL ? buffer_bytes(&call->reply.body) : buffer_bytes(&body);
    if (call->method == API_HEAD)
        content = (struct bytes){0};
    lambda_reply_write(out, request->payload, &call->reply, content);
    buffer_fini(&body);
}

static bool serve_request(struct api *api, const struct lambda_config *config,
                          const struct lambda_invocation *invocation, const json_t *event,
                          struct buffer *out)
{
    struct arena arena;
    struct invoked invoked;
    struct api_call call;
    const char *fault;
    arena_init(&arena);
    bool ok = lambda_event_read(event, config->stage_prefix, &arena, &invoked.request, &fault);
    if (!ok)
        log_warning("lambda_event", "fault=\"%s\"", fault);
    if (ok) {
        gate_init(&invoked.done);
        api_call_init(&call, api);
        call.method = invoked.request.method;
        call.target = invoked.request.target;
        call.content_length = (int64_t)invoked.request.body.n;
        call.secure = true; /* API Gateway has no other listeners */
        call.transport = &transport;
        call.transport_self = &invoked;
        call.ctx.client_address = invoked.request.client_address;
        int64_t end = clock_mono_ms() + time_left_ms(invocation);
        if (call.ctx.deadline_mono_ms > end)
            call.ctx.deadline_mono_ms = end;
        drive(&call, &invoked);
        write_reply(&call, &invoked.request, out);
        api_call_fini(&call);
        gate_fini(&invoked.done);
    }
    arena_fini(&arena);
    return ok;
}

/* --- Cognito --- */

static bool is_trigger(const json_t *event)
{
    return json_is_string(json_object_get(event, "triggerSource"));
}

/* Confirmed users are provisioned; every other occasion passes. The answer is the event itself. */
static enum err serve_trigger(const struct lambda_config *config, struct ctx *ctx,
                              const json_t *event, struct buffer *out)
{
    const json_t *request = json_object_get(event, "request");
    const json_t *attributes = json_object_get(request, "userAttributes");
    struct bytes source;
    struct bytes name;
    struct bytes sub;
    struct bytes email = {0};
    struct uuid id;
    enum err e = ERR_OK;
    if (!json_get_bytes(event, "triggerSource", &source))
        return ERR_INVALID_REQUEST;
    if (bytes_equal_str(source, "PostConfirmation_ConfirmSignUp")) {
        (void)json_get_bytes(attributes, "email", &email);
        if (!json_get_bytes(event, "userName", &name) || !json_get_bytes(attributes, "sub", &sub) ||
            !uuid_parse(sub, &id))
            return ERR_INVALID_REQUEST;
        e = config->confirmed(config->arg, ctx, &id, name, email);
    }
    json_write(out, event);
    return e;
}

/* --- the loop --- */

/* Makes the answer to one event; an error's type and message when there is none. */
static bool serve_event(struct api *api, const struct lambda_config *config, struct ctx *ctx,
                        const struct lambda_invocation *invocation, struct buffer *out,
                        const char **type, const char **message)
{
    json_t *event = json_parse_object(buffer_bytes(&invocation->event));
    bool ok = false;
    *type = "Letterlock.BadEvent";
    *message = "this is no event of API Gateway or Cognito";
    if (event != NULL && is_trigger(event)) {
        enum err e = serve_trigger(config, ctx, event, out);
        ok = e == ERR_OK;
        if (!ok && e != ERR_INVALID_REQUEST) {
            *type = "Letterlock.ProvisioningFailed";
            *message = err_text(e);
        }
    } else if (event != NULL && lambda_event_is_request(event)) {
        ok = serve_request(api, config, invocation, event, out);
    }
    json_decref(event);
    return ok;
}

static void serve(struct lambda_runtime *runtime, struct api *api,
                  const struct lambda_config *config, const struct lambda_invocation *invocation)
{
    struct arena arena;
    struct ctx ctx;
    struct buffer out;
    const char *type;
    const char *message;
    arena_init(&arena);
    ctx_init(&ctx, &arena, time_left_ms(invocation));
    buffer_init(&out, 2 * LAMBDA_PAYLOAD_MAX);
    bool ok = serve_event(api, config, &ctx, invocation, &out, &type, &message);
    config->settle(config->arg, &ctx);
    enum err e = ok ? lambda_runtime_respond(runtime, invocation, buffer_bytes(&out))
                    : lambda_runtime_fail(runtime, invocation, type, message);
    if (e != ERR_OK)
        log_error("lambda_answer_lost", "request=%s", invocation->request_id);
    buffer_fini(&out);
    arena_fini(&arena);
}

int lambda_run(struct api *api, const struct lambda_config *config)
{
    struct lambda_runtime *runtime = lambda_runtime_create(config->runtime_api);
    struct lambda_invocation invocation;
    while (lambda_runtime_next(runtime, &invocation) == ERR_OK) {
        serve(runtime, api, config, &invocation);
        lambda_invocation_fini(&invocation);
    }
    lambda_invocation_fini(&invocation);
    lambda_runtime_destroy(runtime);
    return EXIT_RUNTIME_GONE;
}

void lambda_report_init_error(const struct lambda_config *config, const char *type,
                              const char *message)
{
    struct lambda_runtime *runtime = lambda_runtime_create(config->runtime_api);
    if (lambda_runtime_fail(runtime, NULL, type, message) != ERR_OK)
        log_error("lambda_init_error_lost", "%s", type);
    lambda_runtime_destroy(runtime);
}
