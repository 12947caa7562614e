/* /v1/sessions: signing in and out, refreshing, the list of sessions. */
#include "core/sessions.h"

#include "api/cookies.h"
#include "api/credential.h"
#include "api/fields.h"
#include "api/origin.h"
#include "api/reply.h"
#include "api/resource.h"
#include "api/router.h"
#include "api/session_view.h"
#include "base/encode.h"
#include "core/accounts.h"

#define LOGIN_BYTES 512u
#define CLIENT_BYTES 128u
#define TOKEN_BYTES 4096u

static json_t *from_binary(struct bytes data)
{
    struct buffer text;
    buffer_init(&text, 2 * data.n + 8);
    encode_base64(&text, data);
    json_t *value = json_from_bytes(buffer_bytes(&text));
    buffer_fini(&text);
    return value;
}

static enum api_next parameters(struct api_call *call)
{
    const struct identity *identity = &call->api->core->ports->identity;
    struct fields fields = fields_open(call);
    struct bytes login = fields_text(&fields, "login", LOGIN_BYTES);
    struct identity_parameters found;
    enum err e = fields.e;
    if (e == ERR_OK)
        e = identity->parameters(identity->self, &call->ctx, accounts_login(&call->ctx, login),
                                 &found);
    fields_close(&fields);
    if (e != ERR_OK)
        return api_call_refuse(call, e);
    json_t *value = json_object();
    json_object_set_new(value, "algorithm", json_string("argon2id"));
    json_object_set_new(value, "salt", from_binary(found.salt));
    json_object_set_new(value, "memory_kib", json_integer(found.memory_kib));
    json_object_set_new(value, "passes", json_integer(found.passes));
    json_object_set_new(value, "lanes", json_integer(found.lanes));
    return reply_json(call, 200, value);
}

static void add_tokens(json_t *value, const struct identity_grant *grant)
{
    json_object_set_new(value, "id_token", json_from_bytes(grant->id_token));
    json_object_set_new(value, "access_token", json_from_bytes(grant->access_token));
    json_object_set_new(value, "refresh_token", json_from_bytes(grant->refresh_token));
}

static enum api_next reply_grant(struct api_call *call, const struct identity_grant *grant,
                                 bool with_tokens)
{
    json_t *user = json_object();
    json_object_set_new(user, "id", json_from_uuid(&grant->user_id));
    json_object_set_new(user, "username", json_from_bytes(bytes_of_str(grant->username)));
    json_t *value = json_object();
    json_object_set_new(value, "user", user);
    if (with_tokens)
        add_tokens(value, grant);
    json_object_set_new(value, "expires_in", json_integer(grant->expires_in_s));
    json_object_set_new(value, "refresh_expires_in", json_integer(grant->refresh_expires_s));
    if (grant->recovery_key != NULL)
        json_object_set_new(value, "recovery_key", json_string(grant->recovery_key));
    cookies_set(call, grant);
    return reply_json(call, 200, value);
}

/* What the client calls itself: the body's word, else its User-Agent. */
static struct bytes client_name(struct api_call *call, struct fields *fields)
{
    struct bytes client = fields_optional_text(fields, "client", CLIENT_BYTES);
    bool found = false;
    if (client.n == 0)
        client = call->transport->header(call->transport_self, "user-agent", &found);
    return bytes_slice(client, 0, CLIENT_BYTES);
}

static enum api_next sign_in(struct api_call *call)
{
    struct fields fields = fields_open(call);
    struct bytes login = fields_text(&fields, "login", LOGIN_BYTES);
    const struct identity_credential credential = credential_read(call, &fields);
    struct bytes client = client_name(call, &fields);
    struct identity_grant grant;
    enum err e = fields.e;
    if (e == ERR_OK)
        e = sessions_sign_in(call->api->core, &call->ctx, accounts_login(&call->ctx, login),
                             &credential, client, &grant);
    fields_close(&fields);
    return e == ERR_OK ? reply_grant(call, &grant, true) : api_call_refuse(call, e);
}

