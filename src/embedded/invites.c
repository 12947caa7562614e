#include "embedded/invites.h"

#include <assert.h>

enum err invites_create(struct store_db *db, int64_t now_unix_ms, char out[INVITE_TEXT_BYTES])
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    invite_make(out, digest);
    sqlite3_stmt *s = store_statement(db, SQL_INVITE_ADD);
    store_bind_bytes(s, 1, bytes_of(digest, sizeof digest));
    store_bind_int(s, 2, now_unix_ms);
    store_bind_int(s, 3, now_unix_ms + INVITE_LIFETIME_MS);
    store_bind_text(s, 4, BYTES_LIT(""));
    return store_run(db, s);
}

enum err invites_use(struct store_db *db, struct bytes invite, int64_t now_unix_ms)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    if (!invite_read(invite, digest))
        return ERR_INVITE_REQUIRED;
    sqlite3_stmt *s = store_statement(db, SQL_INVITE_USE);
    store_bind_bytes(s, 1, bytes_of(digest, sizeof digest));
    store_bind_int(s, 2, now_unix_ms);
    enum err e = store_run(db, s);
    return e == ERR_OK && store_changes(db) == 0 ? ERR_INVITE_REQUIRED : e;
}

enum err invites_list(struct store_db *db, struct ctx *ctx, const struct invite *after,
                      size_t limit, struct invite *out, size_t *count)
{
    uint8_t digest[DIGEST_SHA256_BYTES] = {0};
    *count = 0;
    if (after != NULL && !invite_id_read(ctx->arena, bytes_of_str(after->id), digest))
        return ERR_NOT_FOUND;
    sqlite3_stmt *s = store_statement(db, SQL_INVITES_LIST);
    store_bind_int(s, 1, ctx->now_unix_ms);
    store_bind_int(s, 2, after == NULL ? INT64_MIN : after->created_unix_ms);
    store_bind_bytes(s, 3, bytes_of(digest, sizeof digest));
    store_bind_int(s, 4, (int64_t)limit);
    bool row = true;
    enum err e = ERR_OK;
    while (*count < limit && (e = store_step(db, s, &row)) == ERR_OK && row) {
        struct bytes hash = store_column_bytes(s, 0, ctx->arena);
        assert(hash.n == DIGEST_SHA256_BYTES);
        struct invite *invite = &out[(*count)++];
        invite_id(hash.p, invite->id);
        invite->created_unix_ms = store_column_int(s, 1);
        invite->expires_unix_ms = store_column_int(s, 2);
    }
    (void)sqlite3_reset(s);
    return e;
}

enum err invites_revoke(struct store_db *db, struct ctx *ctx, struct bytes id)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    if (!invite_id_read(ctx->arena, id, digest))
        return ERR_NOT_FOUND;
    sqlite3_stmt *s = store_statement(db, SQL_INVITE_USE);
    store_bind_bytes(s, 1, bytes_of(digest, sizeof digest));
    store_bind_int(s, 2, ctx->now_unix_ms);
    enum err e = store_run(db, s);
    return e == ERR_OK && store_changes(db) == 0 ? ERR_NOT_FOUND : e;
}
