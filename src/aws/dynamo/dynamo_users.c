#include "aws/dynamo/dynamo_rows.h"

#include "base/digest.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static_assert((int)USER_DISABLED < DYNAMO_STATE_ERASED, "states of users must not overlap");

static const char *const states[] = DYNAMO_STATES;

/* --- rows --- */

static void copy_text(const json_t *item, const char *name, char *out, size_t size)
{
    struct bytes text = {0};
    (void)dynamo_item_text(item, name, &text);
    (void)snprintf(out, size, "%.*s", BYTES_FMT(text));
}

static bool read_state(const json_t *item, int *out)
{
    struct bytes text;
    if (!dynamo_item_text(item, "accountState", &text))
        return false;
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (bytes_equal_str(text, states[i])) {
            *out = (int)i;
            return true;
        }
    }
    return false;
}

bool dynamo_row_user(const json_t *item, struct dynamo_user *out)
{
    memset(out, 0, sizeof *out);
    if (!dynamo_item_uuid(item, "userId", &out->id) || !read_state(item, &out->state))
        return false;
    copy_text(item, "username", out->username, sizeof out->username);
    copy_text(item, "email", out->email, sizeof out->email);
    copy_text(item, "keyReference", out->key_reference, sizeof out->key_reference);
    copy_text(item, "topicReference", out->topic_reference, sizeof out->topic_reference);
    out->created_unix_ms = dynamo_item_number_or(item, "createdAt", 0);
    out->quota_bytes = dynamo_item_number_or(item, "quotaBytes", 0);
    return true;
}

void dynamo_row_give_user(struct arena *arena, const struct dynamo_user *user,
                          struct user_record *out)
{
    *out = (struct user_record){
        .id = user->id,
        .username = arena_str(arena, bytes_of_str(user->username)),
        .email = arena_str(arena, bytes_of_str(user->email)),
        .topic_reference = arena_str(arena, bytes_of_str(user->topic_reference)),
        .state = (enum user_state)user->state,
        .created_unix_ms = user->created_unix_ms,
        .quota_bytes = user->quota_bytes,
    };
    memcpy(out->key_reference, user->key_reference, sizeof out->key_reference);
}

json_t *dynamo_users_key(struct bytes key)
{
    json_t *item = json_object();
    dynamo_item_set_text(item, "userId", key);
    return item;
}

/* --- the cache --- */

bool dynamo_users_recall(struct dynamo_records *records, struct ctx *ctx, const struct uuid *id,
                         struct dynamo_user *out)
{
    uint8_t key[CACHE_KEY_BYTES];
    cache_key_of_uuid(id, key);
    return cache_get(records->users, key, ctx->now_unix_ms, out);
}

void dynamo_users_remember(struct dynamo_records *records, struct ctx *ctx,
                           const struct dynamo_user *user)
{
    uint8_t key[CACHE_KEY_BYTES];
    int64_t end_unix_ms = ctx->now_unix_ms + DYNAMO_USER_CACHE_MS;
    cache_key_of_uuid(&user->id, key);
    cache_put(records->users, key, end_unix_ms, user);
    if (user->username[0] == '\0')
        return;
    digest_sha256(bytes_of_str(user->username), key);
    cache_put(records->names, key, end_unix_ms, &user->id);
}

void dynamo_users_forget(struct dynamo_records *records, const struct uuid *id)
{
    uint8_t key[CACHE_KEY_BYTES];
    cache_key_of_uuid(id, key);
    cache_drop(records->users, key);
}

/* --- reads --- */

static enum err get_item(struct dynamo_records *records, struct ctx *ctx, struct bytes key,
                         struct dynamo_answer *answer)
{
    json_t *in = json_pack("{s:s,s:o,s:b}", "TableName", records->users_table, "Key",
                           dynamo_users_key(key), "ConsistentRead", 1);
    return dynamo_call_run(records->client, ctx, "GetItem", in, answer);
}

