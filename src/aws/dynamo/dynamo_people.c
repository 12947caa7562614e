#include "aws/dynamo/dynamo_rows.h"

#include <assert.h>

/* A position in the list: the user who came last. */
struct people_position {
    struct uuid id;
    struct bytes username;
};

struct people_call {
    struct dynamo_records *records;
    struct ctx *ctx;
    struct bytes prefix;
    size_t limit;
    struct user_page *out;
    bool more;
};

static json_t *start_key(const struct people_position *position)
{
    json_t *key = json_object();
    dynamo_item_set_uuid(key, "userId", &position->id);
    dynamo_item_set_text(key, "directory", BYTES_LIT(DYNAMO_DIRECTORY));
    dynamo_item_set_text(key, "username", position->username);
    return key;
}

/* With two more than the page: one to tell whether there are more, and the actor. */
static json_t *request_of(const struct people_call *call)
{
    json_t *values = json_object();
    dynamo_item_set_text(values, ":directory", BYTES_LIT(DYNAMO_DIRECTORY));
    if (call->prefix.n > 0)
        dynamo_item_set_text(values, ":prefix", call->prefix);
    return json_pack("{s:s,s:s,s:s,s:o,s:I}", "TableName", call->records->users_table, "IndexName",
                     DYNAMO_DIRECTORY_INDEX, "KeyConditionExpression",
                     call->prefix.n == 0
                         ? "directory = :directory"
                         : "directory = :directory AND begins_with(username, :prefix)",
                     "ExpressionAttributeValues", values, "Limit", (json_int_t)call->limit + 2);
}

static void take_items(struct people_call *call, const json_t *body)
{
    size_t i;
    json_t *item;
    struct user_page *out = call->out;
    json_array_foreach(json_object_get(body, "Items"), i, item)
    {
        struct dynamo_user user;
        if (!dynamo_row_user(item, &user) || uuid_equal(&user.id, &call->ctx->actor->user_id))
            continue;
        call->more = out->count == call->limit;
        if (call->more)
            return;
        dynamo_row_give_user(call->ctx->arena, &user, &out->items[out->count++]);
    }
}

/* Takes start, a key, or NULL. */
static enum err read_page(struct people_call *call, json_t *start)
{
    do {
        json_t *in = request_of(call);
        if (start != NULL)
            json_object_set_new(in, "ExclusiveStartKey", start);
        struct dynamo_answer answer = {0};
        enum err e = dynamo_call_run(call->records->client, call->ctx, "Query", in, &answer);
        if (e != ERR_OK)
            return e;
        take_items(call, answer.body);
        start = call->more ? NULL : json_incref(json_object_get(answer.body, "LastEvaluatedKey"));
        dynamo_call_end(&answer);
    } while (start != NULL);
    return ERR_OK;
}

static enum err read_cursor(struct people_call *call, struct bytes list, struct bytes cursor,
                            json_t **start)
{
    struct bytes raw;
    struct people_position position;
    enum err e = dynamo_cursor_read(call->records, call->ctx, list, cursor, &raw);
    if (e != ERR_OK)
        return e;
    if (raw.n <= UUID_BYTES)
        return ERR_INVALID_CURSOR;
    for (size_t i = 0; i < UUID_BYTES; i++)
        position.id.b[i] = raw.p[i];
    position.username = bytes_slice(raw, UUID_BYTES, raw.n);
    *start = start_key(&position);
    return ERR_OK;
}

static enum err write_cursor(struct people_call *call, struct bytes list)
{
    const struct user_record *last = &call->out->items[call->out->count - 1];
    struct buffer position;
    buffer_init(&position, UUID_BYTES + USERNAME_MAX_BYTES);
    buffer_append(&position, uuid_bytes(&last->id));
    buffer_append_str(&position, last->username);
    enum err e = dynamo_cursor_write(call->records, call->ctx, list, buffer_bytes(&position),
                                     &call->out->next_cursor);
    buffer_fini(&position);
    return e;
}

enum err dynamo_users_list(void *self, struct ctx *ctx, struct bytes prefix, size_t limit,
                           struct bytes cursor, struct user_page *out)
{
    assert(limit >= 1 && limit <= RECORDS_PAGE_MAX);
    char actor[UUID_TEXT_BYTES];
    *out = (struct user_page){0};
    if (prefix.n > USERNAME_MAX_BYTES || !bytes_is_utf8(prefix) ||
        bytes_find(prefix, 0, 0) != SIZE_MAX)
        return cursor.n == 0 ? ERR_OK : ERR_INVALID_CURSOR;
    uuid_format(&ctx->actor->user_id, actor);
    struct bytes list =
        bytes_of_str(arena_printf(ctx->arena, "users %s %.*s", actor, BYTES_FMT(prefix)));
    struct people_call call = {self, ctx, prefix, limit, out, false};
    json_t *start = NULL;
    enum err e = cursor.n == 0 ? ERR_OK : read_cursor(&call, list, cursor, &start);
    if (e != ERR_OK)
        return e;
    out->items = arena_calloc(ctx->arena, limit, sizeof *out->items);
    e = read_page(&call, start);
    return e == ERR_OK && call.more ? write_cursor(&call, list) : e;
}
