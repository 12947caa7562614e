#include "embedded/records_adapter.h"

#include "base/mem.h"
#include "embedded/records_rows.h"

/* A user's row takes under 1 KiB, a name 100 bytes. */
#define USERS_CACHED 2048u

struct records_adapter *records_adapter_create(struct store *store)
{
    struct records_adapter *records = mem_alloc(sizeof *records);
    records->store = store;
    records->users = cache_create(USERS_CACHED, sizeof(struct records_user));
    records->names = cache_create(USERS_CACHED, sizeof(struct uuid));
    atomic_store(&records->foreign_changes_seen, store_foreign_changes(store));
    return records;
}

void records_adapter_destroy(struct records_adapter *records)
{
    if (records == NULL)
        return;
    cache_destroy(records->users);
    cache_destroy(records->names);
    mem_free(records);
}

static enum err read_ping(struct store_db *db, void *arg)
{
    (void)arg;
    bool row = false;
    return store_step(db, store_statement(db, SQL_PING), &row);
}

static enum err ping(void *self, struct ctx *ctx)
{
    struct records_adapter *records = self;
    return store_read(records->store, ctx, read_ping, NULL);
}

void records_adapter_port(struct records_adapter *records, struct records *out)
{
    *out = (struct records){
        .self = records,
        .nonblocking = true,
        .inline_max_bytes = RECORDS_INLINE_MAX_BYTES,
        .user_put = records_user_put,
        .user_by_id = records_user_by_id,
        .user_by_name = records_user_by_name,
        .user_usage = records_user_usage,
        .users_list = records_users_list,
        .user_erase = records_user_erase,
        .message_put = records_message_put,
        .message_get = records_message_get,
        .messages_list = records_messages_list,
        .messages_since = records_messages_since,
        .unread = records_unread,
        .message_mark_read = records_message_mark_read,
        .message_delete = records_message_delete,
        .messages_expire = records_messages_expire,
        .message_exists = records_message_exists,
        .ping = ping,
    };
}
