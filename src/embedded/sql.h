/* Every SQL statement of the embedded backend, by room of use. They are literals, prepared when a
 * connection opens; nothing else is ever sent to SQLite but the schema. */
#ifndef LETTERLOCK_EMBEDDED_SQL_H
#define LETTERLOCK_EMBEDDED_SQL_H

#include "embedded/sql_identity.h"
#include "embedded/sql_keys.h"
#include "embedded/sql_mail.h"
#include "embedded/sql_records.h"

/* X(ID, "statement") */
#define SQL_TABLE(X) SQL_RECORDS(X) SQL_IDENTITY(X) SQL_KEYS(X) SQL_MAIL(X)

enum sql_id {
#define SQL_ENUM(id, text) SQL_##id,
    SQL_TABLE(SQL_ENUM)
#undef SQL_ENUM
        SQL_COUNT
};

#endif
