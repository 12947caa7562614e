/* The records tables of the embedded backend: schema and statements. */
#ifndef LETTERLOCK_EMBEDDED_SQL_RECORDS_H
#define LETTERLOCK_EMBEDDED_SQL_RECORDS_H

/* Version 1 of the schema, run once by migrate.c. */
#define SCHEMA_RECORDS ""

#define SQL_RECORDS(X)

#endif
