#include "aws/cognito/cognito_calls.h"
#include "base/json.h"

#include <string.h>

#define MS_PER_S 1000.0

static struct bytes attribute(const json_t *list, const char *name)
{
    size_t i;
    const json_t *item;
    struct bytes text;
    json_array_foreach(list, i, item)
    {
        if (json_get_bytes(item, "Name", &text) && bytes_equal_str(text, name) &&
            json_get_bytes(item, "Value", &text))
            return text;
    }
    return (struct bytes){0};
}

static bool lists(const json_t *list, const char *wanted)
{
    size_t i;
    const json_t *item;
    json_array_foreach(list, i, item)
    {
        if (json_is_string(item) && strcmp(json_string_value(item), wanted) == 0)
            return true;
    }
    return false;
}

static bool read_user(struct arena *arena, const json_t *from, struct cognito_user *out)
{
    const json_t *list = json_object_get(from, "UserAttributes");
    struct bytes username;
    struct bytes status;
    if (!json_get_bytes(from, "Username", &username) ||
        !json_get_bytes(from, "UserStatus", &status) ||
        !uuid_parse(attribute(list, "sub"), &out->id))
        return false;
    out->username = arena_str(arena, username);
    out->email = arena_str(arena, attribute(list, "email"));
    out->confirmed = !bytes_equal_str(status, "UNCONFIRMED");
    out->disabled = json_is_false(json_object_get(from, "Enabled"));
    out->totp_on = lists(json_object_get(from, "UserMFASettingList"), COGNITO_TOTP);
    out->created_unix_ms =
        (int64_t)(json_number_value(json_object_get(from, "UserCreateDate")) * MS_PER_S);
    return true;
}

enum err cognito_user_by_login(struct cognito_identity *identity, struct ctx *ctx,
                               struct bytes login, struct cognito_user *out)
{
    static const struct cognito_meaning meanings[] = {
        {"UserNotFoundException", ERR_NOT_FOUND, NULL},
        {"InvalidParameterException", ERR_NOT_FOUND, NULL},
    };
    struct cognito_answer answer;
    enum err e = cognito_call_pool(identity, ctx, "AdminGetUser",
                                   cognito_pool_request(identity, login), &answer);
    if (e == ERR_OK)
        e = cognito_call_error(ctx, &answer, meanings, sizeof meanings / sizeof meanings[0]);
    if (e == ERR_OK && !read_user(ctx->arena, answer.body, out))
        e = ctx_log_fail(ctx, ERR_UNAVAILABLE, "cognito_answer_malformed", "operation=%s",
                         answer.call.operation);
    cognito_call_end(&answer);
    return e;
}

/* By its id, which Cognito takes in the place of the username (AdminGetUser in its API Reference)
 * and which, unlike a name, never becomes another's. */
enum err cognito_user_of_actor(struct cognito_identity *identity, struct ctx *ctx,
                               struct cognito_user *out)
{
    char id[UUID_TEXT_BYTES];
    if (ctx->actor == NULL)
        return ERR_UNAUTHENTICATED;
    uuid_format(&ctx->actor->user_id, id);
    enum err e = cognito_user_by_login(identity, ctx, bytes_of_str(id), out);
    /* A username may look like an id. */
    bool is_other = e == ERR_OK && !uuid_equal(&out->id, &ctx->actor->user_id);
    return e == ERR_NOT_FOUND || is_other ? ERR_UNAUTHENTICATED : e;
}
