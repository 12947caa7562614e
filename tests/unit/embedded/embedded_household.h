/* The embedded backend's identity and keys as a household: a directory of its own, SQLite, mail
 * that goes to the outbox. Passwords are stretched as little as Argon2id allows. */
#ifndef LETTERLOCK_TESTS_EMBEDDED_HOUSEHOLD_H
#define LETTERLOCK_TESTS_EMBEDDED_HOUSEHOLD_H

#include "embedded/identity_service.h"
#include "household.h"

/* Its maker, for household_use. */
extern const struct household_maker embedded_household_maker;

/* The path of its database, and the content of a file (empty when there is none), in the arena. */
const char *embedded_household_path(void *made);
struct bytes embedded_household_read(struct arena *arena, const char *path);

/* The database, for what operators do. */
struct store *embedded_household_store(void *made);

/* Runs SQL on the database as another process would. */
void embedded_household_sql(void *made, const char *sql);

/* The costs of new passwords from the next restart on. */
void embedded_household_set_costs(void *made, uint32_t memory_kib, uint32_t passes);

#endif
