#include "aws/dynamo/dynamo_uploads.h"

#include "aws/dynamo/dynamo_call.h"
#include "aws/dynamo/dynamo_item.h"
#include "aws/dynamo/dynamo_schema.h"

static const char *table_of(struct aws_client *client)
{
    return aws_client_config(client)->messages_table;
}

static void set_id(json_t *item, struct arena *arena, const struct uuid *id)
{
    char text[UUID_TEXT_BYTES];
    uuid_format(id, text);
    const char *key = arena_printf(arena, DYNAMO_UPLOAD_PREFIX "%s", text);
    dynamo_item_set_text(item, "messageId", bytes_of_str(key));
}

static json_t *key_of(struct ctx *ctx, const struct uuid *id)
{
    json_t *key = json_object();
    set_id(key, ctx->arena, id);
    return key;
}

static bool read_id(const json_t *item, struct uuid *id)
{
    const struct bytes prefix = BYTES_LIT(DYNAMO_UPLOAD_PREFIX);
    struct bytes key;
    return dynamo_item_text(item, "messageId", &key) &&
           uuid_parse(bytes_slice(key, prefix.n, SIZE_MAX), id);
}

static bool read_item(const json_t *item, struct arena *arena, struct upload_record *out)
{
    struct bytes draft = {0};
    *out = (struct upload_record){0};
    if (!read_id(item, &out->id) || !dynamo_item_uuid(item, "ownerId", &out->owner_id) ||
        !dynamo_item_text(item, "draft", &draft))
        return false;
    out->length = (uint64_t)dynamo_item_number_or(item, "length", 0);
    out->version = (uint64_t)dynamo_item_number_or(item, "version", 0);
    out->expires_unix_ms = dynamo_item_number_or(item, "expiresAt", 0);
    out->done = dynamo_item_flag(item, "done");
    out->draft = arena_str(arena, draft);
    return true;
}

static enum err get_item(struct aws_client *client, struct ctx *ctx, const struct uuid *id,
                         const char *projection, struct dynamo_answer *answer)
{
    json_t *in = json_pack("{s:s,s:o,s:b}", "TableName", table_of(client), "Key", key_of(ctx, id),
                           "ConsistentRead", 1);
    if (projection != NULL)
        json_object_set_new(in, "ProjectionExpression", json_string(projection));
    return dynamo_call_run(client, ctx, "GetItem", in, answer);
}

/* --- create --- */

static json_t *item_of(struct ctx *ctx, const struct upload_record *in)
{
    json_t *item = json_object();
    set_id(item, ctx->arena, &in->id);
    dynamo_item_set_uuid(item, "ownerId", &in->owner_id);
    dynamo_item_set_number(item, "length", (int64_t)in->length);
    dynamo_item_set_number(item, "version", 1);
    dynamo_item_set_text(item, "expiryShard", BYTES_LIT(DYNAMO_UPLOADS_SHARD));
    dynamo_item_set_number(item, "expiresAt", in->expires_unix_ms);
    dynamo_item_set_flag(item, "done", false);
    dynamo_item_set_text(item, "draft", bytes_of_str(in->draft));
    dynamo_item_set_binary(item, "state", in->state);
    return item;
}

/* The list first: it is what limits. The id is fresh, so that storing the item twice is harmless.
 */
static enum err create(void *self, struct ctx *ctx, const struct upload_record *in,
                       const struct upload_limits *limits)
{
    struct aws_client *client = self;
    struct dynamo_answer answer = {0};
    enum err e = dynamo_uploads_enter(client, ctx, in, limits);
    if (e != ERR_OK)
        return e;
    e = dynamo_call_run(
        client, ctx, "PutItem",
        json_pack("{s:s,s:o}", "TableName", table_of(client), "Item", item_of(ctx, in)), &answer);
    dynamo_call_end(&answer);
    if (e != ERR_OK)
        dynamo_uploads_leave(client, ctx, &in->owner_id, &in->id);
    return e;
}

/* --- get and put --- */

static enum err take(struct ctx *ctx, const json_t *item, struct upload_record *out)
{
    if (item == NULL)
        return ERR_NOT_FOUND;
    if (!read_item(item, ctx->arena, out) ||
        !dynamo_item_binary(item, "state", ctx->arena, &out->state))
        return ctx_log_fail(ctx, ERR_INTERNAL, "upload_item_invalid", "%s", "");
    return uuid_equal(&out->owner_id, &ctx->actor->user_id) ? ERR_OK : ERR_NOT_FOUND;
}

static enum err get(void *self, struct ctx *ctx, const struct uuid *id, struct upload_record *out)
{
    struct dynamo_answer answer = {0};
    enum err e = get_item(self, ctx, id, NULL, &answer);
    if (e == ERR_OK)
        e = take(ctx, dynamo_call_item(&answer), out);
    dynamo_call_end(&answer);
    return e;
}

/* A put whose answer was lost is refused when it is repeated, and finds itself: states are sealed
 * under random nonces, so that no two are alike. */
static enum err explain(struct ctx *ctx, const json_t *item, const struct upload_record *in)
{
    struct upload_record stored;
    enum err e = take(ctx, item, &stored);
    if (e != ERR_OK)
        return e;
    return stored.version == in->version && bytes_equal(stored.state, in->state) ? ERR_OK
                                                                                 : ERR_CONFLICT;
}

