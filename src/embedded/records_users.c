#include "base/clock.h"
#include "base/digest.h"
#include "base/mem.h"
#include "embedded/records_rows.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Letters deleted in one transaction, so that others' letters do not wait long for the writer. */
#define ERASE_BATCH 256

static_assert((int)USER_DISABLED < RECORDS_STATE_ERASED, "states of users must not overlap");

/* --- the cache --- */

/* Empties the cache once after every change by another process. */
static void heed_foreign_changes(struct records_adapter *records)
{
    unsigned now = store_foreign_changes(records->store);
    if (atomic_load_explicit(&records->foreign_changes_seen, memory_order_relaxed) == now)
        return;
    cache_clear(records->users);
    atomic_store_explicit(&records->foreign_changes_seen, now, memory_order_relaxed);
}

static bool recall(struct records_adapter *records, const struct uuid *id, struct records_user *out)
{
    uint8_t key[CACHE_KEY_BYTES];
    cache_key_of_uuid(id, key);
    heed_foreign_changes(records);
    return cache_get(records->users, key, 0, out);
}

static void forget(struct records_adapter *records, const struct uuid *id)
{
    static const struct records_user gone;
    uint8_t key[CACHE_KEY_BYTES];
    cache_key_of_uuid(id, key);
    /* An entry that has ended already. */
    cache_put(records->users, key, -1, &gone);
}

/* Counts the user_changes and foreign_changes that a read starts with. */
struct moment {
    unsigned user_changes;
    unsigned foreign_changes;
};

static struct moment moment_now(struct records_adapter *records)
{
    return (struct moment){atomic_load(&records->user_changes),
                           store_foreign_changes(records->store)};
}

/* Keeps a row that was read after the moment before. The read's snapshot may be older than a change
 * that was committed since: then the row is not kept. */
static void remember(struct records_adapter *records, struct moment before,
                     const struct records_user *user)
{
    uint8_t key[CACHE_KEY_BYTES];
    cache_key_of_uuid(&user->id, key);
    cache_put(records->users, key, INT64_MAX, user);
    struct moment now = moment_now(records);
    if (now.user_changes != before.user_changes || now.foreign_changes != before.foreign_changes) {
        forget(records, &user->id);
        return;
    }
    digest_sha256(bytes_of_str(user->username), key);
    cache_put(records->names, key, INT64_MAX, &user->id);
}

/* After the commit: the count first, so that a slow reader that puts an old row back sees it. */
static void user_changed(struct records_adapter *records, const struct uuid *id)
{
    atomic_fetch_add(&records->user_changes, 1);
    forget(records, id);
}

/* --- rows --- */

static void copy_text(sqlite3_stmt *s, int at, char *out, size_t size)
{
    const unsigned char *text = sqlite3_column_text(s, at);
    (void)snprintf(out, size, "%s", text == NULL ? "" : (const char *)text);
}

static void row_user(sqlite3_stmt *s, struct records_user *out)
{
    memset(out, 0, sizeof *out);
    out->no = store_column_int(s, 0);
    out->id = store_column_uuid(s, 1);
    copy_text(s, 2, out->username, sizeof out->username);
    copy_text(s, 3, out->email, sizeof out->email);
    copy_text(s, 4, out->key_reference, sizeof out->key_reference);
    copy_text(s, 5, out->topic_reference, sizeof out->topic_reference);
    out->state = (enum user_state)store_column_int(s, 6);
    out->created_unix_ms = store_column_int(s, 7);
    out->quota_bytes = store_column_int(s, 8);
}

static void give_user(struct arena *arena, const struct records_user *user, struct user_record *out)
{
    *out = (struct user_record){
        .id = user->id,
        .username = arena_str(arena, bytes_of_str(user->username)),
        .email = arena_str(arena, bytes_of_str(user->email)),
        .topic_reference = arena_str(arena, bytes_of_str(user->topic_reference)),
        .state = user->state,
        .created_unix_ms = user->created_unix_ms,
        .quota_bytes = user->quota_bytes,
    };
    memcpy(out->key_reference, user->key_reference, sizeof out->key_reference);
}

/* --- reads --- */

struct find_call {
    const struct uuid *id; /* or NULL: by name */
    struct bytes username;
    struct records_user *out;
};

static enum err read_user(struct store_db *db, void *arg)
{
    struct find_call *call = arg;
    sqlite3_stmt *s = store_statement(db, call->id != NULL ? SQL_USER_BY_ID : SQL_USER_BY_NAME);
    if (call->id != NULL)
        store_bind_uuid(s, 1, call->id);
    else
        store_bind_text(s, 1, call->username);
    bool row = false;
    enum err e = store_step(db, s, &row);
    if (e != ERR_OK)
        return e;
    if (!row)
        return ERR_NOT_FOUND;
    row_user(s, call->out);
    return ERR_OK;
}

