/* A session's power to open: the ring key sealed under the session's custody secret. The server
 * keeps the sealed copy, the session's tokens carry the secret. */
#ifndef LETTERLOCK_EMBEDDED_SESSION_RING_H
#define LETTERLOCK_EMBEDDED_SESSION_RING_H

#include "embedded/store.h"
#include "ports/actor.h"

/* Seals the user's ring key under custody; the result lives in the arena. */
struct bytes session_ring_seal(struct arena *arena, const struct uuid *user_id,
                               const struct secret *custody, const struct secret *ring_key);

/* Inside a read or task: the ring key of the actor's session, unsealed with the custody secret of
 * its ID token. ERR_ID_TOKEN_REQUIRED when the token carries none, ERR_UNAUTHENTICATED when the
 * session has ended. ring_key is for secret_fini. */
enum err session_ring_open(struct store_db *db, const struct actor *actor, int64_t now_unix_ms,
                           struct secret *ring_key) MUST_CHECK;

#endif
