#include "core/letters.h"

#include "base/clock.h"
#include "base/log.h"
#include "core/events.h"
#include "core/letter_sink.h"
#include "core/recipients.h"
#include "core/sweep.h"
#include "core/unread.h"
#include "core/uploads.h"

#define ORPHAN_SWEEP_INTERVAL_MS (60 * 60 * 1000)

enum err letters_list(struct core *core, struct ctx *ctx, const struct letters_filter *filter,
                      struct message_page *out)
{
    struct uuid with;
    struct message_query query = {
        .box = filter->box,
        .unread_only = filter->unread_only,
        .limit = filter->limit,
        .cursor = filter->cursor,
    };
    if (filter->with.n > 0) {
        enum err e = recipients_find_id(core, ctx, filter->with, &with);
        if (e == ERR_UNKNOWN_RECIPIENT)
            return ctx_fail(ctx, ERR_INVALID_FIELD, "with: there is no such user.");
        if (e != ERR_OK)
            return e;
        query.with = &with;
    }
    const struct records *records = &core->ports->records;
    return records->messages_list(records->self, ctx, &query, out);
}

enum err letters_get(struct core *core, struct ctx *ctx, const struct uuid *id,
                     struct message_record *out)
{
    const struct records *records = &core->ports->records;
    return records->message_get(records->self, ctx, id, false, out);
}

enum err letters_since(struct core *core, struct ctx *ctx, int64_t since_unix_ms,
                       struct message_page *out)
{
    const struct records *records = &core->ports->records;
    return records->messages_since(records->self, ctx, since_unix_ms, RECORDS_PAGE_MAX, out);
}

enum err letters_mark_read(struct core *core, struct ctx *ctx, const struct uuid *id)
{
    const struct records *records = &core->ports->records;
    struct message_record letter;
    bool changed = false;
    enum err e = records->message_mark_read(records->self, ctx, id, &letter, &changed);
    if (e != ERR_OK || !changed)
        return e;
    events_publish_read(core->events, &letter.recipient_id, &letter);
    if (!uuid_equal(&letter.sender_id, &letter.recipient_id))
        events_publish_read(core->events, &letter.sender_id, &letter);
    unread_announce(core, ctx, &letter.recipient_id);
    return ERR_OK;
}

enum err letters_delete(struct core *core, struct ctx *ctx, const struct uuid *id)
{
    const struct records *records = &core->ports->records;
    struct message_record letter;
    enum err e = records->message_delete(records->self, ctx, id, &letter);
    if (e != ERR_OK)
        return e;
    if (!letter.inline_frames)
        letter_sink_remove_object(core, ctx, id);
    unread_announce(core, ctx, &letter.recipient_id);
    unread_announce(core, ctx, &letter.sender_id);
    return ERR_OK;
}

enum err letters_lost_before(struct core *core, struct ctx *ctx, int64_t *unix_ms)
{
    const struct keys *keys = &core->ports->keys;
    struct key_description key;
    enum err e = keys->describe(keys->self, ctx, &ctx->actor->user_id, &key);
    *unix_ms = e == ERR_OK ? key.lost_before_unix_ms : 0;
    return e;
}

bool letters_can_open(const struct message_record *letter, const struct uuid *user_id,
                      int64_t lost_before_unix_ms)
{
    if (letter->sent_unix_ms < lost_before_unix_ms)
        return false;
    return uuid_equal(&letter->recipient_id, user_id) || letter->sender_can_open;
}

/* True on the first call and when the last one was long ago. */
static bool is_orphan_sweep_due(struct core *core)
{
    int64_t now_mono_ms = clock_mono_ms();
    bool due = core->orphans_swept_mono_ms == 0 ||
               now_mono_ms - core->orphans_swept_mono_ms >= ORPHAN_SWEEP_INTERVAL_MS;
    if (due)
        core->orphans_swept_mono_ms = now_mono_ms;
    return due;
}

void letters_sweep(struct core *core, struct ctx *ctx)
{
    size_t expired = 0;
    size_t uploads = 0;
    size_t orphans = 0;
    enum err e = sweep_expired_letters(core, ctx, &expired);
    if (e == ERR_OK)
        e = uploads_sweep(core, ctx, &uploads);
    if (e == ERR_OK && is_orphan_sweep_due(core)) {
        e = sweep_orphaned_objects(core, ctx, &orphans);
        if (e != ERR_OK)
            core->orphans_swept_mono_ms = 0; /* the rest, with the next sweep */
    }
    if (e != ERR_OK && e != ERR_DEADLINE)
        (void)ctx_log_fail(ctx, e, "sweep_failed", "expired_letters=%zu", expired);
    if (expired + uploads + orphans > 0)
        log_info("swept", "expired_letters=%zu expired_uploads=%zu orphaned_objects=%zu", expired,
                 uploads, orphans);
}
