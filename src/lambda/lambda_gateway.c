#include "lambda/lambda_gateway.h"

#include "base/threads.h"
#include "lambda/lambda_reply.h"

#include <assert.h>

#define READ_BYTES (256u << 10)

/* A request as a call's transport. */
struct transfer {
    const struct lambda_request *request;
    struct gate replied;
};

static struct bytes get_header(void *self, const char *name, bool *found)
{
    const struct transfer *transfer = self;
    return lambda_request_header(transfer->request, name, found);
}

static void resume(void *self)
{
    struct transfer *transfer = self;
    gate_open(&transfer->replied);
}

static const struct api_transport transport = {.header = get_header, .resume = resume};

/* Afterwards the reply is complete. */
static void drive(struct api_call *call, struct transfer *transfer)
{
    const struct lambda_request *request = transfer->request;
    if (request->refusal != ERR_OK) {
        (void)api_call_refuse(call, request->refusal);
        return;
    }
    enum api_next next = api_call_begin(call);
    if (next == API_MORE)
        next = api_call_feed(call, request->body, true);
    assert(next != API_MORE);
    /* Without limit: the call has a deadline of its own. */
    while (next == API_LATER && !gate_wait(&transfer->replied, INT64_MAX)) {
    }
}

/* --- replies that are produced --- */

static enum err too_large(struct api_call *call)
{
    if (lambda_reply_header(&call->reply, "Accept-Ranges") == NULL)
        return ctx_fail(&call->ctx, ERR_ANSWER_TOO_LARGE,
                        "Through API Gateway a reply holds %u bytes: ask the server itself.",
                        LAMBDA_REPLY_BODY_MAX);
    return ctx_fail(&call->ctx, ERR_ANSWER_TOO_LARGE,
                    "Through API Gateway a reply holds %u bytes: ask for parts, from Range: "
                    "bytes=0-%u on; or, sealed, from the letter's /link.",
                    LAMBDA_REPLY_BODY_MAX, LAMBDA_REPLY_BODY_MAX - 1);
}

static enum err read_to_end(struct api_call *call, struct buffer *body)
{
    struct api_source *source = call->reply.source;
    size_t got = 0;
    do {
        uint8_t *space = buffer_reserve(body, READ_BYTES);
        assert(space != NULL);
        enum err e = source->read(source, &call->ctx, space, READ_BYTES, &got);
        if (e != ERR_OK)
            return e;
        buffer_commit(body, got);
        if (body->n > LAMBDA_REPLY_BODY_MAX)
            return too_large(call);
    } while (got > 0);
    if (call->reply.source_size >= 0 && (int64_t)body->n != call->reply.source_size)
        return ctx_log_fail(&call->ctx, ERR_INTERNAL, "source_short", "%s", "");
    return ERR_OK;
}

/* Reads the reply's source to its end, if it has one. */
static enum err collect(struct api_call *call, struct buffer *body)
{
    const struct api_reply *reply = &call->reply;
    if (reply->source == NULL)
        return reply->body.n <= LAMBDA_REPLY_BODY_MAX ? ERR_OK : too_large(call);
    if (reply->source->arm != NULL)
        return ctx_fail(&call->ctx, ERR_NOT_FOUND,
                        "There are no event streams through API Gateway: ask for "
                        "/v1/letters/unread now and then.");
    if (call->method == API_HEAD)
        return ERR_OK;
    if (reply->source_size > (int64_t)LAMBDA_REPLY_BODY_MAX)
        return too_large(call);
    return read_to_end(call, body);
}

static void write_answer(struct api_call *call, enum lambda_payload payload, struct buffer *out)
{
    struct buffer collected;
    buffer_init(&collected, LAMBDA_REPLY_BODY_MAX + READ_BYTES);
    enum err e = collect(call, &collected);
    if (e != ERR_OK)
        (void)api_call_refuse(call, e);
    struct bytes body =
        call->reply.source == NULL ? buffer_bytes(&call->reply.body) : buffer_bytes(&collected);
    if (call->method == API_HEAD)
        body = (struct bytes){0};
    lambda_reply_write(out, payload, &call->reply, body);
    buffer_fini(&collected);
}

void lambda_gateway_answer(struct api *api, const struct lambda_request *request,
                           int64_t latest_mono_ms, struct buffer *out)
{
    struct transfer transfer = {.request = request};
    struct api_call call;
    gate_init(&transfer.replied);
    api_call_init(&call, api);
    api_call_limit(&call, latest_mono_ms);
    call.method = request->method;
    call.target = request->target;
    call.content_length = (int64_t)request->body.n;
    call.secure = true; /* API Gateway listens to nothing else */
    call.transport = &transport;
    call.transport_self = &transfer;
    call.ctx.client_address = request->client_address;
    drive(&call, &transfer);
    write_answer(&call, request->payload, out);
    api_call_fini(&call);
    gate_fini(&transfer.replied);
}
