#include "aws/dynamo/dynamo_rows.h"

/* A transaction has at most 100 actions, and each letter may have a recipient of its own. */
#define BATCH_MAX 50u

struct share {
    struct uuid user_id;
    int64_t bytes;
};

/* One transaction. */
struct delete_call {
    struct dynamo_records *records;
    struct ctx *ctx;
    struct dynamo_doomed *letters[BATCH_MAX];
    size_t count;
    struct share shares[BATCH_MAX];
    size_t share_count;
};

static json_t *delete_of_letter(const struct dynamo_records *records,
                                const struct dynamo_doomed *letter)
{
    return json_pack("{s:{s:s,s:o,s:s}}", "Delete", "TableName", records->messages_table, "Key",
                     dynamo_row_message_key(&letter->id), "ConditionExpression",
                     letter->unread_only ? "attribute_exists(unreadFor)"
                                         : "attribute_exists(messageId)");
}

static json_t *update_of_usage(const struct dynamo_records *records, const struct share *share)
{
    json_t *key = json_object();
    json_t *values = json_object();
    dynamo_item_set_uuid(key, "userId", &share->user_id);
    dynamo_item_set_number(values, ":bytes", share->bytes);
    return json_pack("{s:{s:s,s:o,s:s,s:s,s:o}}", "Update", "TableName", records->users_table,
                     "Key", key, "UpdateExpression", "SET usedBytes = usedBytes - :bytes",
                     "ConditionExpression", "attribute_exists(usedBytes)",
                     "ExpressionAttributeValues", values);
}

/* An item may occur in a transaction only once. */
static void add_share(struct delete_call *call, const struct dynamo_doomed *letter)
{
    for (size_t i = 0; i < call->share_count; i++) {
        if (uuid_equal(&call->shares[i].user_id, &letter->recipient_id)) {
            call->shares[i].bytes += letter->sealed_size;
            return;
        }
    }
    call->shares[call->share_count++] = (struct share){letter->recipient_id, letter->sealed_size};
}

static json_t *request_of(struct delete_call *call)
{
    json_t *actions = json_array();
    call->share_count = 0;
    for (size_t i = 0; i < call->count; i++) {
        json_array_append_new(actions, delete_of_letter(call->records, call->letters[i]));
        add_share(call, call->letters[i]);
    }
    for (size_t i = 0; i < call->share_count; i++)
        json_array_append_new(actions, update_of_usage(call->records, &call->shares[i]));
    return json_pack("{s:o}", "TransactItems", actions);
}

/* Takes the letters out that were the reason; false when none was. */
static bool drop_kept(struct delete_call *call, const struct dynamo_answer *answer)
{
    size_t left = 0;
    size_t before = call->count;
    for (size_t i = 0; i < before; i++) {
        const json_t *item;
        if (dynamo_call_refused(answer, i, &item))
            call->letters[i]->kept = true;
        else
            call->letters[left++] = call->letters[i];
    }
    call->count = left;
    return left < before;
}

/* Whatever a stale index or another node's work has named in vain is left out at the next try. */
static enum err run(struct delete_call *call)
{
    while (call->count > 0) {
        struct dynamo_answer answer = {0};
        enum err e = dynamo_call_run(call->records->client, call->ctx, "TransactWriteItems",
                                     request_of(call), &answer);
        bool done = e != ERR_OK || !answer.refused;
        if (!done && !drop_kept(call, &answer))
            e = ctx_log_fail(call->ctx, ERR_INTERNAL, "letter_without_recipient", "%s", "");
        dynamo_call_end(&answer);
        if (done || e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

enum err dynamo_delete_letters(struct dynamo_records *records, struct ctx *ctx,
                               struct dynamo_doomed *doomed, size_t count)
{
    struct delete_call call = {.records = records, .ctx = ctx};
    for (size_t i = 0; i < count; i++) {
        doomed[i].kept = false;
        call.letters[call.count++] = &doomed[i];
        if (call.count < BATCH_MAX && i + 1 < count)
            continue;
        enum err e = run(&call);
        if (e != ERR_OK)
            return e;
        call.count = 0;
    }
    return ERR_OK;
}
