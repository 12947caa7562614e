#include "embedded/records_rows.h"

#include "base/cursor.h"

#include <assert.h>

/* Letters may be committed a little out of the order of their times, by slow requests and small
 * steps of the clock. */
#define SINCE_SLACK_MS 60000
/* A stream that missed more letters than this gets the newest of them. */
#define SINCE_WALK_MAX 10000

/* --- pages --- */

struct list_call {
    struct records_adapter *records;
    struct ctx *ctx;
    const struct message_query *query;
    int64_t actor_no;
    int64_t with_no;
    int64_t below_no;
    struct message_page *out;
    int64_t last_no;
    bool more;
};

static enum sql_id statement_of(const struct message_query *query)
{
    switch (query->box) {
    case BOX_INBOX:
        return query->unread_only ? SQL_LIST_INBOX_UNREAD : SQL_LIST_INBOX;
    case BOX_SENT:
        return query->unread_only ? SQL_LIST_SENT_UNREAD : SQL_LIST_SENT;
    case BOX_ANY:
        break;
    }
    return query->unread_only ? SQL_LIST_ANY_UNREAD : SQL_LIST_ANY;
}

/* The actor and the other user, who may have been erased, as numbers. ERR_NOT_FOUND when there can
 * be no letters. */
static enum err find_users(struct store_db *db, struct list_call *call)
{
    const struct uuid *actor = &call->ctx->actor->user_id;
    enum err e = records_adapter_user_no(call->records, db, actor, &call->actor_no);
    if (e == ERR_OK && call->query->with != NULL)
        e = records_adapter_user_no(call->records, db, call->query->with, &call->with_no);
    return e;
}

static enum err read_list(struct store_db *db, void *arg)
{
    struct list_call *call = arg;
    const struct message_query *query = call->query;
    enum err found = find_users(db, call);
    if (found != ERR_OK)
        return found == ERR_NOT_FOUND ? ERR_OK : found;
    struct message_page *out = call->out;
    sqlite3_stmt *s = store_statement(db, statement_of(query));
    store_bind_int(s, 1, call->actor_no);
    store_bind_int(s, 2, call->below_no);
    store_bind_int(s, 3, call->ctx->now_unix_ms);
    store_bind_int(s, 4, (int64_t)query->limit + 1);
    if (query->with != NULL)
        store_bind_int(s, 5, call->with_no);
    for (;;) {
        bool row = false;
        enum err e = store_step(db, s, &row);
        if (e != ERR_OK || !row)
            return e;
        call->more = out->count == query->limit;
        if (call->more)
            return ERR_OK;
        call->last_no = store_column_int(s, 0);
        records_row_message(s, call->ctx->arena, &out->items[out->count++]);
    }
}

/* What makes the list this list, for its cursors. */
static struct bytes list_identity(struct ctx *ctx, const struct message_query *query)
{
    char actor[UUID_TEXT_BYTES];
    char with[UUID_TEXT_BYTES] = "";
    uuid_format(&ctx->actor->user_id, actor);
    if (query->with != NULL)
        uuid_format(query->with, with);
    return bytes_of_str(arena_printf(ctx->arena, "messages %s %d %d %s", actor, (int)query->box,
                                     query->unread_only, with));
}

static enum err start_of_page(struct ctx *ctx, const struct message_query *query, int64_t *below)
{
    *below = INT64_MAX;
    if (query->cursor.n == 0)
        return ERR_OK;
    struct bytes position;
    enum err e = records_cursor_read(ctx, list_identity(ctx, query), query->cursor, &position);
    if (e != ERR_OK)
        return e;
    struct cursor c = cursor_of(position);
    uint64_t no = cursor_u64(&c);
    if (!cursor_at_end(&c) || no > INT64_MAX)
        return ERR_INVALID_CURSOR;
    *below = (int64_t)no;
    return ERR_OK;
}

static const char *next_cursor(struct list_call *call)
{
    struct buffer b;
    buffer_init(&b, sizeof(uint64_t));
    buffer_append_u64(&b, (uint64_t)call->last_no);
    const char *cursor = records_cursor_write(
        call->ctx->arena, list_identity(call->ctx, call->query), buffer_bytes(&b));
    buffer_fini(&b);
    return cursor;
}

enum err records_messages_list(void *self, struct ctx *ctx, const struct message_query *query,
                               struct message_page *out)
{
    assert(query->limit >= 1 && query->limit <= RECORDS_PAGE_MAX);
    struct records_adapter *records = self;
    struct list_call call = {.records = records, .ctx = ctx, .query = query, .out = out};
    *out = (struct message_page){0};
    enum err e = start_of_page(ctx, query, &call.below_no);
    if (e != ERR_OK)
        return e;
    out->items = arena_calloc(ctx->arena, query->limit, sizeof *out->items);
    e = store_read(records->store, ctx, read_list, &call);
    if (e == ERR_OK && call.more)
        out->next_cursor = next_cursor(&call);
    return e;
}