static enum err find(struct records_adapter *records, struct ctx *ctx, struct find_call *call)
{
    struct moment before = moment_now(records);
    enum err e = store_read(records->store, ctx, read_user, call);
    if (e == ERR_OK)
        remember(records, before, call->out);
    return e;
}

enum err records_user_find(struct records_adapter *records, struct ctx *ctx, const struct uuid *id,
                           struct records_user *out)
{
    if (recall(records, id, out))
        return ERR_OK;
    return find(records, ctx, &(struct find_call){.id = id, .out = out});
}

enum err records_user_by_id(void *self, struct ctx *ctx, const struct uuid *id,
                            struct user_record *out)
{
    struct records_user user;
    enum err e = records_user_find(self, ctx, id, &user);
    if (e == ERR_OK)
        give_user(ctx->arena, &user, out);
    return e;
}

enum err records_user_by_name(void *self, struct ctx *ctx, struct bytes username,
                              struct user_record *out)
{
    struct records_adapter *records = self;
    struct records_user user;
    struct uuid id;
    uint8_t key[CACHE_KEY_BYTES];
    digest_sha256(username, key);
    /* The name may have gone to another user since: the row decides. */
    enum err e = ERR_OK;
    if (!cache_get(records->names, key, 0, &id) || !recall(records, &id, &user) ||
        !bytes_equal_str(username, user.username))
        e = find(records, ctx, &(struct find_call){.username = username, .out = &user});
    if (e == ERR_OK)
        give_user(ctx->arena, &user, out);
    return e;
}

enum err records_adapter_user_no(struct records_adapter *records, struct store_db *db,
                                 const struct uuid *id, int64_t *no)
{
    struct records_user user;
    if (recall(records, id, &user)) {
        *no = user.no;
        return ERR_OK;
    }
    sqlite3_stmt *s = store_statement(db, SQL_USER_NO);
    store_bind_uuid(s, 1, id);
    bool row = false;
    enum err e = store_step(db, s, &row);
    if (e != ERR_OK)
        return e;
    if (!row)
        return ERR_NOT_FOUND;
    *no = store_column_int(s, 0);
    return ERR_OK;
}

struct usage_call {
    int64_t user_no;
    int64_t bytes;
};

static enum err read_usage(struct store_db *db, void *arg)
{
    struct usage_call *call = arg;
    sqlite3_stmt *s = store_statement(db, SQL_USER_USAGE);
    store_bind_int(s, 1, call->user_no);
    bool row = false;
    enum err e = store_step(db, s, &row);
    if (e != ERR_OK)
        return e;
    if (!row)
        return ERR_NOT_FOUND;
    call->bytes = store_column_int(s, 0);
    return ERR_OK;
}

enum err records_user_usage(void *self, struct ctx *ctx, const struct uuid *id, int64_t *used_bytes)
{
    struct records_adapter *records = self;
    struct records_user user;
    enum err e = records_user_find(records, ctx, id, &user);
    if (e != ERR_OK)
        return e;
    struct usage_call call = {.user_no = user.no};
    e = store_read(records->store, ctx, read_usage, &call);
    if (e == ERR_OK)
        *used_bytes = call.bytes;
    return e;
}

/* --- the people list --- */

struct people_call {
    struct ctx *ctx;
    struct bytes prefix;
    struct bytes after; /* a username */
    size_t limit;
    struct user_page *out;
    bool more;
};

static enum err read_people(struct store_db *db, void *arg)
{
    struct people_call *call = arg;
    struct arena *arena = call->ctx->arena;
    /* Above every name with this prefix: 0xFF occurs in no UTF-8. */
    char *end = arena_printf(arena, "%.*s\xff", BYTES_FMT(call->prefix));
    sqlite3_stmt *s = store_statement(db, SQL_USERS_LIST);
    store_bind_text(s, 1, call->prefix);
    store_bind_text(s, 2, bytes_of_str(end));
    store_bind_text(s, 3, call->after);
    store_bind_uuid(s, 4, &call->ctx->actor->user_id);
    store_bind_int(s, 5, (int64_t)call->limit + 1);
    struct user_page *out = call->out;
    out->count = 0;
    for (;;) {
        struct records_user user;
        bool row = false;
        enum err e = store_step(db, s, &row);
        if (e != ERR_OK || !row)
            return e;
        call->more = out->count == call->limit;
        if (call->more)
            return ERR_OK;
        row_user(s, &user);
        user.email[0] = '\0';
        give_user(arena, &user, &out->items[out->count++]);
    }
}

