#include "embedded/records_rows.h"

#include <assert.h>
#include <string.h>

/* Letters or keys changed in one transaction, so that others' letters do not wait long. */
#define SWEEP_BATCH 256

/* --- one letter --- */

struct get_call {
    struct ctx *ctx;
    const struct uuid *id;
    bool with_payload;
    struct message_record *out;
    int64_t no;
    bool changed;
};

static enum err read_message(struct store_db *db, void *arg)
{
    struct get_call *call = arg;
    struct arena *arena = call->ctx->arena;
    sqlite3_stmt *s =
        store_statement(db, call->with_payload ? SQL_MESSAGE_GET_PAYLOAD : SQL_MESSAGE_GET);
    store_bind_uuid(s, 1, call->id);
    store_bind_uuid(s, 2, &call->ctx->actor->user_id);
    store_bind_int(s, 3, call->ctx->now_unix_ms);
    bool row = false;
    enum err e = store_step(db, s, &row);
    if (e != ERR_OK)
        return e;
    if (!row)
        return ERR_NOT_FOUND;
    records_row_message(s, arena, call->out);
    call->no = store_column_int(s, 0);
    if (call->with_payload) {
        call->out->header = store_column_bytes(s, 13, arena);
        if (call->out->inline_frames)
            call->out->frames = store_column_bytes(s, 14, arena);
    }
    return ERR_OK;
}

enum err records_message_get(void *self, struct ctx *ctx, const struct uuid *id, bool with_payload,
                             struct message_record *out)
{
    struct records_adapter *records = self;
    struct get_call call = {.ctx = ctx, .id = id, .with_payload = with_payload, .out = out};
    return store_read(records->store, ctx, read_message, &call);
}

static bool is_recipient(const struct get_call *call)
{
    return uuid_equal(&call->out->recipient_id, &call->ctx->actor->user_id);
}

static enum err write_read_mark(struct store_db *db, void *arg)
{
    struct get_call *call = arg;
    enum err e = read_message(db, call);
    if (e == ERR_OK && !is_recipient(call))
        e = ERR_NOT_FOUND;
    if (e != ERR_OK || call->out->read_unix_ms != 0)
        return e;
    sqlite3_stmt *s = store_statement(db, SQL_MESSAGE_MARK_READ);
    store_bind_int(s, 1, call->no);
    store_bind_int(s, 2, call->ctx->now_unix_ms);
    e = store_run(db, s);
    call->changed = e == ERR_OK;
    call->out->read_unix_ms = call->ctx->now_unix_ms;
    return e;
}

enum err records_message_mark_read(void *self, struct ctx *ctx, const struct uuid *id,
                                   struct message_record *out, bool *changed)
{
    struct records_adapter *records = self;
    struct get_call call = {.ctx = ctx, .id = id, .out = out};
    enum err e = store_write(records->store, ctx, write_read_mark, &call);
    *changed = e == ERR_OK && call.changed;
    return e;
}

/* --- deletion --- */

static enum err user_no_of_recipient(struct store_db *db, const struct message_record *m,
                                     int64_t *no)
{
    sqlite3_stmt *s = store_statement(db, SQL_USER_NO);
    store_bind_uuid(s, 1, &m->recipient_id);
    bool row = false;
    enum err e = store_step(db, s, &row);
    if (e == ERR_OK && row)
        *no = store_column_int(s, 0);
    return e;
}

static enum err write_deletion(struct store_db *db, void *arg)
{
    struct get_call *call = arg;
    enum err e = read_message(db, call);
    if (e != ERR_OK)
        return e;
    if (!is_recipient(call) && call->out->read_unix_ms != 0)
        return ERR_ALREADY_READ;
    struct records_doomed m = {.no = call->no, .sealed_size = (int64_t)call->out->sealed_size};
    e = user_no_of_recipient(db, call->out, &m.recipient_no);
    return e == ERR_OK ? records_delete_message(db, &m) : e;
}

enum err records_message_delete(void *self, struct ctx *ctx, const struct uuid *id,
                                struct message_record *out)
{
    struct records_adapter *records = self;
    struct get_call call = {.ctx = ctx, .id = id, .out = out};
    return store_write(records->store, ctx, write_deletion, &call);
}

/* --- the sweep --- */

