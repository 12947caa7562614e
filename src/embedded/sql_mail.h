/* The mail tables of the embedded backend: schema and statements. */
#ifndef LETTERLOCK_EMBEDDED_SQL_MAIL_H
#define LETTERLOCK_EMBEDDED_SQL_MAIL_H

/* Version 1 of the schema, run once by migrate.c. */
#define SCHEMA_MAIL ""

#define SQL_MAIL(X)

#endif
