#include "embedded/invites.h"

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
