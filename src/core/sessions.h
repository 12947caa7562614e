/* Sessions: signing in and out, and who a token belongs to. */
#ifndef LETTERLOCK_CORE_SESSIONS_H
#define LETTERLOCK_CORE_SESSIONS_H

#include "core/core.h"

#define SESSIONS_CACHE_MAX 16384u

/* How long a token that this process did not revoke itself may be believed after its session was
 * ended elsewhere (another node, the command line). */
#define SESSIONS_CACHE_MS 15000

/* Who a token belongs to, as far as the cache knows: *known false is no answer. Never waits; about
 * one SHA-256 of the token. token lives as long as out is used. ERR_ID_TOKEN_REQUIRED when the
 * token is known and has less power than wanted. out is for actor_fini. */
enum err sessions_recall(struct core *core, struct ctx *ctx, struct bytes token,
                         enum actor_power wanted, struct actor *out, bool *known) MUST_CHECK;

/* The same with certainty: verifies the token and asks the identity port whether its session
 * lives. May wait. ERR_UNAUTHENTICATED, ERR_TOKEN_EXPIRED, ERR_ID_TOKEN_REQUIRED. */
enum err sessions_authenticate(struct core *core, struct ctx *ctx, struct bytes token,
                               enum actor_power wanted, struct actor *out) MUST_CHECK;

/* Opens a session, and tries to provision the user when that was not completed at confirmation.
 * client is what the client calls itself. Errors of identity.sign_in. */
enum err sessions_sign_in(struct core *core, struct ctx *ctx, struct bytes login,
                          const struct identity_credential *credential, struct bytes client,
                          struct identity_grant *out) MUST_CHECK;

/* Trades a refresh token for new tokens. Errors of identity.refresh; with ERR_REFRESH_REUSED the
 * session's tokens are refused from now on. */
enum err sessions_refresh(struct core *core, struct ctx *ctx, struct bytes refresh_token,
                          struct identity_grant *out) MUST_CHECK;

/* Ends one session of the actor's (ERR_NOT_FOUND for another's), or all but the actor's present
 * one. Their tokens are refused from now on. */
enum err sessions_end(struct core *core, struct ctx *ctx, const struct uuid *id) MUST_CHECK;
enum err sessions_end_others(struct core *core, struct ctx *ctx) MUST_CHECK;

/* Forgets the cached tokens of one session; of a user, but for those of the session kept (NULL:
 * none is kept), and ends the user's event streams, whose clients connect again if they still
 * may. */
void sessions_forget(struct core *core, const struct uuid *session_id);
void sessions_forget_user(struct core *core, const struct uuid *user_id, const struct uuid *kept);

#endif
