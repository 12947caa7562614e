#include "embedded/identity_calls.h"
#include "embedded/throttle_rows.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define CODES_KEEP_MS DAY_MS
#define UNCONFIRMED_KEEP_MS (7 * DAY_MS)

static enum err delete_before(struct store_db *db, enum sql_id id, int64_t unix_ms)
{
    sqlite3_stmt *s = store_statement(db, id);
    store_bind_int(s, 1, unix_ms);
    return store_run(db, s);
}

static enum err sweep(struct store_db *db, void *arg)
{
    const struct ctx *ctx = arg;
    enum err e = delete_before(db, SQL_SESSIONS_EXPIRED, ctx->now_unix_ms);
    if (e == ERR_OK)
        e = delete_before(db, SQL_INVITES_EXPIRED, ctx->now_unix_ms);
    /* Expired codes are kept for a day, so that "expired" is told from "wrong". */
    if (e == ERR_OK)
        e = delete_before(db, SQL_CODES_EXPIRED, ctx->now_unix_ms - CODES_KEEP_MS);
    if (e == ERR_OK)
        e = delete_before(db, SQL_ACCOUNTS_UNCONFIRMED, ctx->now_unix_ms - UNCONFIRMED_KEEP_MS);
    if (e == ERR_OK)
        e = throttle_rows_sweep(db, ctx->now_unix_ms);
    return e == ERR_OK ? store_run(db, store_statement(db, SQL_KEYS_ORPHANED)) : e;
}

void identity_service_sweep(struct identity_service *service, struct ctx *ctx)
{
    /* Failures are logged where they happen; the next sweep tries again. */
    enum err e = issuer_rotate(service->issuer, ctx);
    if (e == ERR_OK)
        e = store_write(service->store, ctx, sweep, ctx);
    (void)e;
}
