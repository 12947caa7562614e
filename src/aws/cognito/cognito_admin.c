#include "aws/cognito/cognito_admin.h"

#include "aws/cognito/cognito_calls.h"

enum err cognito_admin_set_disabled(struct cognito_identity *identity, struct ctx *ctx,
                                    struct bytes username, bool disabled, struct uuid *id)
{
    struct cognito_user user;
    struct cognito_answer answer;
    enum err e = cognito_user_by_login(identity, ctx, username, &user);
    if (e == ERR_OK && !user.confirmed)
        e = ERR_UNCONFIRMED;
    if (e != ERR_OK)
        return e;
    *id = user.id;
    e = cognito_call_pool(identity, ctx, disabled ? "AdminDisableUser" : "AdminEnableUser",
                          cognito_pool_request(identity, bytes_of_str(user.username)), &answer);
    if (e == ERR_OK)
        e = cognito_call_error(ctx, &answer, NULL, 0);
    cognito_call_end(&answer);
    if (e == ERR_OK && disabled)
        e = session_map_end_all(identity->client, ctx, &user.id, NULL);
    return e;
}

enum err cognito_admin_totp_off(struct cognito_identity *identity, struct ctx *ctx,
                                struct bytes username)
{
    static const struct cognito_meaning meanings[] = {
        {"UserNotFoundException", ERR_NOT_FOUND, NULL},
    };
    struct cognito_answer answer;
    json_t *in = cognito_pool_request(identity, username);
    json_object_set_new(in, "SoftwareTokenMfaSettings", cognito_totp_settings(false));
    enum err e = cognito_call_pool(identity, ctx, "AdminSetUserMFAPreference", in, &answer);
    if (e == ERR_OK)
        e = cognito_call_error(ctx, &answer, meanings, sizeof meanings / sizeof meanings[0]);
    cognito_call_end(&answer);
    return e;
}
