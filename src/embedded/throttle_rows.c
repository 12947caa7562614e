#include "embedded/throttle_rows.h"

static enum err read_count(struct store_db *db, const struct throttle *throttle,
                           int64_t now_unix_ms, struct throttle_count *out)
{
    *out = (struct throttle_count){0};
    sqlite3_stmt *s = store_statement(db, SQL_THROTTLE_GET);
    store_bind_bytes(s, 1, bytes_of(throttle->key, sizeof throttle->key));
    bool row;
    enum err e = store_step(db, s, &row);
    if (e != ERR_OK || !row)
        return e;
    *out = (struct throttle_count){.failures = store_column_int(s, 0),
                                   .since_unix_ms = store_column_int(s, 1),
                                   .until_unix_ms = store_column_int(s, 2)};
    (void)sqlite3_reset(s);
    throttle_age(out, now_unix_ms);
    return ERR_OK;
}

enum err throttle_rows_check(struct store_db *db, const struct throttle *throttle,
                             int64_t now_unix_ms, int64_t *wait_s)
{
    struct throttle_count count;
    enum err e = read_count(db, throttle, now_unix_ms, &count);
    int64_t barred_s = e == ERR_OK ? throttle_wait_s(&count, now_unix_ms) : 0;
    if (barred_s == 0)
        return e;
    *wait_s = barred_s;
    return ERR_RATE_LIMITED;
}

enum err throttle_rows_count(struct store_db *db, const struct throttle *throttle,
                             int64_t now_unix_ms)
{
    struct throttle_count count;
    enum err e = read_count(db, throttle, now_unix_ms, &count);
    if (e != ERR_OK)
        return e;
    throttle_add(throttle, &count, now_unix_ms);
    sqlite3_stmt *s = store_statement(db, SQL_THROTTLE_PUT);
    store_bind_bytes(s, 1, bytes_of(throttle->key, sizeof throttle->key));
    store_bind_int(s, 2, count.failures);
    store_bind_int(s, 3, count.since_unix_ms);
    store_bind_int(s, 4, count.until_unix_ms);
    return store_run(db, s);
}

enum err throttle_rows_clear(struct store_db *db, const struct throttle *throttle)
{
    sqlite3_stmt *s = store_statement(db, SQL_THROTTLE_DROP);
    store_bind_bytes(s, 1, bytes_of(throttle->key, sizeof throttle->key));
    return store_run(db, s);
}

enum err throttle_rows_sweep(struct store_db *db, int64_t now_unix_ms)
{
    sqlite3_stmt *s = store_statement(db, SQL_THROTTLES_OLD);
    store_bind_int(s, 1, now_unix_ms - THROTTLE_FORGET_MS);
    store_bind_int(s, 2, now_unix_ms);
    store_bind_int(s, 3, now_unix_ms + THROTTLE_FORGET_MS);
    return store_run(db, s);
}
