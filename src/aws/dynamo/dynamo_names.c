#include "aws/dynamo/dynamo_rows.h"

/* BatchGetItem takes this many keys. */
#define BATCH_MAX 100u

struct names_call {
    struct dynamo_records *records;
    struct ctx *ctx;
    const struct uuid *ids;
    size_t count;
    const char **names; /* NULL: not known yet */
};

static void name(struct names_call *call, const struct uuid *id, const char *username)
{
    for (size_t i = 0; i < call->count; i++) {
        if (call->names[i] == NULL && uuid_equal(&call->ids[i], id))
            call->names[i] = username;
    }
}

static void take_known(struct names_call *call)
{
    for (size_t i = 0; i < call->count; i++) {
        struct dynamo_user user;
        if (call->names[i] == NULL &&
            dynamo_users_recall(call->records, call->ctx, &call->ids[i], &user))
            name(call, &call->ids[i], arena_str(call->ctx->arena, bytes_of_str(user.username)));
    }
}

static bool is_among(const struct uuid *ids, size_t count, const struct uuid *id)
{
    for (size_t i = 0; i < count; i++) {
        if (uuid_equal(&ids[i], id))
            return true;
    }
    return false;
}

/* The first unknown ones, each once. */
static size_t choose_batch(const struct names_call *call, struct uuid batch[BATCH_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < call->count && n < BATCH_MAX; i++) {
        if (call->names[i] == NULL && !is_among(batch, n, &call->ids[i]))
            batch[n++] = call->ids[i];
    }
    return n;
}

static json_t *request_of(const struct dynamo_records *records, const struct uuid *batch, size_t n)
{
    json_t *keys = json_array();
    for (size_t i = 0; i < n; i++) {
        char id[UUID_TEXT_BYTES];
        uuid_format(&batch[i], id);
        json_array_append_new(keys, dynamo_users_key(bytes_of_str(id)));
    }
    return json_pack("{s:{s:{s:o,s:b}}}", "RequestItems", records->users_table, "Keys", keys,
                     "ConsistentRead", 1);
}

static void take_answer(struct names_call *call, const json_t *body)
{
    size_t i;
    json_t *item;
    const json_t *responses = json_object_get(body, "Responses");
    json_array_foreach(json_object_get(responses, call->records->users_table), i, item)
    {
        struct dynamo_user user;
        if (!dynamo_row_user(item, &user))
            continue;
        dynamo_users_remember(call->records, call->ctx, &user);
        name(call, &user.id, arena_str(call->ctx->arena, bytes_of_str(user.username)));
    }
}

/* Asks for a batch until DynamoDB has processed all of its keys. */
static enum err read_batch(struct names_call *call, const struct uuid *batch, size_t n)
{
    json_t *in = request_of(call->records, batch, n);
    for (unsigned tried = 0;; tried++) {
        struct dynamo_answer answer = {0};
        enum err e = dynamo_call_run(call->records->client, call->ctx, "BatchGetItem", in, &answer);
        if (e != ERR_OK)
            return e;
        take_answer(call, answer.body);
        json_t *left = json_object_get(answer.body, "UnprocessedKeys");
        in = json_object_size(left) > 0 ? json_pack("{s:O}", "RequestItems", left) : NULL;
        dynamo_call_end(&answer);
        if (in == NULL)
            return ERR_OK;
        if (!dynamo_call_wait(call->ctx, tried)) {
            json_decref(in);
            return ERR_UNAVAILABLE;
        }
    }
}

enum err dynamo_names_find(struct dynamo_records *records, struct ctx *ctx, const struct uuid *ids,
                           size_t count, const char **names)
{
    struct names_call call = {records, ctx, ids, count, names};
    for (size_t i = 0; i < count; i++)
        names[i] = NULL;
    take_known(&call);
    for (;;) {
        struct uuid batch[BATCH_MAX];
        size_t n = choose_batch(&call, batch);
        if (n == 0)
            return ERR_OK;
        enum err e = read_batch(&call, batch, n);
        if (e != ERR_OK)
            return e;
        for (size_t i = 0; i < n; i++)
            name(&call, &batch[i], "");
    }
}

enum err dynamo_names_fill(struct dynamo_records *records, struct ctx *ctx,
                           struct message_record *letters, size_t count)
{
    struct uuid *ids = arena_calloc(ctx->arena, 2 * count, sizeof *ids);
    const char **names = arena_calloc(ctx->arena, 2 * count, sizeof *names);
    for (size_t i = 0; i < count; i++) {
        ids[2 * i] = letters[i].sender_id;
        ids[2 * i + 1] = letters[i].recipient_id;
    }
    enum err e = dynamo_names_find(records, ctx, ids, 2 * count, names);
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        letters[i].sender_username = names[2 * i];
        letters[i].recipient_username = names[2 * i + 1];
    }
    return e;
}
