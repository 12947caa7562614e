#include "aws/dynamo/dynamo_rows.h"

#include "base/encode.h"

#include <stdio.h>

/* The actions of the transaction, in the order of its reasons. */
enum action { ACTION_LETTER, ACTION_RECIPIENT, ACTION_KEY };

struct put_call {
    struct dynamo_records *records;
    struct ctx *ctx;
    const struct message_put *in;
    int64_t usage_max; /* the recipient's usage before this letter may not be above it */
};

/* --- the transaction --- */

static void set_indexes(json_t *item, const struct message_record *m)
{
    char conversation[DYNAMO_CONVERSATION_BYTES];
    char shard[8];
    dynamo_row_conversation(&m->sender_id, &m->recipient_id, conversation);
    dynamo_item_set_text(item, "conversationId", bytes_of_str(conversation));
    dynamo_item_set_uuid(item, "unreadFor", &m->recipient_id);
    if (m->expires_unix_ms == 0)
        return;
    (void)snprintf(shard, sizeof shard, "%u", m->id.b[UUID_BYTES - 1] % DYNAMO_EXPIRY_SHARDS);
    dynamo_item_set_text(item, "expiryShard", bytes_of_str(shard));
}

static json_t *put_of_letter(const struct put_call *call)
{
    const struct message_record *m = &call->in->record;
    json_t *item = json_object();
    dynamo_row_set_message(item, m);
    set_indexes(item, m);
    dynamo_item_set_flag(item, "sealedByClient", call->in->sealed_by_client);
    dynamo_item_set_binary(item, "header", m->header);
    if (m->inline_frames)
        dynamo_item_set_binary(item, "frames", m->frames);
    return json_pack("{s:{s:s,s:o,s:s}}", "Put", "TableName", call->records->messages_table, "Item",
                     item, "ConditionExpression", "attribute_not_exists(messageId)");
}

/* Room, the account and its key are conditions of the write itself: whatever was read before may
 * have changed. */
static json_t *update_of_recipient(const struct put_call *call)
{
    const struct message_put *in = call->in;
    json_t *key = json_object();
    json_t *values = json_object();
    dynamo_item_set_uuid(key, "userId", &in->record.recipient_id);
    dynamo_item_set_text(values, ":erased", BYTES_LIT("erased"));
    dynamo_item_set_number(values, ":max", call->usage_max);
    dynamo_item_set_number(values, ":size", (int64_t)in->record.sealed_size);
    if (in->recipient_key != NULL)
        dynamo_item_set_text(values, ":key", bytes_of_str(in->recipient_key));
    const char *condition = in->recipient_key == NULL
                                ? "accountState <> :erased AND usedBytes <= :max"
                                : "accountState <> :erased AND usedBytes <= :max"
                                  " AND keyReference = :key";
    return json_pack("{s:{s:s,s:o,s:s,s:s,s:o,s:s}}", "Update", "TableName",
                     call->records->users_table, "Key", key, "UpdateExpression",
                     "SET usedBytes = usedBytes + :size", "ConditionExpression", condition,
                     "ExpressionAttributeValues", values, "ReturnValuesOnConditionCheckFailure",
                     "ALL_OLD");
}

static void set_idempotency_id(json_t *item, const struct message_put *in)
{
    char sender[UUID_TEXT_BYTES];
    struct buffer id;
    uuid_format(&in->record.sender_id, sender);
    buffer_init(&id, 256);
    buffer_append_str(&id, DYNAMO_IDEMPOTENCY_PREFIX);
    buffer_append_str(&id, sender);
    buffer_append_str(&id, "#");
    encode_base64url(&id, in->idempotency_key);
    dynamo_item_set_text(item, "messageId", buffer_bytes(&id));
    buffer_fini(&id);
}

