#include "embedded/account_rows.h"

#include <string.h>

/* Copies a column of a fixed length; another length leaves zeroes, which match nothing. */
static void column_exact(sqlite3_stmt *s, int at, uint8_t *out, size_t n)
{
    const void *p = sqlite3_column_blob(s, at);
    if (p != NULL && (size_t)sqlite3_column_bytes(s, at) == n)
        memcpy(out, p, n);
    else
        memset(out, 0, n);
}

void account_from_row(sqlite3_stmt *s, struct arena *arena, struct account *out)
{
    *out = (struct account){
        .id = store_column_uuid(s, 0),
        .username = store_column_bytes(s, 1, arena),
        .email = store_column_bytes(s, 2, arena),
        .state = (enum account_state)store_column_int(s, 3),
        .created_unix_ms = store_column_int(s, 4),
        .kdf.memory_kib = (uint32_t)store_column_int(s, 7),
        .kdf.passes = (uint32_t)store_column_int(s, 8),
        .kdf.lanes = (uint32_t)store_column_int(s, 9),
        .ring_by_password = store_column_bytes(s, 10, arena),
        .ring_by_recovery = store_column_bytes(s, 11, arena),
        .confirmed_by = store_column_bytes(s, 12, arena),
        .totp = store_column_bytes(s, 13, arena),
        .totp_on = store_column_int(s, 14) != 0,
        .totp_step = store_column_int(s, 15),
    };
    column_exact(s, 5, out->authenticator, sizeof out->authenticator);
    column_exact(s, 6, out->kdf.salt, sizeof out->kdf.salt);
}

static enum err read_one(struct store_db *db, sqlite3_stmt *s, struct arena *arena,
                         struct account *out, bool *found)
{
    enum err e = store_step(db, s, found);
    if (e != ERR_OK || !*found)
        return e;
    account_from_row(s, arena, out);
    (void)sqlite3_reset(s);
    return ERR_OK;
}

enum err account_by_id(struct store_db *db, struct arena *arena, const struct uuid *id,
                       struct account *out, bool *found)
{
    sqlite3_stmt *s = store_statement(db, SQL_ACCOUNT_BY_ID);
    store_bind_uuid(s, 1, id);
    return read_one(db, s, arena, out, found);
}

enum err account_by_name(struct store_db *db, struct arena *arena, struct bytes username,
                         struct account *out, bool *found)
{
    sqlite3_stmt *s = store_statement(db, SQL_ACCOUNT_BY_NAME);
    store_bind_text(s, 1, username);
    return read_one(db, s, arena, out, found);
}

enum err account_by_email(struct store_db *db, struct arena *arena, struct bytes email,
                          struct account *out, bool *found)
{
    sqlite3_stmt *s = store_statement(db, SQL_ACCOUNT_BY_EMAIL);
    store_bind_text(s, 1, email);
    return read_one(db, s, arena, out, found);
}

enum err account_by_login(struct store_db *db, struct arena *arena, struct bytes login,
                          struct account *out, bool *found)
{
    if (bytes_find(login, '@', 0) != SIZE_MAX)
        return account_by_email(db, arena, login, out, found);
    return account_by_name(db, arena, login, out, found);
}

enum err account_add(struct store_db *db, const struct account *account)
{
    sqlite3_stmt *s = store_statement(db, SQL_ACCOUNT_ADD);
    store_bind_uuid(s, 1, &account->id);
    store_bind_text(s, 2, account->username);
    store_bind_text(s, 3, account->email);
    store_bind_int(s, 4, account->state);
    store_bind_int(s, 5, account->created_unix_ms);
    store_bind_bytes(s, 6, bytes_of(account->authenticator, sizeof account->authenticator));
    store_bind_bytes(s, 7, bytes_of(account->kdf.salt, sizeof account->kdf.salt));
    store_bind_int(s, 8, account->kdf.memory_kib);
    store_bind_int(s, 9, account->kdf.passes);
    store_bind_int(s, 10, account->kdf.lanes);
    store_bind_bytes(s, 11, account->ring_by_password);
    return store_run(db, s);
}

enum err account_set_password(struct store_db *db, const struct account *account)
{
    sqlite3_stmt *s = store_statement(db, SQL_ACCOUNT_SET_PASSWORD);
    store_bind_uuid(s, 1, &account->id);
    store_bind_bytes(s, 2, bytes_of(account->authenticator, sizeof account->authenticator));
    store_bind_bytes(s, 3, bytes_of(account->kdf.salt, sizeof account->kdf.salt));
    store_bind_int(s, 4, account->kdf.memory_kib);
    store_bind_int(s, 5, account->kdf.passes);
    store_bind_int(s, 6, account->kdf.lanes);
    store_bind_bytes(s, 7, account->ring_by_password);
    return store_run(db, s);
}

enum err account_set_recovery(struct store_db *db, const struct uuid *id,
                              struct bytes ring_by_recovery)
{
    sqlite3_stmt *s = store_statement(db, SQL_ACCOUNT_SET_RECOVERY);
    store_bind_uuid(s, 1, id);
    if (ring_by_recovery.n > 0)
        store_bind_bytes(s, 2, ring_by_recovery);
    return store_run(db, s);
}

enum err account_set_totp(struct store_db *db, const struct account *account)
{
    sqlite3_stmt *s = store_statement(db, SQL_ACCOUNT_SET_TOTP);
    store_bind_uuid(s, 1, &account->id);
    if (account->totp.n > 0)
        store_bind_bytes(s, 2, account->totp);
    store_bind_int(s, 3, account->totp_on);
    store_bind_int(s, 4, account->totp_step);
    return store_run(db, s);
}
