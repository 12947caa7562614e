/* /v1/me: the caller's own account. */
#include "api/cookies.h"
#include "api/credential.h"
#include "api/export.h"
#include "api/fields.h"
#include "api/reply.h"
#include "api/resource.h"
#include "api/session_view.h"
#include "base/encode.h"
#include "core/accounts.h"
#include "core/policy_password.h"

static enum api_next show(struct api_call *call)
{
    json_t *me = NULL;
    enum err e = session_view_me(call->api->core, &call->ctx, &me);
    return e == ERR_OK ? reply_json(call, 200, me) : api_call_refuse(call, e);
}

static enum api_next erase(struct api_call *call)
{
    struct fields fields = fields_open(call);
    const struct identity_credential proof = credential_read_password(&fields, "password");
    enum err e = fields.e;
    if (e == ERR_OK)
        e = accounts_erase(call->api->core, &call->ctx, &proof);
    fields_close(&fields);
    if (e != ERR_OK)
        return api_call_refuse(call, e);
    cookies_clear(call);
    return reply_done(call);
}

static enum api_next change_password(struct api_call *call)
{
    struct fields fields = fields_open(call);
    const struct identity_credential old = credential_read_password(&fields, "old_password");
    struct bytes new = fields_text(&fields, "new_password", 2 * POLICY_PASSWORD_MAX_BYTES);
    enum err e = fields.e;
    if (e == ERR_OK)
        e = accounts_change_password(call->api->core, &call->ctx, &old, new);
    fields_close(&fields);
    return e == ERR_OK ? reply_done(call) : api_call_refuse(call, e);
}

static enum api_next reissue_recovery_key(struct api_call *call)
{
    const struct identity *identity = &call->api->core->ports->identity;
    struct fields fields = fields_open(call);
    const struct identity_credential proof = credential_read_password(&fields, "password");
    const char *recovery_key = NULL;
    enum err e = fields.e;
    if (e == ERR_OK)
        e = identity->recovery_key_reissue(identity->self, &call->ctx, &proof, &recovery_key);
    fields_close(&fields);
    if (e != ERR_OK)
        return api_call_refuse(call, e);
    json_t *value = json_object();
    json_object_set_new(value, "recovery_key", json_string(recovery_key));
    return reply_json(call, 200, value);
}

static enum api_next rotate_key(struct api_call *call)
{
    struct key_description key;
    enum err e = accounts_rotate_key(call->api->core, &call->ctx, &key);
    if (e != ERR_OK)
        return api_call_refuse(call, e);
    json_t *value = json_object();
    if (key.has_point) {
        struct buffer text;
        buffer_init(&text, (size_t)2 * KEY_POINT_BYTES);
        encode_base64(&text, bytes_of(key.point, sizeof key.point));
        json_object_set_new(value, "public_key", json_from_bytes(buffer_bytes(&text)));
        buffer_fini(&text);
    } else {
        json_object_set_new(value, "key_arn", json_string(key.reference));
    }
    json_object_set_new(value, "created_at", json_from_time(key.created_unix_ms));
    return reply_json(call, 200, value);
}

static enum api_next key_ring(struct api_call *call)
{
    const struct keys *keys = &call->api->core->ports->keys;
    struct bytes ring;
    enum err e = keys->key_ring(keys->self, &call->ctx, &ring);
    return e == ERR_OK ? reply_json_text(call, 200, ring) : api_call_refuse(call, e);
}

static enum api_next export_all(struct api_call *call)
{
    api_call_extend(call);
    enum err e = export_open(call->api->core, &call->ctx, &call->reply.source);
    if (e != ERR_OK)
        return api_call_refuse(call, e);
    call->reply.status = 200;
    call->reply.source_size = -1;
    api_call_header(call, "Content-Type", "application/json");
    api_call_header(call, "Content-Disposition", "attachment; filename=\"letterlock-export.json\"");
    return API_REPLY;
}

static const struct api_route rows[] = {
    {.method = API_GET,
     .pattern = "/v1/me",
     .auth = API_AUTH_ANY,
     .where = API_WORKER,
     .handle = show},
    {.method = API_DELETE,
     .pattern = "/v1/me",
     .auth = API_AUTH_ID,
     .where = API_WORKER,
     .body_max = FIELDS_BODY_MAX_BYTES,
     .json = true,
     .handle = erase},
    {.method = API_POST,
     .pattern = "/v1/me/password",
     .auth = API_AUTH_ID,
     .where = API_WORKER,
     .body_max = FIELDS_BODY_MAX_BYTES,
     .json = true,
     .handle = change_password},
    {.method = API_POST,
     .pattern = "/v1/me/recovery-key",
     .auth = API_AUTH_ID,
     .where = API_WORKER,
     .body_max = FIELDS_BODY_MAX_BYTES,
     .json = true,
     .handle = reissue_recovery_key},
    {.method = API_POST,
     .pattern = "/v1/me/keys/rotate",
     .auth = API_AUTH_ID,
     .where = API_WORKER,
     .handle = rotate_key},
    {.method = API_GET,
     .pattern = "/v1/me/key-ring",
     .auth = API_AUTH_ANY,
     .where = API_WORKER,
     .handle = key_ring},
    {.method = API_GET,
     .pattern = "/v1/me/export",
     .auth = API_AUTH_ID,
     .where = API_WORKER,
     .handle = export_all},
};

const struct api_routes me_routes = {rows, sizeof rows / sizeof rows[0]};
