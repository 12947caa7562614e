#include "aws/dynamo/dynamo_rows.h"

/* Letters looked at in one go: as many as one transaction deletes. */
#define BATCH_MAX 50
/* An index entry comes within milliseconds, seldom seconds; this many times the letters that usage
 * tells of are waited for. */
#define LAG_TRIES_MAX 10

struct erase_call {
    struct dynamo_records *records;
    struct ctx *ctx;
    const struct uuid *user_id;
    struct uuid *object_ids;
    size_t object_count;
};

/* --- the account --- */

static json_t *erasure_of_user(const struct erase_call *call)
{
    json_t *key = json_object();
    json_t *values = json_object();
    dynamo_item_set_uuid(key, "userId", call->user_id);
    dynamo_item_set_text(values, ":erased", BYTES_LIT("erased"));
    return json_pack("{s:{s:s,s:o,s:s,s:s,s:o}}", "Update", "TableName", call->records->users_table,
                     "Key", key, "UpdateExpression",
                     "SET accountState = :erased REMOVE username, email, keyReference,"
                     " topicReference, createdAt, quotaBytes, directory",
                     "ConditionExpression", "attribute_exists(userId)", "ExpressionAttributeValues",
                     values);
}

static json_t *release_of_name(const struct erase_call *call, const char *username)
{
    const char *id = arena_printf(call->ctx->arena, DYNAMO_NAME_PREFIX "%s", username);
    json_t *values = json_object();
    dynamo_item_set_uuid(values, ":id", call->user_id);
    return json_pack("{s:{s:s,s:o,s:s,s:o}}", "Delete", "TableName", call->records->users_table,
                     "Key", dynamo_users_key(bytes_of_str(id)), "ConditionExpression",
                     "attribute_not_exists(userId) OR ownerId = :id", "ExpressionAttributeValues",
                     values);
}

/* Takes the account away first: from then on nothing arrives. */
static enum err erase_account(const struct erase_call *call, const char *username)
{
    struct dynamo_answer answer = {0};
    json_t *in = json_pack("{s:[o,o]}", "TransactItems", erasure_of_user(call),
                           release_of_name(call, username));
    enum err e =
        dynamo_call_run(call->records->client, call->ctx, "TransactWriteItems", in, &answer);
    if (e == ERR_OK && answer.refused)
        e = ctx_log_fail(call->ctx, ERR_INTERNAL, "user_name_of_another", "%s", "");
    dynamo_call_end(&answer);
    dynamo_users_forget(call->records, call->user_id);
    return e;
}

/* --- the letters --- */

static enum err delete_page(struct erase_call *call, const json_t *items, size_t *deleted)
{
    struct dynamo_doomed doomed[BATCH_MAX];
    size_t n = 0;
    size_t i;
    json_t *item;
    json_array_foreach(items, i, item)
    {
        if (n < BATCH_MAX && dynamo_row_doomed(item, &doomed[n]))
            n++;
    }
    enum err e = dynamo_delete_letters(call->records, call->ctx, doomed, n);
    for (i = 0; e == ERR_OK && i < n; i++) {
        if (doomed[i].kept)
            continue;
        ++*deleted;
        if (doomed[i].has_object)
            call->object_ids[call->object_count++] = doomed[i].id;
    }
    return e;
}

static json_t *request_of(const struct erase_call *call)
{
    json_t *values = json_object();
    dynamo_item_set_uuid(values, ":user", call->user_id);
    return json_pack("{s:s,s:s,s:s,s:s,s:o,s:i}", "TableName", call->records->messages_table,
                     "IndexName", DYNAMO_RECIPIENT_INDEX, "KeyConditionExpression",
                     "recipientId = :user", "ProjectionExpression",
                     "messageId, recipientId, sealedSize, inlineFrames",
                     "ExpressionAttributeValues", values, "Limit", BATCH_MAX);
}

/* Walks the index once, until there are objects to remove. */
static enum err delete_letters(struct erase_call *call, size_t *deleted)
{
    json_t *in = request_of(call);
    enum err e = ERR_OK;
    bool more = true;
    while (e == ERR_OK && more && call->object_count == 0) {
        struct dynamo_answer answer = {0};
        e = dynamo_call_run(call->records->client, call->ctx, "Query", json_incref(in), &answer);
        if (e == ERR_OK)
            e = delete_page(call, json_object_get(answer.body, "Items"), deleted);
        json_t *next = json_object_get(answer.body, "LastEvaluatedKey");
        more = next != NULL;
        if (more)
            json_object_set(in, "ExclusiveStartKey", next);
        dynamo_call_end(&answer);
    }
    json_decref(in);
    return e;
}

/* The index may lag behind letters that arrived at the last moment; usage does not. */
static enum err delete_all_letters(struct erase_call *call)
{
    for (unsigned tried = 0; tried < LAG_TRIES_MAX;) {
        size_t deleted = 0;
        int64_t usage = 0;
        struct dynamo_user user;
        enum err e = delete_letters(call, &deleted);
        if (e != ERR_OK || call->object_count > 0)
            return e;
        e = dynamo_users_read(call->records, call->ctx, call->user_id, &user, &usage);
        if (e != ERR_OK || usage == 0)
            return e;
        tried = deleted > 0 ? 0 : tried + 1;
        if (!dynamo_call_wait(call->ctx, tried))
            return ERR_DEADLINE;
    }
    return ctx_log_fail(call->ctx, ERR_UNAVAILABLE, "letters_not_indexed", "%s", "");
}

enum err dynamo_user_erase(void *self, struct ctx *ctx, const struct uuid *user_id,
                           struct uuid **object_ids, size_t *count)
{
    struct erase_call call = {.records = self, .ctx = ctx, .user_id = user_id};
    struct dynamo_user user;
    int64_t usage;
    *count = 0;
    enum err e = dynamo_users_read(self, ctx, user_id, &user, &usage);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    if (user.state != DYNAMO_STATE_ERASED)
        e = erase_account(&call, user.username);
    call.object_ids = arena_calloc(ctx->arena, BATCH_MAX, sizeof *call.object_ids);
    if (e == ERR_OK)
        e = delete_all_letters(&call);
    if (e != ERR_OK)
        return e;
    *object_ids = call.object_ids;
    *count = call.object_count;
    return ERR_OK;
}
