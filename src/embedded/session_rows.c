#include "embedded/session_rows.h"

#include "base/encode.h"
#include "base/mem.h"

#include <string.h>

#define REFRESH_TOKEN_BYTES (UUID_BYTES + (size_t)2 * SECRET_BYTES)
#define SESSION_LIST_MAX 200u

void refresh_token_fini(struct refresh_token *token)
{
    mem_cleanse(token, sizeof *token);
}

struct bytes refresh_token_write(const struct refresh_token *token, struct arena *arena)
{
    struct buffer raw;
    struct buffer text;
    buffer_init(&raw, REFRESH_TOKEN_BYTES);
    buffer_init(&text, 2 * REFRESH_TOKEN_BYTES);
    buffer_append(&raw, uuid_bytes(&token->session_id));
    buffer_append(&raw, secret_bytes(&token->family));
    buffer_append(&raw, secret_bytes(&token->rotating));
    encode_base64url(&text, buffer_bytes(&raw));
    struct bytes copy = arena_copy(arena, buffer_bytes(&text));
    buffer_fini(&text);
    buffer_fini(&raw);
    return copy;
}

bool refresh_token_read(struct arena *arena, struct bytes text, struct refresh_token *out)
{
    struct bytes raw;
    if (text.n > 2 * REFRESH_TOKEN_BYTES || !encode_base64url_decode(arena, text, &raw) ||
        raw.n != REFRESH_TOKEN_BYTES)
        return false;
    memcpy(out->session_id.b, raw.p, UUID_BYTES);
    memcpy(out->family.b, raw.p + UUID_BYTES, SECRET_BYTES);
    memcpy(out->rotating.b, raw.p + UUID_BYTES + SECRET_BYTES, SECRET_BYTES);
    return true;
}

static void session_from_row(sqlite3_stmt *s, struct arena *arena, struct session_row *out)
{
    *out = (struct session_row){
        .id = store_column_uuid(s, 0),
        .account_id = store_column_uuid(s, 1),
        .created_unix_ms = store_column_int(s, 2),
        .used_unix_ms = store_column_int(s, 3),
        .expires_unix_ms = store_column_int(s, 4),
        .client = store_column_bytes(s, 5, arena),
        .family = store_column_bytes(s, 6, arena),
        .current = store_column_bytes(s, 7, arena),
        .previous = store_column_bytes(s, 8, arena),
        .rotated_unix_ms = store_column_int(s, 9),
        .successor = store_column_bytes(s, 10, arena),
        .ring = store_column_bytes(s, 11, arena),
    };
}

enum err session_row_get(struct store_db *db, struct arena *arena, const struct uuid *id,
                         struct session_row *out, bool *found)
{
    sqlite3_stmt *s = store_statement(db, SQL_SESSION_GET);
    store_bind_uuid(s, 1, id);
    enum err e = store_step(db, s, found);
    if (e != ERR_OK || !*found)
        return e;
    session_from_row(s, arena, out);
    out->account_state = (enum account_state)store_column_int(s, 12);
    (void)sqlite3_reset(s);
    return ERR_OK;
}

enum err session_row_live(struct store_db *db, struct arena *arena, const struct actor *actor,
                          int64_t now_unix_ms, struct session_row *out, bool *live)
{
    bool found;
    enum err e = session_row_get(db, arena, &actor->session_id, out, &found);
    *live = e == ERR_OK && found && uuid_equal(&out->account_id, &actor->user_id) &&
            out->expires_unix_ms > now_unix_ms && out->account_state == ACCOUNT_CONFIRMED;
    return e;
}

enum err session_row_list(struct store_db *db, struct arena *arena, const struct uuid *account_id,
                          int64_t now_unix_ms, struct session_row **out, size_t *count)
{
    *out = arena_calloc(arena, SESSION_LIST_MAX, sizeof **out);
    *count = 0;
    sqlite3_stmt *s = store_statement(db, SQL_SESSIONS_LIST);
    store_bind_uuid(s, 1, account_id);
    store_bind_int(s, 2, now_unix_ms);
    bool row = true;
    enum err e = ERR_OK;
    while (*count < SESSION_LIST_MAX && (e = store_step(db, s, &row)) == ERR_OK && row)
        session_from_row(s, arena, &(*out)[(*count)++]);
    (void)sqlite3_reset(s);
    return e;
}

enum err session_row_add(struct store_db *db, const struct session_row *row)
{
    sqlite3_stmt *s = store_statement(db, SQL_SESSION_ADD);
    store_bind_uuid(s, 1, &row->id);
    store_bind_uuid(s, 2, &row->account_id);
    store_bind_int(s, 3, row->created_unix_ms);
    store_bind_int(s, 4, row->expires_unix_ms);
    store_bind_text(s, 5, row->client);
    store_bind_bytes(s, 6, row->family);
    store_bind_bytes(s, 7, row->current);
    if (row->ring.n > 0)
        store_bind_bytes(s, 8, row->ring);
    enum err e = store_run(db, s);
    if (e != ERR_OK)
        return e;
    s = store_statement(db, SQL_SESSIONS_TRIM);
    store_bind_uuid(s, 1, &row->account_id);
    return store_run(db, s);
}

enum err session_row_rotate(struct store_db *db, const struct session_row *row)
{
    sqlite3_stmt *s = store_statement(db, SQL_SESSION_ROTATE);
    store_bind_uuid(s, 1, &row->id);
    store_bind_int(s, 2, row->used_unix_ms);
    store_bind_int(s, 3, row->expires_unix_ms);
    store_bind_bytes(s, 4, row->current);
    store_bind_bytes(s, 5, row->previous);
    store_bind_int(s, 6, row->rotated_unix_ms);
    store_bind_bytes(s, 7, row->successor);
    return store_run(db, s);
}

enum err session_row_end(struct store_db *db, const struct uuid *id, const struct uuid *account_id,
                         bool *ended)
{
    sqlite3_stmt *s = store_statement(db, SQL_SESSION_END);
    store_bind_uuid(s, 1, id);
    store_bind_uuid(s, 2, account_id);
    enum err e = store_run(db, s);
    *ended = e == ERR_OK && store_changes(db) > 0;
    return e;
}
