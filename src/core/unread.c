#include "core/unread.h"

#include "core/events.h"

enum err unread_get(struct core *core, struct ctx *ctx, struct unread_summary *out)
{
    const struct records *records = &core->ports->records;
    return records->unread(records->self, ctx, out);
}

void unread_announce(struct core *core, struct ctx *ctx, const struct uuid *user_id)
{
    if (!events_heard(core->events, user_id))
        return;
    if (core->ports->records.nonblocking) {
        events_publish_unread(core->events, user_id, NULL);
        return;
    }
    struct actor user = {.user_id = *user_id, .power = ACTOR_ACCESS};
    struct ctx as_user = *ctx;
    as_user.actor = &user;
    struct unread_summary summary;
    if (unread_get(core, &as_user, &summary) == ERR_OK)
        events_publish_unread(core->events, user_id, &summary.count);
}
