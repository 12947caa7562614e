#include "api/reply.h"

#include "api/origin.h"
#include "api/resource.h"

void reply_start(struct api_call *call)
{
    if (call->reply.source != NULL)
        call->reply.source->close(call->reply.source);
    buffer_fini(&call->reply.body);
    call->reply = (struct api_reply){.source_size = -1};
    buffer_init(&call->reply.body, REPLY_BODY_MAX_BYTES);
    api_call_header(call, "X-Request-Id", call->ctx.request_id);
    api_call_header(call, "Cache-Control", "no-store");
    api_call_header(call, "X-Content-Type-Options", "nosniff");
    api_call_header(call, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    api_call_header(call, "Referrer-Policy", "no-referrer");
    api_call_header(call, "Cross-Origin-Resource-Policy", "same-origin");
    origin_add_cors(call);
    reply_name_protocol(call);
}

void reply_name_protocol(struct api_call *call)
{
    if (call->route != NULL && call->route->tus)
        api_call_header(call, "Tus-Resumable", "1.0.0");
}

enum api_next reply_json_written(struct api_call *call, unsigned status)
{
    if (!buffer_ok(&call->reply.body))
        return api_call_refuse(call, ctx_log_fail(&call->ctx, ERR_INTERNAL, "reply_too_large",
                                                  "route=%s", call->route->pattern));
    call->reply.status = status;
    api_call_header(call, "Content-Type", "application/json");
    return API_REPLY;
}

enum api_next reply_json(struct api_call *call, unsigned status, json_t *value)
{
    json_write(&call->reply.body, value);
    json_decref(value);
    return reply_json_written(call, status);
}

enum api_next reply_json_text(struct api_call *call, unsigned status, struct bytes text)
{
    buffer_append(&call->reply.body, text);
    return reply_json_written(call, status);
}

enum api_next reply_done(struct api_call *call)
{
    call->reply.status = 204;
    return API_REPLY;
}

enum api_next reply_list(struct api_call *call, json_t *items, const char *next_cursor)
{
    json_t *list = json_object();
    json_object_set_new(list, "items", items);
    json_object_set_new(list, "next_cursor",
                        next_cursor == NULL ? json_null() : json_string(next_cursor));
    return reply_json(call, 200, list);
}
