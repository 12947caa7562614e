#include "aws/cognito/cognito_invites.h"

#include "aws/cognito/users_item.h"

#define KEY_PREFIX "invite#"

static const char *key_of(struct arena *arena, const uint8_t digest[DIGEST_SHA256_BYTES])
{
    char id[INVITE_ID_BYTES];
    invite_id(digest, id);
    return arena_printf(arena, KEY_PREFIX "%s", id);
}

enum err cognito_invites_create(struct aws_client *client, struct ctx *ctx,
                                char out[INVITE_TEXT_BYTES])
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    invite_make(out, digest);
    json_t *item = users_item_key(key_of(ctx->arena, digest));
    int64_t end_unix_ms = ctx->now_unix_ms + INVITE_LIFETIME_MS;
    dynamo_item_set_number(item, "createdAt", ctx->now_unix_ms);
    dynamo_item_set_number(item, "expiresAt", end_unix_ms);
    users_item_set_ttl(item, "ttl", end_unix_ms);
    return users_item_put(client, ctx, item);
}

/* Changes the invitation's use if the condition holds. */
static enum err change(struct aws_client *client, struct ctx *ctx, struct bytes typed,
                       const struct uuid *mark, const char *update, const char *condition)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    struct dynamo_answer answer = {0};
    if (!invite_read(typed, digest))
        return ERR_INVITE_REQUIRED;
    json_t *in = users_item_request(client, key_of(ctx->arena, digest));
    json_object_set_new(in, "UpdateExpression", json_string(update));
    json_object_set_new(in, "ConditionExpression", json_string(condition));
    dynamo_item_set_uuid(users_item_values(in), ":mark", mark);
    dynamo_item_set_number(users_item_values(in), ":now", ctx->now_unix_ms);
    enum err e = dynamo_call_run(client, ctx, "UpdateItem", in, &answer);
    if (e == ERR_OK && answer.refused)
        e = ERR_INVITE_REQUIRED;
    dynamo_call_end(&answer);
    return e;
}

enum err cognito_invites_use(struct aws_client *client, struct ctx *ctx, struct bytes typed,
                             const struct uuid *mark)
{
    return change(client, ctx, typed, mark, "SET usedBy = :mark",
                  "expiresAt > :now AND (attribute_not_exists(usedBy) OR usedBy = :mark)");
}

void cognito_invites_give_back(struct aws_client *client, struct ctx *ctx, struct bytes typed,
                               const struct uuid *mark)
{
    enum err e =
        change(client, ctx, typed, mark, "REMOVE usedBy", "expiresAt > :now AND usedBy = :mark");
    if (e != ERR_OK)
        (void)ctx_log_fail(ctx, e, "invite_lost", "%s", "");
}

/* --- what operators do --- */

static json_t *scan_request(struct aws_client *client, int64_t now_unix_ms)
{
    json_t *values = json_object();
    dynamo_item_set_text(values, ":prefix", BYTES_LIT(KEY_PREFIX));
    dynamo_item_set_number(values, ":now", now_unix_ms);
    return json_pack("{s:s,s:s,s:s,s:o,s:b}", "TableName", aws_client_config(client)->users_table,
                     "FilterExpression",
                     "begins_with(userId, :prefix) AND expiresAt > :now AND "
                     "attribute_not_exists(usedBy)",
                     "ProjectionExpression", "userId, createdAt, expiresAt",
                     "ExpressionAttributeValues", values, "ConsistentRead", 1);
}

static bool read_invite(struct arena *arena, const json_t *item, struct invite *out)
{
    struct bytes key;
    uint8_t digest[DIGEST_SHA256_BYTES];
    if (!dynamo_item_text(item, "userId", &key) || !bytes_starts_with(key, BYTES_LIT(KEY_PREFIX)) ||
        !invite_id_read(arena, bytes_slice(key, sizeof KEY_PREFIX - 1, key.n), digest))
        return false;
    invite_id(digest, out->id);
    return dynamo_item_number(item, "createdAt", &out->created_unix_ms) &&
           dynamo_item_number(item, "expiresAt", &out->expires_unix_ms);
}

enum err cognito_invites_walk(struct aws_client *client, struct ctx *ctx,
                              void (*visit)(const struct invite *invite, void *arg), void *arg)
{
    json_t *start = NULL;
    do {
        struct dynamo_answer answer = {0};
        json_t *in = scan_request(client, ctx->now_unix_ms);
        if (start != NULL)
            json_object_set_new(in, "ExclusiveStartKey", start);
        enum err e = dynamo_call_run(client, ctx, "Scan", in, &answer);
        if (e != ERR_OK)
            return e;
        size_t i;
        const json_t *item;
        json_array_foreach(json_object_get(answer.body, "Items"), i, item)
        {
            struct invite invite;
            if (read_invite(ctx->arena, item, &invite))
                visit(&invite, arg);
        }
        start = json_incref(json_object_get(answer.body, "LastEvaluatedKey"));
        dynamo_call_end(&answer);
    } while (start != NULL);
    return ERR_OK;
}

enum err cognito_invites_revoke(struct aws_client *client, struct ctx *ctx, struct bytes id)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    struct dynamo_answer answer = {0};
    if (!invite_id_read(ctx->arena, id, digest))
        return ERR_NOT_FOUND;
    json_t *in = users_item_request(client, key_of(ctx->arena, digest));
    json_object_set_new(in, "ConditionExpression",
                        json_string("expiresAt > :now AND attribute_not_exists(usedBy)"));
    dynamo_item_set_number(users_item_values(in), ":now", ctx->now_unix_ms);
    enum err e = dynamo_call_run(client, ctx, "DeleteItem", in, &answer);
    if (e == ERR_OK && answer.refused)
        e = ERR_NOT_FOUND;
    dynamo_call_end(&answer);
    return e;
}
