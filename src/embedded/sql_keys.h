/* The keys tables of the embedded backend: schema and statements. */
#ifndef LETTERLOCK_EMBEDDED_SQL_KEYS_H
#define LETTERLOCK_EMBEDDED_SQL_KEYS_H

/* Version 1 of the schema, run once by migrate.c. */
#define SCHEMA_KEYS ""

#define SQL_KEYS(X)

#endif
