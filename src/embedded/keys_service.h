/* The keys port on P-256 key rings: raw-ECDH keyrings (message format, sections 5 and 5.1).
 *
 * What is kept in memory, and why. Points of users' keys, which are public. Shared secrets Z of
 * pairs, so that a second letter between two people costs no elliptic-curve operation: each is
 * found only with the custody secret of the session it came from, is cleansed when it leaves, goes
 * with its session, and stays at most KEYS_SECRET_LIFETIME_MS, for sessions that end unnoticed.
 * Private keys are unsealed, used and cleansed; none is kept. */
#ifndef LETTERLOCK_EMBEDDED_KEYS_SERVICE_H
#define LETTERLOCK_EMBEDDED_KEYS_SERVICE_H

#include "embedded/store.h"
#include "ports/keys.h"

#define KEYS_SECRET_LIFETIME_MS (INT64_C(10) * 60 * 1000)
#define KEYS_SECRETS_MAX 65536u
#define KEYS_USERS_MAX 16384u
/* Rotating stops there; a key a week reaches it in ten years. */
#define KEYS_PER_USER_MAX 512u

struct keys_service;

/* store outlives the service. */
struct keys_service *keys_service_create(struct store *store) __attribute__((returns_nonnull));
void keys_service_destroy(struct keys_service *service);

/* The port, valid as long as the service. */
struct keys keys_service_port(struct keys_service *service);

/* Forgets what a session that has ended left in memory. */
void keys_service_end_session(struct keys_service *service, const struct uuid *session_id);

/* Forgets what is cached of a user whose keys another adapter changed, or all whose sessions ended.
 */
void keys_service_forget(struct keys_service *service, const struct uuid *user_id);

#endif
