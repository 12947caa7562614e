/* Invitations in the Users table: item userId = "invite#<id>" with createdAt and expiresAt (ms),
 * usedBy once it is used, and ttl. */
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

/* Calls visit for every invitation that is still good, in no order. Reads the whole table: for an
 * operator's command now and then, whose credentials allow Scan. */
enum err cognito_invites_walk(struct aws_client *client, struct ctx *ctx,
                              void (*visit)(const struct invite *invite, void *arg),
                              void *arg) MUST_CHECK;

/* Ends the invitation with that id. ERR_NOT_FOUND when none that is good has it. */
enum err cognito_invites_revoke(struct aws_client *client, struct ctx *ctx,
                                struct bytes id) MUST_CHECK;

#endif
