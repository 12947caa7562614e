#include "embedded/uploads_adapter.h"

/* One call on its way through the store. */
struct upload_task {
    struct ctx *ctx;
    const struct uuid *id;
    const struct upload_record *in;
    const struct upload_limits *limits;
    size_t limit;
    struct upload_record *out;
    struct upload_page *page;
    bool found;
};

/* Columns id to draft; the state may follow. */
static void read_row(sqlite3_stmt *s, struct arena *arena, struct upload_record *out)
{
    *out = (struct upload_record){
        .id = store_column_uuid(s, 0),
        .owner_id = store_column_uuid(s, 1),
        .length = (uint64_t)store_column_int(s, 2),
        .version = (uint64_t)store_column_int(s, 3),
        .expires_unix_ms = store_column_int(s, 4),
        .done = store_column_int(s, 5) != 0,
        .draft = arena_str(arena, store_column_bytes(s, 6, arena)),
    };
}

/* --- create --- */

static enum err check_limits(struct store_db *db, const struct upload_task *t)
{
    sqlite3_stmt *s = store_statement(db, SQL_UPLOADS_OPEN);
    store_bind_uuid(s, 1, &t->in->owner_id);
    store_bind_int(s, 2, t->ctx->now_unix_ms);
    bool row = false;
    enum err e = store_step(db, s, &row);
    if (e != ERR_OK)
        return e;
    uint64_t count = (uint64_t)store_column_int(s, 0);
    uint64_t bytes = (uint64_t)store_column_int(s, 1);
    bool fits = upload_limits_admit(t->limits, count, bytes, t->in->length);
    return fits ? ERR_OK : ERR_TOO_MANY_UPLOADS;
}

static enum err run_create(struct store_db *db, void *arg)
{
    const struct upload_task *t = arg;
    enum err e = check_limits(db, t);
    if (e != ERR_OK)
        return e;
    sqlite3_stmt *s = store_statement(db, SQL_UPLOAD_INSERT);
    store_bind_uuid(s, 1, &t->in->id);
    store_bind_uuid(s, 2, &t->in->owner_id);
    store_bind_int(s, 3, (int64_t)t->in->length);
    store_bind_int(s, 4, t->in->expires_unix_ms);
    store_bind_text(s, 5, bytes_of_str(t->in->draft));
    store_bind_bytes(s, 6, t->in->state);
    return store_run(db, s);
}

static enum err create(void *self, struct ctx *ctx, const struct upload_record *in,
                       const struct upload_limits *limits)
{
    struct upload_task t = {.ctx = ctx, .in = in, .limits = limits};
    return store_write(self, ctx, run_create, &t);
}

/* --- get and put --- */

static enum err run_get(struct store_db *db, void *arg)
{
    const struct upload_task *t = arg;
    sqlite3_stmt *s = store_statement(db, SQL_UPLOAD_GET);
    store_bind_uuid(s, 1, t->id);
    store_bind_uuid(s, 2, &t->ctx->actor->user_id);
    bool row = false;
    enum err e = store_step(db, s, &row);
    if (e != ERR_OK || !row)
        return e == ERR_OK ? ERR_NOT_FOUND : e;
    read_row(s, t->ctx->arena, t->out);
    t->out->state = store_column_bytes(s, 7, t->ctx->arena);
    return ERR_OK;
}

static enum err get(void *self, struct ctx *ctx, const struct uuid *id, struct upload_record *out)
{
    struct upload_task t = {.ctx = ctx, .id = id, .out = out};
    return store_read(self, ctx, run_get, &t);
}

static enum err run_exists(struct store_db *db, void *arg)
{
    struct upload_task *t = arg;
    sqlite3_stmt *s = store_statement(db, SQL_UPLOAD_EXISTS);
    store_bind_uuid(s, 1, t->id);
    return store_step(db, s, &t->found);
}

static enum err run_put(struct store_db *db, void *arg)
{
    struct upload_task *t = arg;
    sqlite3_stmt *s = store_statement(db, SQL_UPLOAD_PUT);
    store_bind_uuid(s, 1, &t->in->id);
    store_bind_uuid(s, 2, &t->in->owner_id);
    store_bind_int(s, 3, (int64_t)t->in->version);
    store_bind_int(s, 4, t->in->done);
    store_bind_text(s, 5, bytes_of_str(t->in->draft));
    store_bind_bytes(s, 6, t->in->state);
    enum err e = store_run(db, s);
    if (e != ERR_OK || store_changes(db) == 1)
        return e;
    t->id = &t->in->id;
    e = run_exists(db, t);
    if (e != ERR_OK)
        return e;
    return t->found ? ERR_CONFLICT : ERR_NOT_FOUND;
}

static enum err put(void *self, struct ctx *ctx, const struct upload_record *in)
{
    struct upload_task t = {.ctx = ctx, .in = in};
    return store_write(self, ctx, run_put, &t);
}

/* --- the end --- */

static enum err run_remove(struct store_db *db, void *arg)
{
    const struct upload_task *t = arg;
    sqlite3_stmt *s = store_statement(db, SQL_UPLOAD_DELETE);
    store_bind_uuid(s, 1, &t->in->id);
    store_bind_uuid(s, 2, &t->in->owner_id);
    enum err e = store_run(db, s);
    if (e != ERR_OK)
        return e;
    return store_changes(db) == 1 ? ERR_OK : ERR_NOT_FOUND;
}

static enum err remove_own(void *self, struct ctx *ctx, const struct uuid *id)
{
    const struct upload_record own = {.id = *id, .owner_id = ctx->actor->user_id};
    struct upload_task t = {.ctx = ctx, .in = &own};
    return store_write(self, ctx, run_remove, &t);
}

static enum err forget(void *self, struct ctx *ctx, const struct upload_record *upload)
{
    struct upload_task t = {.ctx = ctx, .in = upload};
    enum err e = store_write(self, ctx, run_remove, &t);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err run_expired(struct store_db *db, void *arg)
{
    const struct upload_task *t = arg;
    struct upload_page *page = t->page;
    sqlite3_stmt *s = store_statement(db, SQL_UPLOADS_EXPIRED);
    store_bind_int(s, 1, t->ctx->now_unix_ms);
    store_bind_int(s, 2, (int64_t)t->limit);
    page->count = 0;
    for (;;) {
        bool row = false;
        enum err e = store_step(db, s, &row);
        if (e != ERR_OK || !row)
            return e;
        read_row(s, t->ctx->arena, &page->items[page->count++]);
    }
}

static enum err expired(void *self, struct ctx *ctx, size_t limit, struct upload_page *out)
{
    out->items = arena_calloc(ctx->arena, limit, sizeof *out->items);
    struct upload_task t = {.ctx = ctx, .limit = limit, .page = out};
    return store_read(self, ctx, run_expired, &t);
}

static enum err exists(void *self, struct ctx *ctx, const struct uuid *id, bool *exists)
{
    struct upload_task t = {.ctx = ctx, .id = id};
    enum err e = store_read(self, ctx, run_exists, &t);
    *exists = t.found;
    return e;
}

struct uploads uploads_adapter_port(struct store *store)
{
    return (struct uploads){
        .self = store,
        .create = create,
        .get = get,
        .put = put,
        .remove = remove_own,
        .expired = expired,
        .forget = forget,
        .exists = exists,
    };
}
