/* Invitations in the Users table: item userId = "invite#<base64url of its digest>" with expiresAt
 * (ms), usedBy once it is used, and ttl. */
#ifndef LETTERLOCK_AWS_COGNITO_INVITES_H
#define LETTERLOCK_AWS_COGNITO_INVITES_H

#include "aws/client/aws_client.h"
#include "base/uuid.h"
#include "ports/invite.h"

/* Makes an invitation and writes it, NUL-terminated, to out. */
enum err cognito_invites_create(struct aws_client *client, struct ctx *ctx,
                                char out[INVITE_TEXT_BYTES]) MUST_CHECK;

/* Uses the invitation, as a person typed it, for a sign-up of that mark, which may ask again.
 * ERR_INVITE_REQUIRED unless it is good now. */
enum err cognito_invites_use(struct aws_client *client, struct ctx *ctx, struct bytes typed,
                             const struct uuid *mark) MUST_CHECK;

/* The sign-up of that mark failed: the invitation is good again. A failure is only logged. */
void cognito_invites_give_back(struct aws_client *client, struct ctx *ctx, struct bytes typed,
                               const struct uuid *mark);

#endif
