#include "embedded/migrate.h"

#include "base/log.h"
#include "embedded/store_db.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* Step i leads from version i to version i + 1. Steps that were released never change. */
static const char *const released_steps[MIGRATE_VERSION] = {SCHEMA_V1, SCHEMA_V2, SCHEMA_V3};

static enum err read_version(struct ctx *ctx, struct store_db *db, int64_t *version)
{
    if (store_db_exec_int(db, "PRAGMA user_version", version) != ERR_OK)
        return ctx_fail(ctx, ERR_UNAVAILABLE, "the database cannot be read");
    return ERR_OK;
}

static enum err refuse_newer(struct ctx *ctx, int64_t version, int known)
{
    return ctx_fail(ctx, ERR_UNAVAILABLE,
                    "the database has version %lld, this program knows %d: use a newer program",
                    (long long)version, known);
}

/* Writes a whole, checked copy to a temporary name first, so that a copy of the final name is a
 * good one; a second try after a failed upgrade replaces it. */
static enum err keep_copy(struct ctx *ctx, struct store_db *db, const char *path, int64_t version)
{
    char *name = arena_printf(ctx->arena, "%s.before-v%lld", path, (long long)version + 1);
    char *unfinished = arena_printf(ctx->arena, "%s.part", name);
    if (unlink(unfinished) != 0 && errno != ENOENT)
        return ctx_fail(ctx, ERR_UNAVAILABLE, "the copy before the upgrade cannot be replaced");
    if (store_db_copy(db, unfinished) != ERR_OK || rename(unfinished, name) != 0)
        return ctx_fail(ctx, ERR_UNAVAILABLE, "the copy before the upgrade cannot be written");
    log_info("database_copied", "before_version=%lld", (long long)version + 1);
    return ERR_OK;
}

static enum err apply(struct ctx *ctx, struct store_db *db, const char *const *steps, int64_t from,
                      int count)
{
    enum err e = store_db_run(db, SQL_STORE_BEGIN_WRITE);
    for (int64_t i = from; e == ERR_OK && i < count; i++)
        e = store_db_exec(db, steps[i]);
    if (e == ERR_OK) {
        char set_version[48];
        (void)snprintf(set_version, sizeof set_version, "PRAGMA user_version=%d", count);
        e = store_db_exec(db, set_version);
    }
    if (e == ERR_OK)
        e = store_db_run(db, SQL_STORE_COMMIT);
    if (e == ERR_OK)
        return ERR_OK;
    store_db_rollback(db);
    return ctx_fail(ctx, ERR_UNAVAILABLE, "the database cannot be brought to version %d", count);
}

enum err migrate_steps(struct ctx *ctx, struct store_db *db, const char *path,
                       const char *const *steps, int count)
{
    int64_t version = 0;
    enum err e = read_version(ctx, db, &version);
    if (e != ERR_OK || version == count)
        return e;
    if (version < 0 || version > count)
        return refuse_newer(ctx, version, count);
    if (version > 0)
        e = keep_copy(ctx, db, path, version);
    if (e == ERR_OK)
        e = apply(ctx, db, steps, version, count);
    if (e == ERR_OK)
        log_info("database_migrated", "from=%lld to=%d", (long long)version, count);
    return e;
}

enum err migrate_run(struct ctx *ctx, struct store_db *db, const char *path)
{
    return migrate_steps(ctx, db, path, released_steps, MIGRATE_VERSION);
}

enum err migrate_check(struct ctx *ctx, struct store_db *db)
{
    int64_t version = 0;
    enum err e = read_version(ctx, db, &version);
    if (e != ERR_OK || version == MIGRATE_VERSION)
        return e;
    if (version > MIGRATE_VERSION)
        return refuse_newer(ctx, version, MIGRATE_VERSION);
    return ctx_fail(ctx, ERR_UNAVAILABLE,
                    "the database has version %lld: start this program's server once to upgrade it",
                    (long long)version);
}
