/* The identity port on an Amazon Cognito user pool: usernames of people's own, the e-mail address
 * as an alias once it is confirmed, a public app client with USER_PASSWORD_AUTH, revocation of
 * tokens and PreventUserExistenceErrors. A user's id is the token's sub, a session's its
 * origin_jti; the sessions are listed in the Users table (session_map.h).
 *
 * Where it differs from the embedded issuer:
 *  - Passwords open no keys: no recovery keys, no derivation by clients, nothing lost by a reset.
 *  - Codes, their tries and their mails are Cognito's. A confirmation whose answer got lost may be
 *    repeated for an hour, by an item "confirmed#<user id>" with the code's digest.
 *  - A taken address is found out at confirmation, and answered like a wrong code. Its owner gets
 *    the code's mail instead of a word about it.
 *  - Refresh tokens rotate if the app client says so; a session then still ends at a fixed time
 *    after its sign-in.
 *  - Guesses are counted in memory (cognito_throttles.h), besides Cognito's own lock.
 *  - Invitations are items of the Users table (cognito_invites.h).
 *
 * Rights that the server's role needs: AdminGetUser, AdminUserGlobalSignOut and AdminDeleteUser (of
 * accounts that nobody confirmed for a day) on the pool; GetItem, PutItem and UpdateItem on Users.
 * Changing and erasing take the user's own access token, from signing in once more. */
#ifndef LETTERLOCK_AWS_COGNITO_IDENTITY_H
#define LETTERLOCK_AWS_COGNITO_IDENTITY_H

#include "aws/client/aws_client.h"
#include "ports/identity.h"

struct cognito_identity;

/* client outlives it. */
struct cognito_identity *cognito_identity_create(struct aws_client *client)
    __attribute__((returns_nonnull));
struct identity cognito_identity_port(struct cognito_identity *identity);
void cognito_identity_destroy(struct cognito_identity *identity); /* NULL is legal */

#endif
