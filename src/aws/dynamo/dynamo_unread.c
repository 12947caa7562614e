#include "aws/dynamo/dynamo_rows.h"

#include <assert.h>

/* Counting stops here, after some fifty pages. */
#define UNREAD_MAX 100000u

/* Runs the query page by page while take wants more. in is taken. */
static enum err walk(struct dynamo_records *records, struct ctx *ctx, json_t *in,
                     enum err (*take)(void *arg, const json_t *item, bool *enough), void *arg)
{
    bool enough = false;
    enum err e = ERR_OK;
    while (in != NULL && e == ERR_OK) {
        struct dynamo_answer answer = {0};
        size_t i;
        json_t *item;
        e = dynamo_call_run(records->client, ctx, "Query", json_incref(in), &answer);
        json_array_foreach(json_object_get(answer.body, "Items"), i, item)
        {
            if (e == ERR_OK && !enough)
                e = take(arg, item, &enough);
        }
        json_t *next = json_object_get(answer.body, "LastEvaluatedKey");
        if (e == ERR_OK && !enough && next != NULL) {
            json_object_set(in, "ExclusiveStartKey", next);
        } else {
            json_decref(in);
            in = NULL;
        }
        dynamo_call_end(&answer);
    }
    return e;
}

/* --- since --- */

struct since_call {
    struct ctx *ctx;
    size_t limit;
    struct message_page *out;
};

static enum err take_letter(void *arg, const json_t *item, bool *enough)
{
    struct since_call *call = arg;
    struct message_page *out = call->out;
    if (!dynamo_row_message(item, call->ctx->arena, &out->items[out->count++]))
        return ctx_log_fail(call->ctx, ERR_INTERNAL, "letter_item_invalid", "%s", "");
    *enough = out->count == call->limit;
    return ERR_OK;
}

enum err dynamo_messages_since(void *self, struct ctx *ctx, int64_t since_unix_ms, size_t limit,
                               struct message_page *out)
{
    assert(limit >= 1 && limit <= RECORDS_PAGE_MAX);
    static const struct uuid least;
    struct dynamo_records *records = self;
    struct since_call call = {ctx, limit, out};
    char since[DYNAMO_SORT_KEY_BYTES];
    json_t *values = json_object();
    *out = (struct message_page){0};
    out->items = arena_calloc(ctx->arena, limit, sizeof *out->items);
    dynamo_row_sort_key(since_unix_ms > 0 ? since_unix_ms : 0, &least, since);
    dynamo_item_set_uuid(values, ":me", &ctx->actor->user_id);
    dynamo_item_set_text(values, ":since", bytes_of_str(since));
    dynamo_item_set_number(values, ":now", ctx->now_unix_ms);
    json_t *in =
        json_pack("{s:s,s:s,s:s,s:s,s:o,s:I}", "TableName", records->messages_table, "IndexName",
                  DYNAMO_RECIPIENT_INDEX, "KeyConditionExpression",
                  "recipientId = :me AND sortKey >= :since", "FilterExpression", DYNAMO_VISIBLE,
                  "ExpressionAttributeValues", values, "Limit", (json_int_t)limit);
    enum err e = walk(records, ctx, in, take_letter, &call);
    return e == ERR_OK ? dynamo_names_fill(records, ctx, out->items, out->count) : e;
}

/* --- unread --- */

/* Newest first, so that the senders come in the order of their latest letters. */
static enum err count_letter(void *arg, const json_t *item, bool *enough)
{
    struct unread_summary *out = arg;
    struct uuid sender;
    int64_t sent_unix_ms;
    if (!dynamo_item_uuid(item, "senderId", &sender) || !dynamo_row_sent(item, &sent_unix_ms))
        return ERR_INTERNAL;
    *enough = ++out->count == UNREAD_MAX;
    for (size_t i = 0; i < out->sender_count; i++) {
        if (uuid_equal(&out->senders[i].id, &sender)) {
            out->senders[i].count++;
            return ERR_OK;
        }
    }
    if (out->sender_count < RECORDS_PAGE_MAX)
        out->senders[out->sender_count++] =
            (struct unread_sender){.id = sender, .count = 1, .latest_unix_ms = sent_unix_ms};
    return ERR_OK;
}

static enum err name_senders(struct dynamo_records *records, struct ctx *ctx,
                             struct unread_summary *out)
{
    struct uuid *ids = arena_calloc(ctx->arena, out->sender_count, sizeof *ids);
    const char **names = arena_calloc(ctx->arena, out->sender_count, sizeof *names);
    for (size_t i = 0; i < out->sender_count; i++)
        ids[i] = out->senders[i].id;
    enum err e = dynamo_names_find(records, ctx, ids, out->sender_count, names);
    for (size_t i = 0; e == ERR_OK && i < out->sender_count; i++)
        out->senders[i].username = names[i];
    return e;
}

enum err dynamo_unread(void *self, struct ctx *ctx, struct unread_summary *out)
{
    struct dynamo_records *records = self;
    json_t *values = json_object();
    *out = (struct unread_summary){0};
    out->senders = arena_calloc(ctx->arena, RECORDS_PAGE_MAX, sizeof *out->senders);
    dynamo_item_set_uuid(values, ":me", &ctx->actor->user_id);
    dynamo_item_set_number(values, ":now", ctx->now_unix_ms);
    json_t *in =
        json_pack("{s:s,s:s,s:s,s:s,s:s,s:o,s:b}", "TableName", records->messages_table,
                  "IndexName", DYNAMO_UNREAD_INDEX, "KeyConditionExpression", "unreadFor = :me",
                  "FilterExpression", DYNAMO_VISIBLE, "ProjectionExpression", "senderId, sortKey",
                  "ExpressionAttributeValues", values, "ScanIndexForward", 0);
    enum err e = walk(records, ctx, in, count_letter, out);
    return e == ERR_OK ? name_senders(records, ctx, out) : e;
}
