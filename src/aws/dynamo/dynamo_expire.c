#include "aws/dynamo/dynamo_rows.h"

#include <stdio.h>
#include <stdlib.h>

/* Letters of one call. */
#define BATCH_MAX 256u

struct sweep_call {
    struct dynamo_records *records;
    struct ctx *ctx;
    size_t limit;
    struct dynamo_doomed *doomed;
    size_t count;
};

static json_t *request_of(const struct sweep_call *call, unsigned shard)
{
    char text[8];
    json_t *values = json_object();
    (void)snprintf(text, sizeof text, "%u", shard);
    dynamo_item_set_text(values, ":shard", bytes_of_str(text));
    dynamo_item_set_number(values, ":now", call->ctx->now_unix_ms);
    return json_pack("{s:s,s:s,s:s,s:o,s:I}", "TableName", call->records->messages_table,
                     "IndexName", DYNAMO_EXPIRY_INDEX, "KeyConditionExpression",
                     "expiryShard = :shard AND expiresAt <= :now", "ExpressionAttributeValues",
                     values, "Limit", (json_int_t)call->limit);
}

static enum err read_shard(struct sweep_call *call, unsigned shard)
{
    struct dynamo_answer answer = {0};
    size_t i;
    json_t *item;
    enum err e = dynamo_call_run(call->records->client, call->ctx, "Query", request_of(call, shard),
                                 &answer);
    json_array_foreach(json_object_get(answer.body, "Items"), i, item)
    {
        if (i < call->limit && dynamo_row_doomed(item, &call->doomed[call->count]))
            call->count++;
    }
    dynamo_call_end(&answer);
    return e;
}

static int by_expiry(const void *a, const void *b)
{
    int64_t x = ((const struct dynamo_doomed *)a)->expires_unix_ms;
    int64_t y = ((const struct dynamo_doomed *)b)->expires_unix_ms;
    return (x > y) - (x < y);
}

/* Idempotency keys go by themselves: by their ttl, and long before that by the condition under
 * which the next letter takes their place. */
enum err dynamo_messages_expire(void *self, struct ctx *ctx, size_t limit, struct uuid **object_ids,
                                size_t *object_count, size_t *deleted)
{
    struct sweep_call call = {.records = self, .ctx = ctx};
    call.limit = limit < BATCH_MAX ? limit : BATCH_MAX;
    call.doomed = arena_calloc(ctx->arena, DYNAMO_EXPIRY_SHARDS * call.limit, sizeof *call.doomed);
    *object_count = 0;
    *deleted = 0;
    for (unsigned shard = 0; shard < DYNAMO_EXPIRY_SHARDS; shard++) {
        enum err e = read_shard(&call, shard);
        if (e != ERR_OK)
            return e;
    }
    qsort(call.doomed, call.count, sizeof *call.doomed, by_expiry);
    if (call.count > call.limit)
        call.count = call.limit;
    enum err e = dynamo_delete_letters(self, ctx, call.doomed, call.count);
    if (e != ERR_OK)
        return e;
    *object_ids = arena_calloc(ctx->arena, call.count, sizeof **object_ids);
    for (size_t i = 0; i < call.count; i++) {
        if (call.doomed[i].kept)
            continue;
        ++*deleted;
        if (call.doomed[i].has_object)
            (*object_ids)[(*object_count)++] = call.doomed[i].id;
    }
    return ERR_OK;
}