/* The refresh token of the body, else of the cookie; copied, for the body is freed here. */
static enum err find_refresh_token(struct api_call *call, struct bytes *token, bool *from_cookie)
{
    if (call->body.n > 0) {
        struct fields fields = fields_open(call);
        *token =
            arena_copy(&call->arena, fields_optional_text(&fields, "refresh_token", TOKEN_BYTES));
        fields_close(&fields);
        if (fields.e != ERR_OK || token->n > 0)
            return fields.e;
    }
    *from_cookie = cookies_get(call, COOKIE_REFRESH, token);
    if (!*from_cookie)
        return ERR_UNAUTHENTICATED;
    return origin_trusted(call) ? ERR_OK : ERR_ORIGIN_REFUSED;
}

static enum api_next refresh(struct api_call *call)
{
    struct bytes token = {0};
    bool from_cookie = false;
    struct identity_grant grant;
    enum err e = find_refresh_token(call, &token, &from_cookie);
    if (e == ERR_OK)
        e = sessions_refresh(call->api->core, &call->ctx, token, &grant);
    if (e == ERR_OK)
        return reply_grant(call, &grant, !from_cookie);
    (void)api_call_refuse(call, e);
    if (from_cookie && (e == ERR_UNAUTHENTICATED || e == ERR_REFRESH_REUSED))
        cookies_clear(call);
    return API_REPLY;
}

static enum api_next list(struct api_call *call)
{
    json_t *items = NULL;
    enum err e = session_view_list(call->api->core, &call->ctx, &items);
    return e == ERR_OK ? reply_list(call, items, NULL) : api_call_refuse(call, e);
}

static enum api_next end_others(struct api_call *call)
{
    enum err e = sessions_end_others(call->api->core, &call->ctx);
    return e == ERR_OK ? reply_done(call) : api_call_refuse(call, e);
}

static enum api_next sign_out(struct api_call *call)
{
    enum err e = sessions_end(call->api->core, &call->ctx, &call->actor.session_id);
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return api_call_refuse(call, e);
    cookies_clear(call);
    return reply_done(call);
}

static enum api_next end_one(struct api_call *call)
{
    struct uuid id;
    enum err e = router_uuid(call, 0, &id);
    if (e == ERR_OK)
        e = sessions_end(call->api->core, &call->ctx, &id);
    return e == ERR_OK ? reply_done(call) : api_call_refuse(call, e);
}

static const struct api_route rows[] = {
    {.method = API_POST,
     .pattern = "/v1/sessions/parameters",
     .auth = API_AUTH_NONE,
     .where = API_WORKER,
     .body_max = FIELDS_BODY_MAX_BYTES,
     .json = true,
     .handle = parameters},
    {.method = API_POST,
     .pattern = "/v1/sessions",
     .auth = API_AUTH_NONE,
     .where = API_WORKER,
     .body_max = FIELDS_BODY_MAX_BYTES,
     .json = true,
     .handle = sign_in},
    {.method = API_POST,
     .pattern = "/v1/sessions/refresh",
     .auth = API_AUTH_NONE,
     .where = API_WORKER,
     .body_max = FIELDS_BODY_MAX_BYTES,
     .json = true,
     .handle = refresh},
    {.method = API_GET,
     .pattern = "/v1/sessions",
     .auth = API_AUTH_ANY,
     .where = API_WORKER,
     .handle = list},
    {.method = API_DELETE,
     .pattern = "/v1/sessions",
     .auth = API_AUTH_ANY,
     .where = API_WORKER,
     .handle = end_others},
    {.method = API_DELETE,
     .pattern = "/v1/sessions/current",
     .auth = API_AUTH_ANY,
     .where = API_WORKER,
     .handle = sign_out},
    {.method = API_DELETE,
     .pattern = "/v1/sessions/{id}",
     .auth = API_AUTH_ANY,
     .where = API_WORKER,
     .handle = end_one},
};

const struct api_routes sessions_routes = {rows, sizeof rows / sizeof rows[0]};
