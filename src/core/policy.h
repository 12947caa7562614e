/* What a new account may be called, and who may have one. Pure rules; passwords have their own
 * file. */
#ifndef LETTERLOCK_CORE_POLICY_H
#define LETTERLOCK_CORE_POLICY_H

#include "base/ctx.h"
#include "ports/actor.h"

/* Checks a username and writes it in lower case, NUL-terminated: 3 to 32 of a-z 0-9 . _ -, a letter
 * first, no '.', '_' or '-' last, and none of the names that a reader could take for the service
 * itself. ERR_INVALID_USERNAME. */
enum err policy_username(struct ctx *ctx, struct bytes in,
                         char out[USERNAME_MAX_BYTES + 1]) MUST_CHECK;

/* Checks an e-mail address and writes it in lower case: the dot-string form of RFC 5321 section
 * 4.1.2 with a domain of at least two labels, in ASCII. ERR_INVALID_EMAIL. */
enum err policy_email(struct bytes in, char out[EMAIL_MAX_BYTES + 1]) MUST_CHECK;

/* True when the domain of a valid address is one of domains (comma-separated, "" for all). */
bool policy_domain_allowed(const char *domains, const char *email);

#endif
