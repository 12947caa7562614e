/* How sessions and the own account look in JSON; the list of sessions and the export share it. */
#ifndef LETTERLOCK_API_SESSION_VIEW_H
#define LETTERLOCK_API_SESSION_VIEW_H

#include "base/json.h"
#include "core/accounts.h"

/* Gives a new array of the actor's sessions. */
enum err session_view_list(struct core *core, struct ctx *ctx, json_t **out) MUST_CHECK;

/* Gives a new object of the actor's profile (schema Me). */
enum err session_view_me(struct core *core, struct ctx *ctx, json_t **out) MUST_CHECK;

#endif
