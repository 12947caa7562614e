/* The identity tables of the embedded backend: schema and statements. */
#ifndef LETTERLOCK_EMBEDDED_SQL_IDENTITY_H
#define LETTERLOCK_EMBEDDED_SQL_IDENTITY_H

/* Version 1 of the schema, run once by migrate.c. */
#define SCHEMA_IDENTITY ""

#define SQL_IDENTITY(X)

#endif
