#include "embedded/codes.h"

#include "base/digest.h"
#include "base/mem.h"
#include "base/random.h"

#include <stdio.h>
#include <string.h>

#define CODE_SALT_BYTES 16u
#define CODE_HASH_BYTES (CODE_SALT_BYTES + DIGEST_SHA256_BYTES)
#define CODE_BOUND 1000000u

/* salt | SHA-256(salt | account | purpose | code). Six digits are soon guessed by who has the hash;
 * that is why a code lives for minutes and sets a password, but opens no letter. */
static void hash_code(const uint8_t salt[CODE_SALT_BYTES], const struct uuid *account_id,
                      enum code_purpose purpose, struct bytes code, uint8_t out[CODE_HASH_BYTES])
{
    uint8_t text[CODE_SALT_BYTES + UUID_BYTES + 1 + CODE_DIGITS];
    memcpy(text, salt, CODE_SALT_BYTES);
    memcpy(text + CODE_SALT_BYTES, account_id->b, UUID_BYTES);
    text[CODE_SALT_BYTES + UUID_BYTES] = (uint8_t)purpose;
    memcpy(text + CODE_SALT_BYTES + UUID_BYTES + 1, code.p, CODE_DIGITS);
    memcpy(out, salt, CODE_SALT_BYTES);
    digest_sha256(bytes_of(text, sizeof text), out + CODE_SALT_BYTES);
    mem_cleanse(text, sizeof text);
}

bool codes_match(struct bytes hash, const struct uuid *account_id, enum code_purpose purpose,
                 struct bytes code)
{
    uint8_t expected[CODE_HASH_BYTES];
    if (code.n != CODE_DIGITS || hash.n != CODE_HASH_BYTES)
        return false;
    hash_code(hash.p, account_id, purpose, code, expected);
    return bytes_equal_secret(hash, bytes_of(expected, sizeof expected));
}

static enum err put_code(struct store_db *db, const struct uuid *account_id,
                         enum code_purpose purpose, const uint8_t hash[CODE_HASH_BYTES],
                         int64_t now_unix_ms)
{
    sqlite3_stmt *s = store_statement(db, SQL_CODE_PUT);
    store_bind_uuid(s, 1, account_id);
    store_bind_int(s, 2, purpose);
    store_bind_bytes(s, 3, bytes_of(hash, CODE_HASH_BYTES));
    store_bind_int(s, 4, now_unix_ms + CODE_LIFETIME_MS);
    return store_run(db, s);
}

enum err codes_issue_unknown(struct store_db *db, const struct uuid *account_id,
                             enum code_purpose purpose, int64_t now_unix_ms)
{
    uint8_t hash[CODE_HASH_BYTES];
    random_bytes(hash, sizeof hash);
    return put_code(db, account_id, purpose, hash, now_unix_ms);
}

enum err codes_issue(struct store_db *db, const struct uuid *account_id, enum code_purpose purpose,
                     int64_t now_unix_ms, char out[CODE_DIGITS + 1])
{
    sqlite3_stmt *s = store_statement(db, SQL_ACCOUNT_BY_ID);
    store_bind_uuid(s, 1, account_id);
    bool row;
    enum err e = store_step(db, s, &row);
    if (e != ERR_OK)
        return e;
    int64_t state = row ? store_column_int(s, 3) : -1;
    (void)sqlite3_reset(s);
    /* 0 is unconfirmed, 1 confirmed: each purpose fits one of them. */
    if (state != (purpose == CODE_CONFIRM ? 0 : 1))
        return ERR_NOT_FOUND;
    (void)snprintf(out, CODE_DIGITS + 1, "%06u", random_below(CODE_BOUND));
    uint8_t salt[CODE_SALT_BYTES];
    uint8_t hash[CODE_HASH_BYTES];
    random_bytes(salt, sizeof salt);
    hash_code(salt, account_id, purpose, bytes_of(out, CODE_DIGITS), hash);
    return put_code(db, account_id, purpose, hash, now_unix_ms);
}

static enum err count_try(struct store_db *db, const struct uuid *account_id,
                          enum code_purpose purpose)
{
    sqlite3_stmt *s = store_statement(db, SQL_CODE_TRY);
    store_bind_uuid(s, 1, account_id);
    store_bind_int(s, 2, purpose);
    return store_run(db, s);
}

enum err codes_check(struct store_db *db, const struct uuid *account_id, enum code_purpose purpose,
                     struct bytes code, int64_t now_unix_ms, enum err *outcome)
{
    *outcome = ERR_CODE_MISMATCH;
    sqlite3_stmt *s = store_statement(db, SQL_CODE_GET);
    store_bind_uuid(s, 1, account_id);
    store_bind_int(s, 2, purpose);
    bool row;
    enum err e = store_step(db, s, &row);
    if (e != ERR_OK || !row)
        return e;
    struct bytes hash = bytes_of(sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0));
    bool fits = codes_match(hash, account_id, purpose, code);
    int64_t tries = store_column_int(s, 1);
    int64_t expires_ms = store_column_int(s, 2);
    (void)sqlite3_reset(s);
    if (expires_ms <= now_unix_ms)
        *outcome = ERR_CODE_EXPIRED;
    else if (tries >= CODE_TRIES)
        *outcome = ERR_TOO_MANY_TRIES;
    else
        *outcome = fits ? ERR_OK : ERR_CODE_MISMATCH;
    return *outcome == ERR_CODE_MISMATCH ? count_try(db, account_id, purpose) : ERR_OK;
}

enum err codes_hash(struct store_db *db, const struct uuid *account_id, enum code_purpose purpose,
                    struct arena *arena, struct bytes *hash)
{
    sqlite3_stmt *s = store_statement(db, SQL_CODE_GET);
    store_bind_uuid(s, 1, account_id);
    store_bind_int(s, 2, purpose);
    bool row;
    enum err e = store_step(db, s, &row);
    if (e != ERR_OK)
        return e;
    *hash = row ? store_column_bytes(s, 0, arena) : (struct bytes){0};
    (void)sqlite3_reset(s);
    return ERR_OK;
}

enum err codes_drop(struct store_db *db, const struct uuid *account_id, enum code_purpose purpose)
{
    sqlite3_stmt *s = store_statement(db, SQL_CODE_DROP);
    store_bind_uuid(s, 1, account_id);
    store_bind_int(s, 2, purpose);
    return store_run(db, s);
}
