/* The count of unread letters, and telling open streams that it changed. */
#ifndef LETTERLOCK_CORE_UNREAD_H
#define LETTERLOCK_CORE_UNREAD_H

#include "core/core.h"

/* The actor's unread letters, by sender. */
enum err unread_get(struct core *core, struct ctx *ctx, struct unread_summary *out) MUST_CHECK;

/* Tells the user's open streams that the count may have changed. Where records never block, the
 * streams ask for the count when they write it, so that many changes cost one query; elsewhere it
 * is asked for here. Failing to is logged by the port and leaves the streams as they are. */
void unread_announce(struct core *core, struct ctx *ctx, const struct uuid *user_id);

#endif
