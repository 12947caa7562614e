/* The schema's versions (PRAGMA user_version) and the way from each to the next. */
#ifndef LETTERLOCK_EMBEDDED_MIGRATE_H
#define LETTERLOCK_EMBEDDED_MIGRATE_H

#include "embedded/store.h"

/* The version this program works with. */
#define MIGRATE_VERSION 3

/* Brings the database of an open connection to MIGRATE_VERSION, in one transaction. Before an
 * upgrade of an older database a copy is kept as "<path>.before-v<version>". ERR_UNAVAILABLE when
 * the database is newer than the program or a step fails; ctx->detail says which. */
enum err migrate_run(struct ctx *ctx, struct store_db *db, const char *path) MUST_CHECK;

/* ERR_OK when the database has exactly MIGRATE_VERSION. */
enum err migrate_check(struct ctx *ctx, struct store_db *db) MUST_CHECK;

/* As migrate_run, for a list of steps of the caller's: step i leads from version i to i + 1. For
 * tests of the machinery itself. */
enum err migrate_steps(struct ctx *ctx, struct store_db *db, const char *path,
                       const char *const *steps, int count) MUST_CHECK;

#endif
