#include "aws/cognito/cognito_calls.h"
#include "base/json.h"

#include <stdio.h>
#include <string.h>

#define MS_PER_S 1000.0
#define NAME_KEPT_MS (INT64_C(3600) * 1000)

/* --- names of ids --- */

static void name_key(const struct uuid *id, uint8_t key[CACHE_KEY_BYTES])
{
    memset(key, 0, CACHE_KEY_BYTES);
    memcpy(key, id->b, UUID_BYTES);
}

void cognito_remember_name(struct cognito_identity *identity, const struct ctx *ctx,
                           const struct uuid *id, const char *username)
{
    uint8_t key[CACHE_KEY_BYTES];
    char name[USERNAME_MAX_BYTES + 1] = "";
    name_key(id, key);
    (void)snprintf(name, sizeof name, "%s", username);
    cache_put(identity->names, key, ctx->now_unix_ms + NAME_KEPT_MS, name);
}

static bool recall_name(struct cognito_identity *identity, const struct ctx *ctx,
                        const struct uuid *id, char out[USERNAME_MAX_BYTES + 1])
{
    uint8_t key[CACHE_KEY_BYTES];
    name_key(id, key);
    return cache_get(identity->names, key, ctx->now_unix_ms, out);
}

/* --- reading --- */

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

/* A user as AdminGetUser and ListUsers give it; attributes names the member that holds those. */
static bool read_user(struct arena *arena, const json_t *from, const char *attributes,
                      struct cognito_user *out)
{
    const json_t *list = json_object_get(from, attributes);
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
    out->created_unix_ms =
        (int64_t)(json_number_value(json_object_get(from, "UserCreateDate")) * MS_PER_S);
    return true;
}

static enum err malformed(struct ctx *ctx, const char *operation)
{
    return ctx_log_fail(ctx, ERR_UNAVAILABLE, "cognito_answer_malformed", "operation=%s",
                        operation);
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
    if (e == ERR_OK && !read_user(ctx->arena, answer.body, "UserAttributes", out))
        e = malformed(ctx, "AdminGetUser");
    cognito_call_end(&answer);
    return e;
}

/* The index of subs lags a little behind; it is asked only when no name is known. The filter holds
 * nothing that a user chose. */
static enum err user_by_id(struct cognito_identity *identity, struct ctx *ctx,
                           const struct uuid *id, struct cognito_user *out)
{
    char text[UUID_TEXT_BYTES];
    struct cognito_answer answer;
    uuid_format(id, text);
    json_t *in = json_object();
    cognito_set(in, "UserPoolId", bytes_of_str(identity->config->user_pool_id));
    cognito_set(in, "Filter", bytes_of_str(arena_printf(ctx->arena, "sub = \"%s\"", text)));
    json_object_set_new(in, "Limit", json_integer(1));
    enum err e = cognito_call_pool(identity, ctx, "ListUsers", in, &answer);
    if (e == ERR_OK)
        e = cognito_call_error(ctx, &answer, NULL, 0);
    const json_t *users = json_object_get(answer.body, "Users");
    if (e == ERR_OK && json_array_size(users) == 0)
        e = ERR_NOT_FOUND;
    if (e == ERR_OK && !read_user(ctx->arena, json_array_get(users, 0), "Attributes", out))
        e = malformed(ctx, "ListUsers");
    cognito_call_end(&answer);
    return e;
}

enum err cognito_user_of_actor(struct cognito_identity *identity, struct ctx *ctx,
                               struct cognito_user *out)
{
    const struct actor *actor = ctx->actor;
    char name[USERNAME_MAX_BYTES + 1] = "";
    if (actor == NULL)
        return ERR_UNAUTHENTICATED;
    (void)snprintf(name, sizeof name, "%s", actor->username);
    bool named = name[0] != '\0' || recall_name(identity, ctx, &actor->user_id, name);
    enum err e = named ? cognito_user_by_login(identity, ctx, bytes_of_str(name), out)
                       : user_by_id(identity, ctx, &actor->user_id, out);
    /* Names never change, but once an account is gone its name may be another's. */
    if (e == ERR_NOT_FOUND || (e == ERR_OK && !uuid_equal(&out->id, &actor->user_id)))
        return ERR_UNAUTHENTICATED;
    if (e == ERR_OK)
        cognito_remember_name(identity, ctx, &out->id, out->username);
    return e;
}
