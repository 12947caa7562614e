#include "aws/dynamo/dynamo_rows.h"

#include "base/mem.h"

/* A user's row takes under 1 KiB. */
#define USERS_CACHED 2048u

struct dynamo_records *dynamo_records_create(struct aws_client *client)
{
    const struct aws_config *config = aws_client_config(client);
    struct dynamo_records *records = mem_alloc(sizeof *records);
    records->client = client;
    records->users_table = config->users_table;
    records->messages_table = config->messages_table;
    records->users = cache_create(USERS_CACHED, sizeof(struct dynamo_user));
    records->names = cache_create(USERS_CACHED, sizeof(struct uuid));
    lock_init(&records->lock);
    return records;
}

void dynamo_records_destroy(struct dynamo_records *records)
{
    if (records == NULL)
        return;
    cache_destroy(records->users);
    cache_destroy(records->names);
    lock_fini(&records->lock);
    secret_fini(&records->cursor_key);
    mem_free(records);
}

static enum err ping(void *self, struct ctx *ctx)
{
    struct dynamo_records *records = self;
    struct dynamo_answer answer = {0};
    json_t *in = json_pack("{s:s,s:o}", "TableName", records->users_table, "Key",
                           dynamo_users_key(BYTES_LIT(DYNAMO_CURSOR_KEY_ID)));
    enum err e = dynamo_call_run(records->client, ctx, "GetItem", in, &answer);
    dynamo_call_end(&answer);
    return e;
}

struct records dynamo_records_port(struct dynamo_records *records)
{
    return (struct records){
        .self = records,
        .nonblocking = false,
        .shared = true,
        .inline_max_bytes = DYNAMO_INLINE_MAX_BYTES,
        .user_put = dynamo_user_put,
        .user_by_id = dynamo_user_by_id,
        .user_by_name = dynamo_user_by_name,
        .user_usage = dynamo_user_usage,
        .users_list = dynamo_users_list,
        .user_erase = dynamo_user_erase,
        .message_put = dynamo_message_put,
        .message_get = dynamo_message_get,
        .messages_list = dynamo_messages_list,
        .messages_since = dynamo_messages_since,
        .unread = dynamo_unread,
        .message_mark_read = dynamo_message_mark_read,
        .message_delete = dynamo_message_delete,
        .messages_expire = dynamo_messages_expire,
        .message_exists = dynamo_message_exists,
        .ping = ping,
    };
}