static enum err put(void *self, struct ctx *ctx, const struct upload_record *in)
{
    struct aws_client *client = self;
    struct dynamo_answer answer = {0};
    json_t *values = json_object();
    dynamo_item_set_number(values, ":before", (int64_t)in->version - 1);
    dynamo_item_set_number(values, ":version", (int64_t)in->version);
    dynamo_item_set_flag(values, ":done", in->done);
    dynamo_item_set_text(values, ":draft", bytes_of_str(in->draft));
    dynamo_item_set_binary(values, ":state", in->state);
    dynamo_item_set_uuid(values, ":owner", &in->owner_id);
    enum err e = dynamo_call_run(
        client, ctx, "UpdateItem",
        json_pack("{s:s,s:o,s:s,s:s,s:{s:s},s:o,s:s}", "TableName", table_of(client), "Key",
                  key_of(ctx, &in->id), "UpdateExpression",
                  "SET version = :version, done = :done, draft = :draft, #state = :state",
                  "ConditionExpression", "version = :before AND ownerId = :owner",
                  "ExpressionAttributeNames", "#state", "state", "ExpressionAttributeValues",
                  values, "ReturnValuesOnConditionCheckFailure", "ALL_OLD"),
        &answer);
    if (e == ERR_OK && answer.refused)
        e = explain(ctx, dynamo_call_item(&answer), in);
    dynamo_call_end(&answer);
    if (e == ERR_OK && in->done)
        dynamo_uploads_leave(client, ctx, &in->owner_id, &in->id);
    return e;
}

/* --- the end --- */

static enum err delete_item(struct aws_client *client, struct ctx *ctx, const struct uuid *id,
                            const struct uuid *owner_id, bool *deleted)
{
    struct dynamo_answer answer = {0};
    json_t *values = json_object();
    dynamo_item_set_uuid(values, ":owner", owner_id);
    enum err e = dynamo_call_run(client, ctx, "DeleteItem",
                                 json_pack("{s:s,s:o,s:s,s:o}", "TableName", table_of(client),
                                           "Key", key_of(ctx, id), "ConditionExpression",
                                           "ownerId = :owner", "ExpressionAttributeValues", values),
                                 &answer);
    *deleted = e == ERR_OK && !answer.refused;
    dynamo_call_end(&answer);
    if (*deleted)
        dynamo_uploads_leave(client, ctx, owner_id, id);
    return e;
}

static enum err remove_own(void *self, struct ctx *ctx, const struct uuid *id)
{
    bool deleted = false;
    enum err e = delete_item(self, ctx, id, &ctx->actor->user_id, &deleted);
    return e == ERR_OK && !deleted ? ERR_NOT_FOUND : e;
}

static enum err forget(void *self, struct ctx *ctx, const struct upload_record *upload)
{
    bool deleted = false;
    return delete_item(self, ctx, &upload->id, &upload->owner_id, &deleted);
}

static json_t *query_of_expired(const char *table, const struct ctx *ctx, size_t limit)
{
    json_t *values = json_object();
    dynamo_item_set_text(values, ":shard", BYTES_LIT(DYNAMO_UPLOADS_SHARD));
    dynamo_item_set_number(values, ":now", ctx->now_unix_ms);
    return json_pack("{s:s,s:s,s:s,s:o,s:I}", "TableName", table, "IndexName", DYNAMO_EXPIRY_INDEX,
                     "KeyConditionExpression", "expiryShard = :shard AND expiresAt <= :now",
                     "ExpressionAttributeValues", values, "Limit", (json_int_t)limit);
}

/* The index has the ids alone; what is gone meanwhile is left out. */
static enum err add_expired(struct aws_client *client, struct ctx *ctx, const json_t *row,
                            struct upload_page *out)
{
    struct dynamo_answer answer = {0};
    struct uuid id;
    if (!read_id(row, &id))
        return ERR_OK;
    enum err e = get_item(client, ctx, &id, "messageId, ownerId, draft", &answer);
    if (e == ERR_OK && dynamo_call_item(&answer) != NULL &&
        read_item(dynamo_call_item(&answer), ctx->arena, &out->items[out->count]))
        out->count++;
    dynamo_call_end(&answer);
    return e;
}

static enum err expired(void *self, struct ctx *ctx, size_t limit, struct upload_page *out)
{
    struct aws_client *client = self;
    struct dynamo_answer answer = {0};
    size_t i;
    json_t *row;
    out->items = arena_calloc(ctx->arena, limit, sizeof *out->items);
    out->count = 0;
    enum err e = dynamo_call_run(client, ctx, "Query",
                                 query_of_expired(table_of(client), ctx, limit), &answer);
    json_array_foreach(json_object_get(answer.body, "Items"), i, row)
    {
        if (e == ERR_OK && i < limit)
            e = add_expired(client, ctx, row, out);
    }
    dynamo_call_end(&answer);
    return e;
}

static enum err exists(void *self, struct ctx *ctx, const struct uuid *id, bool *exists)
{
    struct dynamo_answer answer = {0};
    enum err e = get_item(self, ctx, id, "messageId", &answer);
    *exists = dynamo_call_item(&answer) != NULL;
    dynamo_call_end(&answer);
    return e;
}

struct uploads dynamo_uploads_port(struct aws_client *client)
{
    return (struct uploads){
        .self = client,
        .create = create,
        .get = get,
        .put = put,
        .remove = remove_own,
        .expired = expired,
        .forget = forget,
        .exists = exists,
    };
}