enum err records_users_list(void *self, struct ctx *ctx, struct bytes prefix, size_t limit,
                            struct bytes cursor, struct user_page *out)
{
    assert(limit >= 1 && limit <= RECORDS_PAGE_MAX);
    struct records_adapter *records = self;
    *out = (struct user_page){0};
    /* No username is longer, and none has a NUL. */
    if (prefix.n > USERNAME_MAX_BYTES || bytes_find(prefix, 0, 0) != SIZE_MAX)
        return cursor.n == 0 ? ERR_OK : ERR_INVALID_CURSOR;
    const char *list = arena_printf(ctx->arena, "users %.*s", BYTES_FMT(prefix));
    struct people_call call = {.ctx = ctx, .prefix = prefix, .limit = limit, .out = out};
    if (cursor.n > 0) {
        enum err e = records_cursor_read(ctx, bytes_of_str(list), cursor, &call.after);
        if (e != ERR_OK)
            return e;
    }
    out->items = arena_calloc(ctx->arena, limit, sizeof *out->items);
    enum err e = store_read(records->store, ctx, read_people, &call);
    if (e == ERR_OK && call.more)
        out->next_cursor = records_cursor_write(ctx->arena, bytes_of_str(list),
                                                bytes_of_str(out->items[out->count - 1].username));
    return e;
}

/* --- writes --- */

static enum err write_user(struct store_db *db, void *arg)
{
    const struct user_record *user = arg;
    sqlite3_stmt *s = store_statement(db, SQL_USER_PUT);
    store_bind_uuid(s, 1, &user->id);
    store_bind_text(s, 2, bytes_of_str(user->username));
    store_bind_text(s, 3, bytes_of_str(user->email));
    store_bind_text(s, 4, bytes_of_str(user->key_reference));
    store_bind_text(s, 5, bytes_of_str(user->topic_reference));
    store_bind_int(s, 6, user->state);
    store_bind_int(s, 7, user->created_unix_ms);
    store_bind_int(s, 8, user->quota_bytes);
    enum err e = store_run(db, s);
    if (e == ERR_OK && store_changes(db) == 0)
        e = ERR_CONFLICT;
    if (e != ERR_OK)
        return e;
    s = store_statement(db, SQL_USER_START_USAGE);
    store_bind_uuid(s, 1, &user->id);
    return store_run(db, s);
}

enum err records_user_put(void *self, struct ctx *ctx, const struct user_record *user)
{
    struct records_adapter *records = self;
    struct user_record in = *user;
    enum err e = store_write(records->store, ctx, write_user, &in);
    user_changed(records, &user->id);
    return e;
}

/* --- erasure --- */

struct erase_call {
    struct records_adapter *records;
    struct ctx *ctx;
    const struct uuid *user_id;
    int64_t user_no;
    size_t deleted;
    struct uuid *object_ids;
    size_t object_count;
};

/* Takes the name and the room for letters away first: from then on nothing arrives. */
static enum err write_erasure(struct store_db *db, void *arg)
{
    struct erase_call *call = arg;
    enum err e = records_adapter_user_no(call->records, db, call->user_id, &call->user_no);
    const enum sql_id steps[] = {SQL_USER_ERASE, SQL_USER_ERASE_USAGE, SQL_USER_ERASE_NOTICE};
    for (size_t i = 0; e == ERR_OK && i < sizeof steps / sizeof steps[0]; i++) {
        sqlite3_stmt *s = store_statement(db, steps[i]);
        store_bind_int(s, 1, call->user_no);
        e = store_run(db, s);
    }
    return e;
}

static enum err write_letters_erasure(struct store_db *db, void *arg)
{
    struct erase_call *call = arg;
    struct records_doomed doomed[ERASE_BATCH];
    size_t n = 0;
    sqlite3_stmt *s = store_statement(db, SQL_USER_LETTERS);
    store_bind_int(s, 1, call->user_no);
    store_bind_int(s, 2, ERASE_BATCH);
    for (;;) {
        bool row = false;
        enum err e = store_step(db, s, &row);
        if (e != ERR_OK)
            return e;
        if (!row)
            break;
        assert(n < ERASE_BATCH);
        records_row_doomed(s, &doomed[n++]);
    }
    for (size_t i = 0; i < n; i++) {
        enum err e = records_delete_message(db, &doomed[i]);
        if (e != ERR_OK)
            return e;
        if (doomed[i].has_object)
            call->object_ids[call->object_count++] = doomed[i].id;
    }
    call->deleted = n;
    return ERR_OK;
}

enum err records_user_erase(void *self, struct ctx *ctx, const struct uuid *user_id,
                            struct uuid **object_ids, size_t *count)
{
    struct records_adapter *records = self;
    struct erase_call call = {.records = records, .ctx = ctx, .user_id = user_id};
    *count = 0;
    enum err e = store_write(records->store, ctx, write_erasure, &call);
    user_changed(records, user_id);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    call.object_ids = arena_calloc(ctx->arena, ERASE_BATCH, sizeof *call.object_ids);
    /* Until there are objects to remove or no letters are left. */
    do {
        if (ctx_left_ms(ctx) == 0)
            return ERR_DEADLINE;
        e = store_write(records->store, ctx, write_letters_erasure, &call);
    } while (e == ERR_OK && call.deleted > 0 && call.object_count == 0);
    if (e != ERR_OK)
        return e;
    *object_ids = call.object_ids;
    *count = call.object_count;
    return ERR_OK;
}
