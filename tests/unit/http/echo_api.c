#include "echo_api.h"

#include "base/clock.h"
#include "base/mem.h"
#include "echo_routes.h"

#include <string.h>

#define LATER_QUEUE_MAX 4096u
#define BUFFERED_TIMEOUT_MS 5000
#define STREAM_TIMEOUT_MS 60000
#define REFUSAL_MAX_BYTES 1024u

struct api *echo_api_create(void)
{
    struct api *api = mem_alloc(sizeof *api);
    lock_init(&api->lock);
    api->later = pool_create("later", 1, LATER_QUEUE_MAX);
    return api;
}

void echo_api_destroy(struct api *api)
{
    pool_destroy(api->later);
    lock_fini(&api->lock);
    mem_free(api);
}

uint64_t echo_query(const struct api_call *call, const char *name, uint64_t fallback)
{
    uint64_t value = fallback;
    for (size_t i = 0; i < call->query_count; i++) {
        if (bytes_equal_str(call->query[i].name, name) &&
            bytes_to_u64(call->query[i].value, INT64_MAX, &value))
            break;
    }
    return value;
}

void api_call_init(struct api_call *call, struct api *api)
{
    *call = (struct api_call){.api = api, .content_length = -1};
    arena_init(&call->arena);
    ctx_init(&call->ctx, &call->arena, BUFFERED_TIMEOUT_MS);
    call->reply.source_size = -1;
    buffer_init(&call->reply.body, SIZE_MAX / 2);
}

static void drop_reply(struct api_call *call)
{
    if (call->reply.source != NULL)
        call->reply.source->close(call->reply.source);
    buffer_fini(&call->reply.body);
    call->reply = (struct api_reply){.source_size = -1};
    buffer_init(&call->reply.body, SIZE_MAX / 2);
}

void api_call_fini(struct api_call *call)
{
    drop_reply(call);
    if (call->state_free != NULL && call->state != NULL)
        call->state_free(call->state);
    arena_fini(&call->arena);
}

void api_call_header(struct api_call *call, const char *name, const char *value)
{
    call->reply.headers[call->reply.header_count++] = (struct api_header){name, value};
}

enum api_next api_call_refuse(struct api_call *call, enum err e)
{
    drop_reply(call);
    call->reply.status = (unsigned)err_status(e);
    buffer_init(&call->reply.body, REFUSAL_MAX_BYTES);
    buffer_printf(&call->reply.body, "{\"status\":%d,\"code\":\"%s\"}", err_status(e), err_code(e));
    api_call_header(call, "Content-Type", "application/problem+json");
    return API_REPLY;
}

static void take_query(struct api_call *call, const char *query)
{
    struct bytes left = bytes_of_str(query);
    while (left.n > 0 && call->query_count < API_QUERY_MAX) {
        size_t end = bytes_find(left, '&', 0);
        struct bytes pair = bytes_slice(left, 0, end);
        size_t equals = bytes_find(pair, '=', 0);
        call->query[call->query_count++] = (struct api_pair){
            bytes_slice(pair, 0, equals),
            equals == SIZE_MAX ? (struct bytes){0} : bytes_slice(pair, equals + 1, pair.n)};
        left = end == SIZE_MAX ? (struct bytes){0} : bytes_slice(left, end + 1, left.n);
    }
}

static bool takes_method(const struct api_route *route, enum api_method method)
{
    return route->method == method || (route->method == API_GET && method == API_HEAD);
}

enum api_next api_call_begin(struct api_call *call)
{
    size_t n = strcspn(call->target, "?");
    bool known = false;
    for (size_t i = 0; i < echo_routes.count; i++) {
        const struct api_route *route = &echo_routes.rows[i];
        if (!bytes_equal_str(bytes_of(call->target, n), route->pattern))
            continue;
        known = true;
        if (takes_method(route, call->method))
            call->route = route;
    }
    if (call->route == NULL)
        return api_call_refuse(call, known ? ERR_METHOD_NOT_ALLOWED : ERR_NOT_FOUND);
    if (call->target[n] == '?')
        take_query(call, call->target + n + 1);
    if (call->route->chunk != NULL)
        call->ctx.deadline_mono_ms = clock_mono_ms() + STREAM_TIMEOUT_MS;
    uint64_t timeout_ms = echo_query(call, "timeout_ms", 0);
    if (timeout_ms > 0)
        call->ctx.deadline_mono_ms = clock_mono_ms() + (int64_t)timeout_ms;
    return API_MORE;
}

bool api_call_inline(const struct api_call *call, size_t size)
{
    return call->route->where == API_INLINE &&
           (call->route->handle != NULL || size <= call->route->inline_max);
}

bool api_call_streams(const struct api_call *call)
{
    return call->route->chunk != NULL;
}

uint64_t api_call_body_max(const struct api_call *call)
{
    return call->route->body_max;
}

enum api_next api_call_feed(struct api_call *call, struct bytes chunk, bool last)
{
    bool found;
    struct bytes token = call->transport->header(call->transport_self, "authorization", &found);
    if (found && bytes_equal_str(token, "Bearer bad"))
        return api_call_refuse(call, ERR_UNAUTHENTICATED);
    if (call->route->handle != NULL) {
        call->body = chunk;
        return call->route->handle(call);
    }
    if (call->state == NULL) {
        enum api_next next = call->route->start(call);
        if (next != API_MORE)
            return next;
    }
    return call->route->chunk(call, chunk, last);
}
