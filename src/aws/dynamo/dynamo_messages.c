#include "aws/dynamo/dynamo_rows.h"

/* A letter that the actor deletes may be read or deleted by the other one at the same time. */
#define DELETE_TRIES 3

#define MESSAGE_ATTRIBUTES                                                                         \
    "messageId, senderId, recipientId, sortKey, readAt, expiresAt, #size, sealedSize,"             \
    " senderCanOpen, senderVerified, inlineFrames, checksum"

static json_t *request_of(const struct dynamo_records *records, const struct uuid *id,
                          const char *projection)
{
    json_t *in = json_pack("{s:s,s:o,s:b}", "TableName", records->messages_table, "Key",
                           dynamo_row_message_key(id), "ConsistentRead", 1);
    if (projection != NULL)
        json_object_set_new(in, "ProjectionExpression", json_string(projection));
    return in;
}

/* Reads the actor's letter from its item. */
static enum err take_letter(struct ctx *ctx, const json_t *item, struct message_record *out)
{
    const struct uuid *actor = &ctx->actor->user_id;
    if (item == NULL)
        return ERR_NOT_FOUND;
    if (!dynamo_row_message(item, ctx->arena, out))
        return ctx_log_fail(ctx, ERR_INTERNAL, "letter_item_invalid", "%s", "");
    bool is_theirs = uuid_equal(&out->sender_id, actor) || uuid_equal(&out->recipient_id, actor);
    return is_theirs && !dynamo_row_is_expired(out, ctx->now_unix_ms) ? ERR_OK : ERR_NOT_FOUND;
}

static enum err take_payload(struct ctx *ctx, const json_t *item, struct message_record *out)
{
    bool whole =
        dynamo_item_binary(item, "header", ctx->arena, &out->header) &&
        (!out->inline_frames || dynamo_item_binary(item, "frames", ctx->arena, &out->frames));
    return whole ? ERR_OK : ctx_log_fail(ctx, ERR_INTERNAL, "letter_item_invalid", "%s", "");
}

enum err dynamo_message_get(void *self, struct ctx *ctx, const struct uuid *id, bool with_payload,
                            struct message_record *out)
{
    struct dynamo_records *records = self;
    struct dynamo_answer answer = {0};
    json_t *in = request_of(records, id, with_payload ? NULL : MESSAGE_ATTRIBUTES);
    if (!with_payload)
        json_object_set_new(in, "ExpressionAttributeNames", json_pack("{s:s}", "#size", "size"));
    enum err e = dynamo_call_run(records->client, ctx, "GetItem", in, &answer);
    if (e == ERR_OK)
        e = take_letter(ctx, dynamo_call_item(&answer), out);
    if (e == ERR_OK && with_payload)
        e = take_payload(ctx, dynamo_call_item(&answer), out);
    dynamo_call_end(&answer);
    return e == ERR_OK ? dynamo_names_fill(records, ctx, out, 1) : e;
}

enum err dynamo_message_exists(void *self, struct ctx *ctx, const struct uuid *id, bool *exists)
{
    struct dynamo_records *records = self;
    struct dynamo_answer answer = {0};
    enum err e = dynamo_call_run(records->client, ctx, "GetItem",
                                 request_of(records, id, "messageId"), &answer);
    *exists = dynamo_call_item(&answer) != NULL;
    dynamo_call_end(&answer);
    return e;
}

/* --- the read mark --- */

static json_t *read_mark_of(const struct dynamo_records *records, struct ctx *ctx,
                            const struct uuid *id, const struct uuid *mark)
{
    json_t *values = json_object();
    dynamo_item_set_uuid(values, ":mark", mark);
    dynamo_item_set_uuid(values, ":me", &ctx->actor->user_id);
    dynamo_item_set_number(values, ":now", ctx->now_unix_ms);
    return json_pack("{s:s,s:o,s:s,s:s,s:o,s:s,s:s}", "TableName", records->messages_table, "Key",
                     dynamo_row_message_key(id), "UpdateExpression",
                     "SET readAt = :now, readMark = :mark REMOVE unreadFor", "ConditionExpression",
                     "unreadFor = :me AND " DYNAMO_VISIBLE, "ExpressionAttributeValues", values,
                     "ReturnValues", "ALL_NEW", "ReturnValuesOnConditionCheckFailure", "ALL_OLD");
}

enum err dynamo_message_mark_read(void *self, struct ctx *ctx, const struct uuid *id,
                                  struct message_record *out, bool *changed)
{
    struct dynamo_records *records = self;
    struct dynamo_answer answer = {0};
    struct uuid mark = uuid_random();
    struct uuid stored_mark;
    *changed = false;
    enum err e = dynamo_call_run(records->client, ctx, "UpdateItem",
                                 read_mark_of(records, ctx, id, &mark), &answer);
    const json_t *item =
        answer.refused ? dynamo_call_item(&answer) : json_object_get(answer.body, "Attributes");
    if (e == ERR_OK)
        e = take_letter(ctx, item, out);
    if (e == ERR_OK && !uuid_equal(&out->recipient_id, &ctx->actor->user_id))
        e = ERR_NOT_FOUND;
    /* The mark tells even when a lost answer made the client repeat the call in vain. */
    if (e == ERR_OK)
        *changed =
            dynamo_item_uuid(item, "readMark", &stored_mark) && uuid_equal(&mark, &stored_mark);
    dynamo_call_end(&answer);
    return e == ERR_OK ? dynamo_names_fill(records, ctx, out, 1) : e;
}

/* --- deletion --- */

enum err dynamo_message_delete(void *self, struct ctx *ctx, const struct uuid *id,
                               struct message_record *out)
{
    struct dynamo_records *records = self;
    for (int tries = 0; tries < DELETE_TRIES; tries++) {
        enum err e = dynamo_message_get(records, ctx, id, false, out);
        if (e != ERR_OK)
            return e;
        bool is_recipient = uuid_equal(&out->recipient_id, &ctx->actor->user_id);
        if (!is_recipient && out->read_unix_ms != 0)
            return ERR_ALREADY_READ;
        struct dynamo_doomed doomed = {
            .id = *id,
            .recipient_id = out->recipient_id,
            .sealed_size = (int64_t)out->sealed_size,
            .unread_only = !is_recipient,
        };
        e = dynamo_delete_letters(records, ctx, &doomed, 1);
        if (e != ERR_OK || !doomed.kept)
            return e;
    }
    return ERR_UNAVAILABLE;
}