/* Takes the place of one that has ended and that DynamoDB has not removed yet. */
static json_t *put_of_key(const struct put_call *call)
{
    const struct message_put *in = call->in;
    int64_t end_unix_ms = in->record.sent_unix_ms + DYNAMO_IDEMPOTENCY_MS;
    json_t *item = json_object();
    json_t *letter = json_object();
    json_t *values = json_object();
    set_idempotency_id(item, in);
    dynamo_row_set_message(letter, &in->record);
    dynamo_item_set_map(item, "letter", letter);
    dynamo_item_set_binary(item, "fingerprint", bytes_of(in->fingerprint, sizeof in->fingerprint));
    dynamo_item_set_number(item, "usedAt", in->record.sent_unix_ms);
    dynamo_item_set_number(item, "ttl", end_unix_ms / 1000 + DYNAMO_IDEMPOTENCY_SLACK_S);
    dynamo_item_set_number(values, ":ended", call->ctx->now_unix_ms - DYNAMO_IDEMPOTENCY_MS);
    return json_pack(
        "{s:{s:s,s:o,s:s,s:o,s:s}}", "Put", "TableName", call->records->messages_table, "Item",
        item, "ConditionExpression", "attribute_not_exists(messageId) OR usedAt <= :ended",
        "ExpressionAttributeValues", values, "ReturnValuesOnConditionCheckFailure", "ALL_OLD");
}

/* --- why it was refused --- */

static enum err repetition(const struct put_call *call, const json_t *item,
                           struct message_put_result *result)
{
    struct arena *arena = call->ctx->arena;
    struct bytes fingerprint;
    const json_t *letter = NULL;
    if (!dynamo_item_binary(item, "fingerprint", arena, &fingerprint) ||
        !dynamo_item_map(item, "letter", &letter) ||
        !dynamo_row_message(letter, arena, &result->stored))
        return ctx_log_fail(call->ctx, ERR_INTERNAL, "idempotency_item_invalid", "%s", "");
    if (!bytes_equal(fingerprint, bytes_of(call->in->fingerprint, sizeof call->in->fingerprint)))
        return ERR_IDEMPOTENCY_MISMATCH;
    result->duplicate = true;
    return ERR_OK;
}

static enum err recipient_refusal(const struct put_call *call, const json_t *item)
{
    struct bytes state;
    if (!dynamo_item_text(item, "accountState", &state) || bytes_equal_str(state, "erased"))
        return ERR_UNKNOWN_RECIPIENT;
    if (dynamo_item_number_or(item, "usedBytes", 0) > call->usage_max)
        return ERR_QUOTA_EXCEEDED;
    dynamo_users_forget(call->records, &call->in->record.recipient_id);
    return ERR_UNAVAILABLE;
}

/* A repetition of a stored letter is one whatever else has changed since. */
static enum err explain(const struct put_call *call, const struct dynamo_answer *answer,
                        struct message_put_result *result)
{
    const json_t *item;
    if (dynamo_call_refused(answer, ACTION_KEY, &item))
        return repetition(call, item, result);
    if (dynamo_call_refused(answer, ACTION_RECIPIENT, &item))
        return recipient_refusal(call, item);
    return ERR_CONFLICT;
}

void dynamo_message_put(void *self, struct ctx *ctx, const struct message_put *in,
                        message_put_done done, void *arg)
{
    struct put_call call = {.records = self, .ctx = ctx, .in = in, .usage_max = -1};
    uint64_t quota = in->quota_bytes > 0 ? (uint64_t)in->quota_bytes : 0;
    if (in->record.sealed_size <= quota)
        call.usage_max = (int64_t)(quota - in->record.sealed_size);
    json_t *actions = json_pack("[o,o]", put_of_letter(&call), update_of_recipient(&call));
    if (in->idempotency_key.n > 0)
        json_array_append_new(actions, put_of_key(&call));
    struct message_put_result result = {0};
    struct dynamo_answer answer = {0};
    result.e = dynamo_call_run(call.records->client, ctx, "TransactWriteItems",
                               json_pack("{s:o}", "TransactItems", actions), &answer);
    if (result.e == ERR_OK && answer.refused)
        result.e = explain(&call, &answer, &result);
    dynamo_call_end(&answer);
    done(arg, &result);
}