/* --- since --- */

struct since_call {
    struct ctx *ctx;
    int64_t actor_no;
    int64_t since_unix_ms;
    size_t limit;
    struct message_page *out;
};

/* The least number at which a letter since then can be. Walks back from the newest, as there is no
 * index by time: a stream that resumes has missed little. */
static enum err find_floor(struct store_db *db, const struct since_call *call, int64_t *floor)
{
    sqlite3_stmt *s = store_statement(db, SQL_SINCE_WALK);
    store_bind_int(s, 1, call->actor_no);
    *floor = INT64_MAX;
    for (int i = 0; i < SINCE_WALK_MAX; i++) {
        bool row = false;
        enum err e = store_step(db, s, &row);
        if (e != ERR_OK || !row)
            return e;
        int64_t sent = store_column_int(s, 1);
        if (sent >= call->since_unix_ms)
            *floor = store_column_int(s, 0);
        if (sent < call->since_unix_ms - SINCE_SLACK_MS)
            break;
    }
    (void)sqlite3_reset(s);
    return ERR_OK;
}

static enum err read_since(struct store_db *db, void *arg)
{
    struct since_call *call = arg;
    int64_t floor = 0;
    enum err e = find_floor(db, call, &floor);
    if (e != ERR_OK)
        return e;
    sqlite3_stmt *s = store_statement(db, SQL_SINCE_LIST);
    store_bind_int(s, 1, call->actor_no);
    store_bind_int(s, 2, floor);
    store_bind_int(s, 3, call->since_unix_ms);
    store_bind_int(s, 4, call->ctx->now_unix_ms);
    store_bind_int(s, 5, (int64_t)call->limit);
    for (;;) {
        bool row = false;
        e = store_step(db, s, &row);
        if (e != ERR_OK || !row)
            return e;
        records_row_message(s, call->ctx->arena, &call->out->items[call->out->count++]);
    }
}

enum err records_messages_since(void *self, struct ctx *ctx, int64_t since_unix_ms, size_t limit,
                                struct message_page *out)
{
    assert(limit >= 1 && limit <= RECORDS_PAGE_MAX);
    struct records_adapter *records = self;
    struct records_user user;
    *out = (struct message_page){0};
    enum err e = records_user_find(records, ctx, &ctx->actor->user_id, &user);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    struct since_call call = {.ctx = ctx,
                              .actor_no = user.no,
                              .since_unix_ms = since_unix_ms,
                              .limit = limit,
                              .out = out};
    out->items = arena_calloc(ctx->arena, limit, sizeof *out->items);
    return store_read(records->store, ctx, read_since, &call);
}

/* --- unread --- */

struct unread_call {
    struct ctx *ctx;
    int64_t actor_no;
    struct unread_summary *out;
};

static enum err read_unread(struct store_db *db, void *arg)
{
    struct unread_call *call = arg;
    struct unread_summary *out = call->out;
    sqlite3_stmt *s = store_statement(db, SQL_UNREAD_SENDERS);
    store_bind_int(s, 1, call->actor_no);
    store_bind_int(s, 2, call->ctx->now_unix_ms);
    for (;;) {
        bool row = false;
        enum err e = store_step(db, s, &row);
        if (e != ERR_OK || !row)
            return e;
        uint64_t count = (uint64_t)store_column_int(s, 2);
        out->count += count;
        if (out->sender_count == RECORDS_PAGE_MAX)
            continue;
        struct bytes name = store_column_bytes(s, 1, call->ctx->arena);
        out->senders[out->sender_count++] = (struct unread_sender){
            .id = store_column_uuid(s, 0),
            .username = (const char *)name.p,
            .count = count,
            .latest_unix_ms = store_column_int(s, 3),
        };
    }
}

enum err records_unread(void *self, struct ctx *ctx, struct unread_summary *out)
{
    struct records_adapter *records = self;
    struct records_user user;
    *out = (struct unread_summary){0};
    enum err e = records_user_find(records, ctx, &ctx->actor->user_id, &user);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    out->senders = arena_calloc(ctx->arena, RECORDS_PAGE_MAX, sizeof *out->senders);
    struct unread_call call = {.ctx = ctx, .actor_no = user.no, .out = out};
    return store_read(records->store, ctx, read_unread, &call);
}
