/* Every SQL statement of the embedded backend, by room of use. They are literals, prepared on a
 * connection when it first needs them; nothing else is ever sent to SQLite but the schema and the
 * settings of a connection. */
#ifndef LETTERLOCK_EMBEDDED_SQL_H
#define LETTERLOCK_EMBEDDED_SQL_H

#include "embedded/sql_check.h"
#include "embedded/sql_identity.h"
#include "embedded/sql_keys.h"
#include "embedded/sql_mail.h"
#include "embedded/sql_records.h"
#include "embedded/sql_uploads.h"

/* What the store itself runs. */
#define SQL_STORE(X)                                                                               \
    X(STORE_BEGIN_READ, "BEGIN")                                                                   \
    X(STORE_BEGIN_WRITE, "BEGIN IMMEDIATE")                                                        \
    X(STORE_COMMIT, "COMMIT")                                                                      \
    X(STORE_ROLLBACK, "ROLLBACK")                                                                  \
    X(STORE_SAVE, "SAVEPOINT task")                                                                \
    X(STORE_SAVE_UNDO, "ROLLBACK TO task")                                                         \
    X(STORE_SAVE_RELEASE, "RELEASE task")                                                          \
    X(STORE_DATA_VERSION, "PRAGMA data_version")

/* X(ID, "statement") */
#define SQL_TABLE(X)                                                                               \
    SQL_STORE(X) SQL_RECORDS(X) SQL_CHECK(X) SQL_IDENTITY(X) SQL_KEYS(X) SQL_MAIL(X) SQL_UPLOADS(X)

enum sql_id {
#define SQL_ENUM(id, text) SQL_##id,
    SQL_TABLE(SQL_ENUM)
#undef SQL_ENUM
        SQL_COUNT
};

/* The schema's versions, run once each by migrate.c. */
#define SCHEMA_V1 SCHEMA_RECORDS SCHEMA_IDENTITY SCHEMA_KEYS SCHEMA_MAIL
#define SCHEMA_V2 SCHEMA_TOTP
#define SCHEMA_V3 SCHEMA_UPLOADS

#endif
