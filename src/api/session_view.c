#include "api/session_view.h"

static json_t *view(const struct identity_session *session, const struct actor *actor)
{
    json_t *value = json_object();
    json_object_set_new(value, "id", json_from_uuid(&session->id));
    json_object_set_new(value, "created_at", json_from_time(session->created_unix_ms));
    json_object_set_new(value, "last_used_at", json_from_time(session->last_used_unix_ms));
    json_object_set_new(value, "expires_at", json_from_time(session->expires_unix_ms));
    json_object_set_new(value, "client", json_from_bytes(bytes_of_str(session->client)));
    json_object_set_new(value, "current",
                        json_boolean(uuid_equal(&session->id, &actor->session_id)));
    return value;
}

enum err session_view_list(struct core *core, struct ctx *ctx, json_t **out)
{
    const struct identity *identity = &core->ports->identity;
    struct identity_session *sessions = NULL;
    size_t count = 0;
    enum err e = identity->sessions_list(identity->self, ctx, &sessions, &count);
    if (e != ERR_OK)
        return e;
    *out = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(*out, view(&sessions[i], ctx->actor));
    return ERR_OK;
}

enum err session_view_me(struct core *core, struct ctx *ctx, json_t **out)
{
    struct accounts_profile profile;
    enum err e = accounts_profile(core, ctx, &profile);
    if (e != ERR_OK)
        return e;
    const struct identity_account *account = &profile.account;
    json_t *quota = json_object();
    json_object_set_new(quota, "limit_bytes", json_integer(profile.quota_bytes));
    json_object_set_new(quota, "used_bytes", json_integer(profile.used_bytes));
    json_t *me = json_object();
    json_object_set_new(me, "id", json_from_uuid(&account->id));
    json_object_set_new(me, "username", json_from_bytes(bytes_of_str(account->username)));
    json_object_set_new(me, "email", json_from_bytes(bytes_of_str(account->email)));
    json_object_set_new(me, "created_at", json_from_time(account->created_unix_ms));
    json_object_set_new(me, "unread", json_integer((json_int_t)profile.unread));
    json_object_set_new(me, "quota", quota);
    json_object_set_new(me, "recovery_key_set", json_boolean(account->recovery_key_set));
    json_object_set_new(me, "totp", json_boolean(account->totp_on));
    *out = me;
    return ERR_OK;
}