struct sweep_call {
    int64_t before_unix_ms;
    size_t limit;
    struct records_doomed doomed[SWEEP_BATCH];
    int64_t nos[SWEEP_BATCH];
    size_t count;
};

static enum err write_expiry(struct store_db *db, void *arg)
{
    struct sweep_call *call = arg;
    sqlite3_stmt *s = store_statement(db, SQL_MESSAGES_EXPIRED);
    store_bind_int(s, 1, call->before_unix_ms);
    store_bind_int(s, 2, (int64_t)call->limit);
    for (;;) {
        bool row = false;
        enum err e = store_step(db, s, &row);
        if (e != ERR_OK)
            return e;
        if (!row)
            break;
        records_row_doomed(s, &call->doomed[call->count++]);
    }
    for (size_t i = 0; i < call->count; i++) {
        enum err e = records_delete_message(db, &call->doomed[i]);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

/* The index is not in the order of time, so all of it is read; that takes a reader's time, not the
 * writer's. */
static enum err read_old_keys(struct store_db *db, void *arg)
{
    struct sweep_call *call = arg;
    sqlite3_stmt *s = store_statement(db, SQL_MESSAGES_OLD_KEYS);
    store_bind_int(s, 1, call->before_unix_ms - RECORDS_IDEMPOTENCY_MS);
    store_bind_int(s, 2, SWEEP_BATCH);
    for (;;) {
        bool row = false;
        enum err e = store_step(db, s, &row);
        if (e != ERR_OK || !row)
            return e;
        call->nos[call->count++] = store_column_int(s, 0);
    }
}

static enum err write_key_removal(struct store_db *db, void *arg)
{
    struct sweep_call *call = arg;
    for (size_t i = 0; i < call->count; i++) {
        sqlite3_stmt *s = store_statement(db, SQL_MESSAGE_DROP_KEY);
        store_bind_int(s, 1, call->nos[i]);
        enum err e = store_run(db, s);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

static enum err forget_old_keys(struct records_adapter *records, struct ctx *ctx,
                                struct sweep_call *call)
{
    do {
        if (ctx_left_ms(ctx) == 0)
            return ERR_DEADLINE;
        call->count = 0;
        enum err e = store_read(records->store, ctx, read_old_keys, call);
        if (e == ERR_OK && call->count > 0)
            e = store_write(records->store, ctx, write_key_removal, call);
        if (e != ERR_OK)
            return e;
    } while (call->count == SWEEP_BATCH);
    return ERR_OK;
}

enum err records_messages_expire(void *self, struct ctx *ctx, size_t limit,
                                 struct uuid **object_ids, size_t *object_count, size_t *deleted)
{
    struct records_adapter *records = self;
    struct sweep_call *call = arena_alloc(ctx->arena, sizeof *call);
    call->before_unix_ms = ctx->now_unix_ms;
    call->limit = limit < SWEEP_BATCH ? limit : SWEEP_BATCH;
    *object_count = 0;
    *deleted = 0;
    enum err e = forget_old_keys(records, ctx, call);
    call->count = 0;
    if (e == ERR_OK)
        e = store_write(records->store, ctx, write_expiry, call);
    if (e != ERR_OK)
        return e;
    *deleted = call->count;
    *object_ids = arena_calloc(ctx->arena, call->count, sizeof **object_ids);
    for (size_t i = 0; i < call->count; i++) {
        if (call->doomed[i].has_object)
            (*object_ids)[(*object_count)++] = call->doomed[i].id;
    }
    return ERR_OK;
}

/* --- for the orphan sweep --- */

struct exists_call {
    const struct uuid *id;
    bool exists;
};

static enum err read_existence(struct store_db *db, void *arg)
{
    struct exists_call *call = arg;
    sqlite3_stmt *s = store_statement(db, SQL_MESSAGE_EXISTS);
    store_bind_uuid(s, 1, call->id);
    return store_step(db, s, &call->exists);
}

enum err records_letter_exists(struct store *store, struct ctx *ctx, const struct uuid *id,
                               bool *exists)
{
    struct exists_call call = {.id = id};
    enum err e = store_read(store, ctx, read_existence, &call);
    *exists = call.exists;
    return e;
}

enum err records_message_exists(void *self, struct ctx *ctx, const struct uuid *id, bool *exists)
{
    struct records_adapter *records = self;
    return records_letter_exists(records->store, ctx, id, exists);
}
