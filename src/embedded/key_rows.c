#include "embedded/key_rows.h"

#include "base/clock.h"
#include "core/key_ring.h"
#include "envelope/ecdh_encoding.h"

#include <string.h>

/* More than KEYS_PER_USER_MAX and the few that resets add. */
#define KEY_ROWS_MAX 4096u

enum err key_rows_generate(struct ctx *ctx, const struct uuid *user_id,
                           const struct secret *ring_key, enum key_state state, struct key_row *out)
{
    struct ecdh_key key;
    struct buffer der;
    struct buffer sealed;
    ecdh_key_generate(&key);
    buffer_init(&der, KEY_ROWS_SEALED_MAX_BYTES);
    buffer_init(&sealed, KEY_ROWS_SEALED_MAX_BYTES);
    ecdh_encoding_write_pkcs8(&key, &der);
    key_ring_seal(KEY_RING_LABEL_PRIVATE_KEY, user_id, ring_key, buffer_bytes(&der), &sealed);
    *out = (struct key_row){
        .id = uuid_random(),
        .point = key.public.point,
        .sealed_private_key = arena_copy(ctx->arena, buffer_bytes(&sealed)),
        .state = state,
        .created_unix_ms = ctx->now_unix_ms,
    };
    bool ok = buffer_ok(&der) && buffer_ok(&sealed);
    buffer_fini(&sealed);
    buffer_fini(&der);
    ecdh_key_fini(&key);
    return ok ? ERR_OK : ERR_INTERNAL;
}

enum err key_rows_open(struct ctx *ctx, const struct uuid *user_id, const struct secret *ring_key,
                       const struct key_row *row, struct ecdh_key *key)
{
    struct buffer der;
    buffer_init(&der, KEY_ROWS_SEALED_MAX_BYTES);
    bool ok = key_ring_unseal(KEY_RING_LABEL_PRIVATE_KEY, user_id, ring_key,
                              row->sealed_private_key, &der) &&
              ecdh_encoding_read_pkcs8(buffer_bytes(&der), key) == ERR_OK;
    buffer_fini(&der);
    if (ok && !ecdh_point_equal(&key->public.point, &row->point)) {
        ecdh_key_fini(key);
        ok = false;
    }
    return ok ? ERR_OK : ctx_log_fail(ctx, ERR_INTERNAL, "private_key_unreadable", "%s", "");
}

enum err key_rows_add(struct store_db *db, const struct uuid *user_id, const struct key_row *row)
{
    sqlite3_stmt *s = store_statement(db, SQL_KEY_ADD);
    store_bind_uuid(s, 1, &row->id);
    store_bind_uuid(s, 2, user_id);
    store_bind_bytes(s, 3, ecdh_point_bytes(&row->point));
    store_bind_bytes(s, 4, row->sealed_private_key);
    store_bind_int(s, 5, row->state);
    store_bind_int(s, 6, row->created_unix_ms);
    return store_run(db, s);
}

enum err key_rows_publish(struct store_db *db, const struct uuid *user_id)
{
    sqlite3_stmt *s = store_statement(db, SQL_KEYS_PUBLISH);
    store_bind_uuid(s, 1, user_id);
    return store_run(db, s);
}

enum err key_rows_lose(struct store_db *db, const struct uuid *user_id, int64_t now_unix_ms)
{
    sqlite3_stmt *s = store_statement(db, SQL_KEYS_LOSE);
    store_bind_uuid(s, 1, user_id);
    store_bind_int(s, 2, now_unix_ms);
    return store_run(db, s);
}

enum err key_rows_erase(struct store_db *db, const struct uuid *user_id)
{
    sqlite3_stmt *s = store_statement(db, SQL_KEYS_ERASE);
    store_bind_uuid(s, 1, user_id);
    return store_run(db, s);
}

static void key_row_from(sqlite3_stmt *s, struct arena *arena, struct key_row *out)
{
    *out = (struct key_row){
        .id = store_column_uuid(s, 0),
        .sealed_private_key = store_column_bytes(s, 2, arena),
        .state = (enum key_state)store_column_int(s, 3),
        .created_unix_ms = store_column_int(s, 4),
        .lost_unix_ms = store_column_int(s, 5),
    };
    const void *point = sqlite3_column_blob(s, 1);
    if (sqlite3_column_bytes(s, 1) == (int)ECDH_POINT_BYTES)
        memcpy(out->point.b, point, ECDH_POINT_BYTES);
}

enum err key_rows_list(struct store_db *db, struct arena *arena, const struct uuid *user_id,
                       struct key_row **out, size_t *count)
{
    sqlite3_stmt *s = store_statement(db, SQL_KEYS_OF_USER);
    store_bind_uuid(s, 1, user_id);
    struct key_row *rows = NULL;
    size_t room = 0;
    *count = 0;
    bool row = true;
    enum err e = ERR_OK;
    while (*count < KEY_ROWS_MAX && (e = store_step(db, s, &row)) == ERR_OK && row) {
        if (*count == room) {
            struct key_row *larger = arena_calloc(arena, room * 2 + 4, sizeof *larger);
            if (room > 0)
                memcpy(larger, rows, room * sizeof *larger);
            rows = larger;
            room = room * 2 + 4;
        }
        key_row_from(s, arena, &rows[(*count)++]);
    }
    (void)sqlite3_reset(s);
    *out = rows;
    return e;
}
