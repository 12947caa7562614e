#include "api/call.h"

#include "api/auth.h"
#include "api/origin.h"
#include "api/problem.h"
#include "api/reply.h"
#include "api/resource.h"
#include "api/router.h"
#include "base/clock.h"

#include <assert.h>
#include <strings.h>

/* What the form of a letter's body may add to its plaintext. */
#define LETTER_FRAMING_BYTES (1u << 20)
/* Frames of 2 KiB or more add at most this share to a sealed message. */
#define LETTER_FRAMES_SHARE 64u

void api_call_init(struct api_call *call, struct api *api)
{
    *call = (struct api_call){
        .api = api, .content_length = -1, .latest_mono_ms = INT64_MAX, .reply.source_size = -1};
    arena_init(&call->arena);
    ctx_init(&call->ctx, &call->arena, api->config->request_timeout_ms);
    buffer_init(&call->reply.body, REPLY_BODY_MAX_BYTES);
}

void api_call_fini(struct api_call *call)
{
    if (call->reply.source != NULL)
        call->reply.source->close(call->reply.source);
    if (call->state_free != NULL)
        call->state_free(call->state);
    buffer_fini(&call->reply.body);
    actor_fini(&call->actor);
    arena_fini(&call->arena);
}

void api_call_header(struct api_call *call, const char *name, const char *value)
{
    struct api_reply *reply = &call->reply;
    if (strcasecmp(name, "Set-Cookie") != 0) {
        for (size_t i = 0; i < reply->header_count; i++) {
            if (strcasecmp(reply->headers[i].name, name) == 0) {
                reply->headers[i].value = value;
                return;
            }
        }
    }
    assert(reply->header_count < API_HEADERS_MAX);
    reply->headers[reply->header_count++] = (struct api_header){name, value};
}

enum api_next api_call_refuse(struct api_call *call, enum err e)
{
    reply_start(call);
    problem_write(call, e);
    return API_REPLY;
}

static void set_deadline(struct api_call *call, int64_t mono_ms)
{
    call->ctx.deadline_mono_ms = mono_ms < call->latest_mono_ms ? mono_ms : call->latest_mono_ms;
}

void api_call_extend(struct api_call *call)
{
    set_deadline(call, clock_mono_ms() + call->api->config->stream_timeout_ms);
}

void api_call_limit(struct api_call *call, int64_t latest_mono_ms)
{
    call->latest_mono_ms = latest_mono_ms;
    set_deadline(call, call->ctx.deadline_mono_ms);
}

bool api_call_streams(const struct api_call *call)
{
    return call->route->handle == NULL;
}

uint64_t api_call_body_max(const struct api_call *call)
{
    if (call->route->body_max != API_BODY_LETTER)
        return call->route->body_max;
    uint64_t max = call->api->core->config->max_letter_bytes;
    return max + max / LETTER_FRAMES_SHARE + LETTER_FRAMING_BYTES;
}

bool api_call_inline(const struct api_call *call, size_t size)
{
    const struct ports *ports = call->api->core->ports;
    if (call->route->where != API_INLINE || !call->admitted || !ports->records.nonblocking ||
        !ports->keys.nonblocking)
        return false;
    return !api_call_streams(call) || size <= call->route->inline_max;
}

/* application/json, in UTF-8 if it names a character set at all (RFC 8259 section 8.1). */
static bool is_json(const struct api_call *call)
{
    bool found = false;
    struct bytes value = call->transport->header(call->transport_self, "content-type", &found);
    size_t semicolon = bytes_find(value, ';', 0);
    struct bytes type = bytes_trim(bytes_slice(value, 0, semicolon));
    if (!found || !bytes_equal_nocase(type, BYTES_LIT("application/json")))
        return false;
    if (semicolon == SIZE_MAX)
        return true;
    struct bytes parameter = bytes_trim(bytes_slice(value, semicolon + 1, SIZE_MAX));
    return parameter.n == 0 || bytes_equal_nocase(parameter, BYTES_LIT("charset=utf-8")) ||
           bytes_equal_nocase(parameter, BYTES_LIT("charset=\"utf-8\""));
}

static enum err check_body(const struct api_call *call)
{
    if (call->content_length == 0)
        return ERR_OK;
    if (call->content_length > 0 && (uint64_t)call->content_length > api_call_body_max(call))
        return call->route->body_max == API_BODY_LETTER ? ERR_LETTER_TOO_LARGE : ERR_BODY_TOO_LARGE;
    return call->route->json && !is_json(call) ? ERR_UNSUPPORTED_MEDIA_TYPE : ERR_OK;
}

static enum api_next not_found(struct api_call *call, enum err e, const char *allow)
{
    if (e == ERR_METHOD_NOT_ALLOWED && call->method == API_OPTIONS)
        (void)reply_done(call);
    else
        (void)api_call_refuse(call, e);
    if (allow != NULL)
        api_call_header(call, "Allow", allow);
    return API_REPLY;
}

enum api_next api_call_begin(struct api_call *call)
{
    reply_start(call);
    if (origin_preflight(call))
        return API_REPLY;
    const char *allow = NULL;
    enum err e = router_find(call->api->router, call, &allow);
    if (e != ERR_OK)
        return not_found(call, e, allow);
    reply_name_protocol(call);
    e = auth_begin(call);
    if (e == ERR_OK)
        e = check_body(call);
    if (e != ERR_OK)
        return api_call_refuse(call, e);
    if (api_call_streams(call))
        api_call_extend(call);
    return API_MORE;
}

enum api_next api_call_feed(struct api_call *call, struct bytes chunk, bool last)
{
    enum err e = auth_finish(call);
    if (e != ERR_OK)
        return api_call_refuse(call, e);
    if (!api_call_streams(call)) {
        assert(last);
        if (chunk.n > api_call_body_max(call))
            return api_call_refuse(call, ERR_BODY_TOO_LARGE);
        call->body = chunk;
        return call->route->handle(call);
    }
    if (!call->started) {
        call->started = true;
        enum api_next next = call->route->start(call);
        if (next != API_MORE)
            return next;
    }
    return call->route->chunk(call, chunk, last);
}
