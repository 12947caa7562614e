#include "api/problem.h"

#include "base/json.h"

#define RETRY_SOON_S 5
#define RETRY_STORAGE_S 60

static int64_t retry_after_s(const struct api_call *call, enum err e)
{
    if (call->ctx.retry_after_s > 0)
        return call->ctx.retry_after_s;
    if (e == ERR_RATE_LIMITED || e == ERR_TOO_MANY_STREAMS || e == ERR_UNAVAILABLE ||
        e == ERR_DEADLINE)
        return RETRY_SOON_S;
    return e == ERR_STORAGE_FULL ? RETRY_STORAGE_S : 0;
}

static void add_headers(struct api_call *call, enum err e)
{
    api_call_header(call, "Content-Type", "application/problem+json");
    if (call->reply.status == 401)
        api_call_header(call, "WWW-Authenticate",
                        e == ERR_TOKEN_EXPIRED
                            ? "Bearer realm=\"letterlock\", error=\"invalid_token\""
                            : "Bearer realm=\"letterlock\"");
    int64_t wait_s = retry_after_s(call, e);
    if (wait_s > 0)
        api_call_header(call, "Retry-After", arena_printf(&call->arena, "%lld", (long long)wait_s));
}

void problem_write(struct api_call *call, enum err e)
{
    int status = err_status(e);
    call->reply.status = (unsigned)status;
    add_headers(call, e);
    const char *detail = call->ctx.detail[0] != '\0' ? call->ctx.detail : err_text(e);
    json_t *document = json_object();
    json_object_set_new(document, "type",
                        json_string(arena_printf(&call->arena, "/problems/%s", err_code(e))));
    json_object_set_new(document, "title", json_string(err_text(e)));
    json_object_set_new(document, "status", json_integer(status));
    json_object_set_new(document, "code", json_string(err_code(e)));
    json_object_set_new(document, "detail", json_from_bytes(bytes_of_str(detail)));
    json_object_set_new(document, "request_id", json_string(call->ctx.request_id));
    json_write(&call->reply.body, document);
    json_decref(document);
}
