/* What is open to everyone: keys, this API's description, settings, health. */
#include "api/reply.h"
#include "api/resource.h"
#include "core/policy_password.h"
#include "core/uploads.h"

static enum api_next jwks(struct api_call *call)
{
    const struct identity *identity = &call->api->core->ports->identity;
    struct bytes keys;
    enum err e = identity->jwks(identity->self, &call->ctx, &keys);
    if (e != ERR_OK)
        return api_call_refuse(call, e);
    api_call_header(call, "Cache-Control", "public, max-age=300");
    return reply_json_text(call, 200, keys);
}

static enum api_next openapi(struct api_call *call)
{
    api_call_header(call, "Cache-Control", "public, max-age=300");
    return reply_json_text(call, 200, api_openapi_json());
}

static const char *sign_up_name(enum sign_up_mode mode)
{
    switch (mode) {
    case SIGN_UP_OPEN:
        return "open";
    case SIGN_UP_INVITE:
        return "invite";
    case SIGN_UP_CLOSED:
        break;
    }
    return "closed";
}

static json_t *list_domains(const char *domains)
{
    json_t *list = json_array();
    struct bytes rest = bytes_of_str(domains);
    while (rest.n > 0) {
        size_t comma = bytes_find(rest, ',', 0);
        struct bytes domain = bytes_trim(bytes_slice(rest, 0, comma));
        if (domain.n > 0)
            json_array_append_new(list, json_from_bytes(domain));
        rest = bytes_slice(rest, comma == SIZE_MAX ? rest.n : comma + 1, SIZE_MAX);
    }
    return list;
}

static enum api_next config(struct api_call *call)
{
    const struct core_config *core = call->api->core->config;
    json_t *rules = json_object();
    json_object_set_new(rules, "min_length", json_integer(POLICY_PASSWORD_MIN_CHARS));
    json_object_set_new(rules, "max_length", json_integer(POLICY_PASSWORD_MAX_CHARS));
    json_t *value = json_object();
    json_object_set_new(value, "version", json_string(LETTERLOCK_VERSION));
    json_object_set_new(value, "backend", json_string(call->api->config->backend));
    json_object_set_new(value, "sign_up", json_string(sign_up_name(core->sign_up)));
    json_object_set_new(value, "sign_up_domains", list_domains(core->sign_up_domains));
    json_object_set_new(value, "max_letter_bytes",
                        json_integer((json_int_t)core->max_letter_bytes));
    json_object_set_new(value, "uploads", json_boolean(uploads_offered(call->api->core)));
    json_object_set_new(value, "password_rules", rules);
    json_object_set_new(value, "mail", json_string(call->api->config->mail));
    return reply_json(call, 200, value);
}

static enum api_next reply_ok(struct api_call *call)
{
    json_t *value = json_object();
    json_object_set_new(value, "status", json_string("ok"));
    return reply_json(call, 200, value);
}

static enum api_next ready(struct api_call *call)
{
    const struct records *records = &call->api->core->ports->records;
    enum err e = records->ping(records->self, &call->ctx);
    return e == ERR_OK ? reply_ok(call) : api_call_refuse(call, ERR_UNAVAILABLE);
}

static const struct api_route rows[] = {
    {.method = API_GET,
     .pattern = "/.well-known/jwks.json",
     .auth = API_AUTH_NONE,
     .where = API_WORKER,
     .handle = jwks},
    {.method = API_GET,
     .pattern = "/openapi.json",
     .auth = API_AUTH_NONE,
     .where = API_INLINE,
     .handle = openapi},
    {.method = API_GET,
     .pattern = "/v1/config",
     .auth = API_AUTH_NONE,
     .where = API_INLINE,
     .handle = config},
    {.method = API_GET,
     .pattern = "/healthz",
     .auth = API_AUTH_NONE,
     .where = API_INLINE,
     .handle = reply_ok},
    {.method = API_GET,
     .pattern = "/readyz",
     .auth = API_AUTH_NONE,
     .where = API_WORKER,
     .handle = ready},
};

const struct api_routes wellknown_routes = {rows, sizeof rows / sizeof rows[0]};
