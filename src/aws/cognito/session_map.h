/* The live sessions of each user, in the Users table: Cognito can neither list sessions nor end a
 * single one. A session lives while it is here.
 *
 * Item userId = "sessions#<user id>": an attribute "s#<session id>" for each session, a map of
 * createdAt, lastUsedAt, expiresAt (ms) and client; endedAt (ms): what began before it was ended by
 * force, so a sign-in that was under way meanwhile is not let in; ttl (s).
 * Item userId = "refresh#<base64url SHA-256 of a used-up refresh token>": ownerId, sessionId, ttl;
 * only with rotation of refresh tokens. Tells whose session a token that was used twice belongs to.
 *
 * What ends here alone (one session, or all but one) is refused by this server at once, but its
 * refresh token stays good at Cognito itself until it is presented here: the server keeps no tokens
 * by which it could revoke them. Ending all is told to Cognito.
 *
 * Attributes, and not one map that holds them all: each is made and removed by itself without one
 * write undoing another's. */
#ifndef LETTERLOCK_AWS_SESSION_MAP_H
#define LETTERLOCK_AWS_SESSION_MAP_H

#include "aws/client/aws_client.h"
#include "ports/identity.h"

/* Sessions a user may have; the one unused longest makes room. */
#define SESSION_MAP_MAX 32u

/* Adds a session. Expired ones go. ERR_UNAUTHENTICATED when all sessions that began by then were
 * ended meanwhile. */
enum err session_map_add(struct aws_client *client, struct ctx *ctx, const struct uuid *user_id,
                         const struct identity_session *session) MUST_CHECK;

/* Notes that a session was used now; gives the end of its life. ERR_UNAUTHENTICATED when it is
 * over. */
enum err session_map_touch(struct aws_client *client, struct ctx *ctx, const struct uuid *user_id,
                           const struct uuid *session_id, int64_t *expires_unix_ms) MUST_CHECK;

/* ERR_OK while the session lives, else ERR_UNAUTHENTICATED. */
enum err session_map_check(struct aws_client *client, struct ctx *ctx, const struct uuid *user_id,
                           const struct uuid *session_id) MUST_CHECK;

/* The user's live sessions, newest first, in the arena. */
enum err session_map_list(struct aws_client *client, struct ctx *ctx, const struct uuid *user_id,
                          struct identity_session **out, size_t *count) MUST_CHECK;

/* Ends a session; ERR_NOT_FOUND when there is no such one. */
enum err session_map_end(struct aws_client *client, struct ctx *ctx, const struct uuid *user_id,
                         const struct uuid *session_id) MUST_CHECK;

/* Ends all sessions that began by now, but the one kept (NULL: none is). */
enum err session_map_end_all(struct aws_client *client, struct ctx *ctx, const struct uuid *user_id,
                             const struct uuid *kept) MUST_CHECK;

/* Notes that a refresh token of the session was replaced by another. */
enum err session_map_rotated(struct aws_client *client, struct ctx *ctx, struct bytes refresh_token,
                             const struct uuid *user_id, const struct uuid *session_id) MUST_CHECK;

/* Ends the session of a refresh token that was replaced before; nothing when it is not known. */
enum err session_map_end_reused(struct aws_client *client, struct ctx *ctx,
                                struct bytes refresh_token) MUST_CHECK;

#endif
