#include "core/letter_bytes.h"

static enum err damaged(const struct letter_bytes *b, struct ctx *ctx, const char *event)
{
    char id[UUID_TEXT_BYTES];
    uuid_format(&b->record.id, id);
    return ctx_log_fail(ctx, ERR_LETTER_DAMAGED, event, "letter=%s", id);
}

static enum err open_object(struct letter_bytes *b, struct ctx *ctx)
{
    uint64_t size = 0;
    enum err e = b->objects->open(b->objects->self, ctx, &b->record.id, &b->object, &size);
    if (e == ERR_NOT_FOUND)
        return damaged(b, ctx, "object_missing");
    b->size += size;
    return e;
}

enum err letter_bytes_init(struct letter_bytes *b, struct core *core, struct ctx *ctx,
                           const struct uuid *id)
{
    const struct records *records = &core->ports->records;
    *b = (struct letter_bytes){.objects = &core->ports->objects};
    enum err e = records->message_get(records->self, ctx, id, true, &b->record);
    if (e != ERR_OK)
        return e;
    b->size = b->record.header.n;
    if (b->record.inline_frames)
        b->size += b->record.frames.n;
    else
        e = open_object(b, ctx);
    if (e == ERR_OK && b->size != b->record.sealed_size)
        e = damaged(b, ctx, "letter_length_differs");
    return e;
}

static enum err read_object(struct letter_bytes *b, struct ctx *ctx, uint64_t offset, size_t n,
                            struct buffer *out)
{
    size_t got = 0;
    uint8_t *p = buffer_reserve(out, n);
    if (p == NULL)
        return ERR_INTERNAL;
    enum err e = n == 0 ? ERR_OK : b->objects->read(b->object, ctx, offset, p, n, &got);
    buffer_commit(out, got);
    return e == ERR_OK && got != n ? damaged(b, ctx, "object_cut") : e;
}

enum err letter_bytes_get(struct letter_bytes *b, struct ctx *ctx, uint64_t offset, size_t n,
                          struct buffer *scratch, struct bytes *out)
{
    size_t header_n = b->record.header.n;
    if (offset + n <= header_n) {
        *out = bytes_slice(b->record.header, (size_t)offset, n);
        return ERR_OK;
    }
    if (offset >= header_n && b->record.inline_frames) {
        *out = bytes_slice(b->record.frames, (size_t)(offset - header_n), n);
        return ERR_OK;
    }
    struct bytes from_header = {0};
    if (offset < header_n)
        from_header = bytes_slice(b->record.header, (size_t)offset, SIZE_MAX);
    uint64_t frames_at = offset + from_header.n - header_n;
    size_t frames_n = n - from_header.n;
    enum err e = ERR_OK;
    buffer_clear(scratch);
    buffer_append(scratch, from_header);
    if (b->record.inline_frames)
        buffer_append(scratch, bytes_slice(b->record.frames, (size_t)frames_at, frames_n));
    else
        e = read_object(b, ctx, frames_at, frames_n, scratch);
    *out = buffer_bytes(scratch);
    return e == ERR_OK && !buffer_ok(scratch) ? ERR_INTERNAL : e;
}

void letter_bytes_fini(struct letter_bytes *b)
{
    if (b->object != NULL)
        b->objects->close(b->object);
    *b = (struct letter_bytes){0};
}
