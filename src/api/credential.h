/* The members of a request that prove who its sender is: password, authentication_secret, totp. */
#ifndef LETTERLOCK_API_CREDENTIAL_H
#define LETTERLOCK_API_CREDENTIAL_H

#include "api/fields.h"
#include "ports/identity.h"

/* Reads `password` or `authentication_secret` (exactly one) and, optionally, `totp`. Failures are
 * sticky in fields; what is read lives until fields_close, the secret as long as the call. */
struct identity_credential credential_read(struct api_call *call, struct fields *fields);

/* Reads a password by that name, which alone will do, and, optionally, `totp`. */
struct identity_credential credential_read_password(struct fields *fields, const char *name);

#endif
