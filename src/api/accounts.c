/* /v1/accounts: signing up, verification codes, forgotten passwords. */
#include "core/accounts.h"

#include "api/fields.h"
#include "api/reply.h"
#include "api/resource.h"
#include "core/policy_password.h"

#define NAME_BYTES 256u
#define EMAIL_BYTES 512u
#define CODE_BYTES 32u
#define INVITE_BYTES 128u
#define RECOVERY_KEY_BYTES 128u

static enum api_next finish(struct api_call *call, struct fields *fields, enum err e, json_t *value,
                            unsigned status)
{
    fields_close(fields);
    if (e == ERR_OK)
        return reply_json(call, status, value);
    json_decref(value);
    return api_call_refuse(call, e);
}

static json_t *describe_delivery(const struct identity_delivery *delivery)
{
    json_t *value = json_object();
    json_object_set_new(value, "medium", json_string(delivery->medium));
    json_object_set_new(value, "destination", json_from_bytes(bytes_of_str(delivery->destination)));
    return value;
}

static enum api_next sign_up(struct api_call *call)
{
    struct fields fields = fields_open(call);
    const struct accounts_sign_up in = {
        .username = fields_text(&fields, "username", NAME_BYTES),
        .email = fields_text(&fields, "email", EMAIL_BYTES),
        .password = fields_text(&fields, "password", 2 * POLICY_PASSWORD_MAX_BYTES),
        .invite = fields_optional_text(&fields, "invite", INVITE_BYTES),
    };
    enum err e = fields.e;
    struct uuid id;
    struct identity_delivery delivery;
    json_t *value = NULL;
    if (e == ERR_OK)
        e = accounts_sign_up(call->api->core, &call->ctx, &in, &id, &delivery);
    if (e == ERR_OK) {
        value = json_object();
        json_object_set_new(value, "id", json_from_uuid(&id));
        json_object_set_new(value, "delivery", describe_delivery(&delivery));
    }
    return finish(call, &fields, e, value, 201);
}

static enum api_next confirm(struct api_call *call)
{
    struct fields fields = fields_open(call);
    struct bytes username = fields_text(&fields, "username", NAME_BYTES);
    struct bytes code = fields_text(&fields, "code", CODE_BYTES);
    enum err e = fields.e;
    struct uuid id;
    char stored[USERNAME_MAX_BYTES + 1];
    json_t *value = NULL;
    if (e == ERR_OK)
        e = accounts_confirm(call->api->core, &call->ctx, username, code, &id, stored);
    if (e == ERR_OK) {
        value = json_object();
        json_object_set_new(value, "id", json_from_uuid(&id));
        json_object_set_new(value, "username", json_string(stored));
    }
    return finish(call, &fields, e, value, 200);
}

static json_t *message(const char *text)
{
    json_t *value = json_object();
    json_object_set_new(value, "message", json_string(text));
    return value;
}

static enum api_next resend_code(struct api_call *call)
{
    struct fields fields = fields_open(call);
    struct bytes username = fields_text(&fields, "username", NAME_BYTES);
    enum err e = fields.e;
    if (e == ERR_OK)
        e = accounts_resend_code(call->api->core, &call->ctx, username);
    return finish(call, &fields, e,
                  message("If this account waits for confirmation, a new code is on its way."),
                  200);
}

static enum api_next forgot_password(struct api_call *call)
{
    struct fields fields = fields_open(call);
    struct bytes login = fields_text(&fields, "login", EMAIL_BYTES);
    enum err e = fields.e;
    if (e == ERR_OK)
        e = accounts_forgot_password(call->api->core, &call->ctx, login);
    return finish(call, &fields, e,
                  message("If there is such an account, a code is on its way to its e-mail "
                          "address."),
                  200);
}

static const char *tell_reset(bool keys_lost)
{
    return keys_lost
               ? "The new password is set. Without the recovery key the old key is lost: letters "
                 "received before now cannot be opened any more, by anybody. New letters are "
                 "sealed to a new key."
               : "The new password is set. All letters can still be opened.";
}

static enum api_next reset_password(struct api_call *call)
{
    struct fields fields = fields_open(call);
    const struct accounts_reset in = {
        .username = fields_text(&fields, "username", NAME_BYTES),
        .code = fields_text(&fields, "code", CODE_BYTES),
        .password = fields_text(&fields, "password", 2 * POLICY_PASSWORD_MAX_BYTES),
        .recovery_key = fields_optional_text(&fields, "recovery_key", RECOVERY_KEY_BYTES),
    };
    enum err e = fields.e;
    bool keys_lost = false;
    json_t *value = NULL;
    if (e == ERR_OK)
        e = accounts_reset_password(call->api->core, &call->ctx, &in, &keys_lost);
    if (e == ERR_OK) {
        value = message(tell_reset(keys_lost));
        json_object_set_new(value, "keys_lost", json_boolean(keys_lost));
    }
    return finish(call, &fields, e, value, 200);
}

static const struct api_route rows[] = {
    {.method = API_POST,
     .pattern = "/v1/accounts",
     .auth = API_AUTH_NONE,
     .where = API_WORKER,
     .body_max = FIELDS_BODY_MAX_BYTES,
     .json = true,
     .handle = sign_up},
    {.method = API_POST,
     .pattern = "/v1/accounts/confirm",
     .auth = API_AUTH_NONE,
     .where = API_WORKER,
     .body_max = FIELDS_BODY_MAX_BYTES,
     .json = true,
     .handle = confirm},
    {.method = API_POST,
     .pattern = "/v1/accounts/resend-code",
     .auth = API_AUTH_NONE,
     .where = API_WORKER,
     .body_max = FIELDS_BODY_MAX_BYTES,
     .json = true,
     .handle = resend_code},
    {.method = API_POST,
     .pattern = "/v1/accounts/forgot-password",
     .auth = API_AUTH_NONE,
     .where = API_WORKER,
     .body_max = FIELDS_BODY_MAX_BYTES,
     .json = true,
     .handle = forgot_password},
    {.method = API_POST,
     .pattern = "/v1/accounts/reset-password",
     .auth = API_AUTH_NONE,
     .where = API_WORKER,
     .body_max = FIELDS_BODY_MAX_BYTES,
     .json = true,
     .handle = reset_password},
};

const struct api_routes accounts_routes = {rows, sizeof rows / sizeof rows[0]};
