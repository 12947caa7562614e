/* Post-confirmation: what makes a confirmed account a user who can get letters. The same code
 * whether it runs in process or by Cognito's trigger (architecture 1). */
#ifndef LETTERLOCK_CORE_PROVISION_H
#define LETTERLOCK_CORE_PROVISION_H

#include "core/core.h"

struct provision_account {
    struct uuid id;
    const char *username;
    const char *email;
    int64_t created_unix_ms;
    bool disabled; /* stays so */
};

/* Makes the user's key, the user's topic, and the user's record, which comes last: so a crash at
 * any step leaves nothing that a repetition does not complete. Idempotent; it also brings the
 * record's key reference up to date. */
enum err provision_user(struct core *core, struct ctx *ctx,
                        const struct provision_account *account) MUST_CHECK;

/* Provisions a confirmed user by id, asking the identity port for the account; again when the
 * user's present key became another one. */
enum err provision_by_id(struct core *core, struct ctx *ctx, const struct uuid *id) MUST_CHECK;

/* Provisions the user unless the user's record is complete. */
enum err provision_complete(struct core *core, struct ctx *ctx, const struct uuid *id) MUST_CHECK;

#endif
