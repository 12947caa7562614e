#include "core/letter_link.h"

#include "base/buffer.h"

#define EXPIRES_S 300
#define URL_MAX_BYTES 8192u

enum err letter_link_get(struct core *core, struct ctx *ctx, const struct uuid *id,
                         struct letter_link *out)
{
    const struct records *records = &core->ports->records;
    const struct objects *objects = &core->ports->objects;
    struct message_record record;
    struct buffer url;
    enum err e = records->message_get(records->self, ctx, id, true, &record);
    if (e != ERR_OK)
        return e;
    if (objects->link == NULL)
        return ctx_fail(ctx, ERR_NOT_FOUND, "This server gives no links: fetch the sealed letter.");
    if (record.inline_frames)
        return ctx_fail(ctx, ERR_NOT_FOUND, "This letter is small: fetch the sealed letter.");
    buffer_init(&url, URL_MAX_BYTES);
    e = objects->link(objects->self, ctx, id, EXPIRES_S, &url);
    if (e == ERR_OK && !buffer_ok(&url))
        e = ctx_log_fail(ctx, ERR_INTERNAL, "letter_link", "%s", "what=\"too long\"");
    if (e == ERR_OK)
        *out = (struct letter_link){.header = record.header,
                                    .frames_url = arena_str(ctx->arena, buffer_bytes(&url)),
                                    .expires_in_s = EXPIRES_S};
    buffer_fini(&url);
    return e;
}
