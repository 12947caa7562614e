#include "embedded/invites.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/random.h"

#include <string.h>

#define INVITE_BYTES 10u /* 80 bits */
#define INVITE_GROUP 4u

static void bind_hash(sqlite3_stmt *s, int at, const uint8_t raw[INVITE_BYTES],
                      uint8_t digest[DIGEST_SHA256_BYTES])
{
    digest_sha256(bytes_of(raw, INVITE_BYTES), digest);
    store_bind_bytes(s, at, bytes_of(digest, DIGEST_SHA256_BYTES));
}

enum err invites_create(struct store_db *db, int64_t now_unix_ms, char out[INVITE_TEXT_BYTES])
{
    uint8_t raw[INVITE_BYTES];
    uint8_t digest[DIGEST_SHA256_BYTES];
    struct buffer text;
    random_private_bytes(raw, sizeof raw);
    buffer_init(&text, INVITE_TEXT_BYTES - 1);
    encode_base32(&text, bytes_of(raw, sizeof raw), INVITE_GROUP);
    memcpy(out, text.p, text.n);
    out[text.n] = '\0';
    buffer_fini(&text);
    sqlite3_stmt *s = store_statement(db, SQL_INVITE_ADD);
    bind_hash(s, 1, raw, digest);
    store_bind_int(s, 2, now_unix_ms);
    store_bind_int(s, 3, now_unix_ms + INVITE_LIFETIME_MS);
    store_bind_text(s, 4, BYTES_LIT(""));
    return store_run(db, s);
}

enum err invites_use(struct store_db *db, struct bytes invite, int64_t now_unix_ms)
{
    uint8_t raw[INVITE_BYTES];
    uint8_t digest[DIGEST_SHA256_BYTES];
    if (!encode_base32_decode(invite, raw, sizeof raw))
        return ERR_INVITE_REQUIRED;
    sqlite3_stmt *s = store_statement(db, SQL_INVITE_USE);
    bind_hash(s, 1, raw, digest);
    store_bind_int(s, 2, now_unix_ms);
    enum err e = store_run(db, s);
    return e == ERR_OK && store_changes(db) == 0 ? ERR_INVITE_REQUIRED : e;
}
