/* Finding the user a letter is for. */
#ifndef LETTERLOCK_CORE_RECIPIENTS_H
#define LETTERLOCK_CORE_RECIPIENTS_H

#include "core/core.h"

/* The record of the ready user whose id or username (either case) is given. ERR_UNKNOWN_RECIPIENT
 * when there is none, or it is not ready yet or any more. Usernames are never UUIDs: they are
 * shorter. */
enum err recipients_find(struct core *core, struct ctx *ctx, struct bytes name_or_id,
                         struct user_record *out) MUST_CHECK;

/* The user's id alone, also of users that are not ready. An id is taken at its word.
 * ERR_UNKNOWN_RECIPIENT when no user has that name. */
enum err recipients_find_id(struct core *core, struct ctx *ctx, struct bytes name_or_id,
                            struct uuid *out) MUST_CHECK;

#endif
