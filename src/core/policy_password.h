/* What a new password must be. A pure rule. */
#ifndef LETTERLOCK_CORE_POLICY_PASSWORD_H
#define LETTERLOCK_CORE_POLICY_PASSWORD_H

#include "base/ctx.h"

#define POLICY_PASSWORD_MIN_CHARS 10u
#define POLICY_PASSWORD_MAX_CHARS 256u
#define POLICY_PASSWORD_MAX_BYTES ((size_t)4 * POLICY_PASSWORD_MAX_CHARS)

/* Checks a new password: 10 to 256 characters of UTF-8, not like the username or the e-mail address
 * (each may be empty), not a common one, not a simple pattern (after NIST SP 800-63B section
 * 5.1.1.2). ERR_WEAK_PASSWORD with the reason as detail. */
enum err policy_password(struct ctx *ctx, struct bytes password, struct bytes username,
                         struct bytes email) MUST_CHECK;

#endif
