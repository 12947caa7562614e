/* What operators do to accounts. The credentials of the process need rights that the server's role
 * lacks: AdminDisableUser, AdminEnableUser and AdminSetUserMFAPreference. */
#ifndef LETTERLOCK_AWS_COGNITO_ADMIN_H
#define LETTERLOCK_AWS_COGNITO_ADMIN_H

#include "aws/cognito/cognito_identity.h"

/* Disables an account, which ends its sessions at once, or enables it again. ERR_NOT_FOUND;
 * ERR_UNCONFIRMED for one whose address was not confirmed. *id: whose account it is, for its record
 * in the directory. (Invitations: cognito_invites.h.) */
enum err cognito_admin_set_disabled(struct cognito_identity *identity, struct ctx *ctx,
                                    struct bytes username, bool disabled,
                                    struct uuid *id) MUST_CHECK;

/* Turns off the second factor of a person who lost it. Takes AdminSetUserMFAPreference.
 * ERR_NOT_FOUND. */
enum err cognito_admin_totp_off(struct cognito_identity *identity, struct ctx *ctx,
                                struct bytes username) MUST_CHECK;

#endif