enum err dynamo_users_read(struct dynamo_records *records, struct ctx *ctx, const struct uuid *id,
                           struct dynamo_user *out, int64_t *usage)
{
    char text[UUID_TEXT_BYTES];
    struct dynamo_answer answer = {0};
    uuid_format(id, text);
    enum err e = get_item(records, ctx, bytes_of_str(text), &answer);
    if (e == ERR_OK && !dynamo_row_user(dynamo_call_item(&answer), out))
        e = ERR_NOT_FOUND;
    if (e == ERR_OK)
        *usage = dynamo_item_number_or(dynamo_call_item(&answer), "usedBytes", 0);
    dynamo_call_end(&answer);
    return e;
}

/* What is cached may be a minute old. For a ready user that does no harm: storing a letter checks
 * account, key and quota anew. Others are about to change. */
static enum err find(struct dynamo_records *records, struct ctx *ctx, const struct uuid *id,
                     struct dynamo_user *out)
{
    if (dynamo_users_recall(records, ctx, id, out) && out->state == USER_READY)
        return ERR_OK;
    int64_t usage;
    enum err e = dynamo_users_read(records, ctx, id, out, &usage);
    if (e != ERR_OK)
        return e;
    dynamo_users_remember(records, ctx, out);
    return out->state == DYNAMO_STATE_ERASED ? ERR_NOT_FOUND : ERR_OK;
}

enum err dynamo_user_by_id(void *self, struct ctx *ctx, const struct uuid *id,
                           struct user_record *out)
{
    struct dynamo_user user;
    enum err e = find(self, ctx, id, &user);
    if (e == ERR_OK)
        dynamo_row_give_user(ctx->arena, &user, out);
    return e;
}

static enum err find_owner(struct dynamo_records *records, struct ctx *ctx, struct bytes username,
                           struct uuid *id)
{
    struct dynamo_answer answer = {0};
    const char *key = arena_printf(ctx->arena, DYNAMO_NAME_PREFIX "%.*s", BYTES_FMT(username));
    enum err e = get_item(records, ctx, bytes_of_str(key), &answer);
    if (e == ERR_OK && !dynamo_item_uuid(dynamo_call_item(&answer), "ownerId", id))
        e = ERR_NOT_FOUND;
    dynamo_call_end(&answer);
    return e;
}

enum err dynamo_user_by_name(void *self, struct ctx *ctx, struct bytes username,
                             struct user_record *out)
{
    struct dynamo_records *records = self;
    struct dynamo_user user = {0};
    struct uuid id;
    uint8_t key[CACHE_KEY_BYTES];
    if (username.n == 0 || username.n > USERNAME_MAX_BYTES || !bytes_is_utf8(username) ||
        bytes_find(username, 0, 0) != SIZE_MAX)
        return ERR_NOT_FOUND;
    digest_sha256(username, key);
    enum err e = ERR_OK;
    if (cache_get(records->names, key, ctx->now_unix_ms, &id))
        e = find(records, ctx, &id, &user);
    /* The name may have gone to another user since. */
    if (e == ERR_NOT_FOUND || (e == ERR_OK && !bytes_equal_str(username, user.username))) {
        e = find_owner(records, ctx, username, &id);
        if (e == ERR_OK)
            e = find(records, ctx, &id, &user);
    }
    if (e == ERR_OK)
        dynamo_row_give_user(ctx->arena, &user, out);
    return e;
}

enum err dynamo_user_usage(void *self, struct ctx *ctx, const struct uuid *id, int64_t *used_bytes)
{
    struct dynamo_user user;
    int64_t usage = 0;
    enum err e = dynamo_users_read(self, ctx, id, &user, &usage);
    if (e != ERR_OK || user.state == DYNAMO_STATE_ERASED)
        return e != ERR_OK ? e : ERR_NOT_FOUND;
    *used_bytes = usage;
    return ERR_OK;
}

/* --- writes --- */

static json_t *lock_of_name(struct dynamo_records *records, struct ctx *ctx,
                            const struct user_record *user)
{
    json_t *item = dynamo_users_key(
        bytes_of_str(arena_printf(ctx->arena, DYNAMO_NAME_PREFIX "%s", user->username)));
    json_t *values = json_object();
    dynamo_item_set_uuid(item, "ownerId", &user->id);
    dynamo_item_set_uuid(values, ":id", &user->id);
    return json_pack("{s:{s:s,s:o,s:s,s:o}}", "Put", "TableName", records->users_table, "Item",
                     item, "ConditionExpression", "attribute_not_exists(userId) OR ownerId = :id",
                     "ExpressionAttributeValues", values);
}

/* " SET name = :name", or only if it has none when there is nothing to set. */
static void add_text(struct buffer *expression, json_t *values, const char *name, const char *text)
{
    if (text[0] == '\0')
        buffer_printf(expression, ", %s = if_not_exists(%s, :%s)", name, name, name);
    else
        buffer_printf(expression, ", %s = :%s", name, name);
    char value[32];
    (void)snprintf(value, sizeof value, ":%s", name);
    dynamo_item_set_text(values, value, bytes_of_str(text));
}

static json_t *completion_of_user(struct dynamo_records *records, const struct user_record *user)
{
    char id[UUID_TEXT_BYTES];
    struct buffer expression;
    json_t *values = json_object();
    uuid_format(&user->id, id);
    buffer_init(&expression, 1024);
    buffer_append_str(&expression, "SET accountState = :state, username = :username,"
                                   " createdAt = if_not_exists(createdAt, :created),"
                                   " usedBytes = if_not_exists(usedBytes, :zero)");
    dynamo_item_set_text(values, ":state", bytes_of_str(states[user->state]));
    dynamo_item_set_text(values, ":username", bytes_of_str(user->username));
    dynamo_item_set_number(values, ":created", user->created_unix_ms);
    dynamo_item_set_number(values, ":zero", 0);
    add_text(&expression, values, "email", user->email);
    add_text(&expression, values, "keyReference", user->key_reference);
    add_text(&expression, values, "topicReference", user->topic_reference);
    if (user->quota_bytes != 0) {
        buffer_append_str(&expression, ", quotaBytes = :quota");
        dynamo_item_set_number(values, ":quota", user->quota_bytes);
    }
    if (user->state == USER_READY) {
        buffer_append_str(&expression, ", directory = :directory");
        dynamo_item_set_text(values, ":directory", BYTES_LIT(DYNAMO_DIRECTORY));
    } else {
        buffer_append_str(&expression, " REMOVE directory");
    }
    assert(buffer_ok(&expression));
    /* An erased account has no name any more. */
    json_t *update =
        json_pack("{s:{s:s,s:o,s:o,s:s,s:o}}", "Update", "TableName", records->users_table, "Key",
                  dynamo_users_key(bytes_of_str(id)), "UpdateExpression",
                  json_from_bytes(buffer_bytes(&expression)), "ConditionExpression",
                  "attribute_not_exists(userId) OR username = :username",
                  "ExpressionAttributeValues", values);
    buffer_fini(&expression);
    return update;
}

enum err dynamo_user_put(void *self, struct ctx *ctx, const struct user_record *user)
{
    struct dynamo_records *records = self;
    struct dynamo_answer answer = {0};
    json_t *in = json_pack("{s:[o,o]}", "TransactItems", lock_of_name(records, ctx, user),
                           completion_of_user(records, user));
    enum err e = dynamo_call_run(records->client, ctx, "TransactWriteItems", in, &answer);
    if (e == ERR_OK && answer.refused)
        e = ERR_CONFLICT;
    dynamo_call_end(&answer);
    dynamo_users_forget(records, &user->id);
    return e;
}
