#include "core/letter_sealed.h"

#include "core/letter_context.h"
#include "envelope/header.h"
#include "envelope/manifest.h"

#include <assert.h>

void letter_sealed_init(struct letter_sealed *s)
{
    *s = (struct letter_sealed){.need = 1};
}

static enum err refuse(struct ctx *ctx, const char *why)
{
    return ctx_fail(ctx, ERR_SEALED_INVALID, "The sealed message was refused: %s.", why);
}

static bool is_fresh(const struct uuid *id, int64_t now_unix_ms)
{
    int64_t age_ms = now_unix_ms - uuid_unix_ms(id);
    return uuid_version(id) == 7 && age_ms <= LETTER_SEALED_CLOCK_MS &&
           age_ms >= -LETTER_SEALED_CLOCK_MS;
}

static enum err check_context(struct letter_sink *sink, struct ctx *ctx,
                              const struct header *header)
{
    struct message_record *record = &sink->put.record;
    struct uuid recipient_id;
    struct uuid sender_id;
    if (!letter_context_read(header->aad, &record->id, &recipient_id, &sender_id))
        return refuse(ctx, "its context must have exactly message, recipient and sender, as UUIDs");
    if (!is_fresh(&record->id, ctx->now_unix_ms))
        return refuse(ctx, "message in its context must be a new UUID of version 7");
    if (!uuid_equal(&recipient_id, &record->recipient_id))
        return refuse(ctx, "recipient in its context is not the one it is sent to");
    if (!uuid_equal(&sender_id, &record->sender_id))
        return refuse(ctx, "sender in its context is not the signed-in user");
    return ERR_OK;
}

static enum err accept_header(struct letter_sealed *s, struct letter_sink *sink, struct ctx *ctx,
                              const struct header *header)
{
    const struct keys *keys = &sink->core->ports->keys;
    struct message_record *record = &sink->put.record;
    /* header_scan never asks for more than the header. */
    assert(header->length == sink->header.n);
    enum err e = check_context(sink, ctx, header);
    if (e != ERR_OK)
        return e;
    e = keys->check_sealed(keys->self, ctx, header, &record->recipient_id, &record->sender_can_open,
                           &record->sender_verified);
    if (e != ERR_OK)
        return e;
    letter_sink_start(sink, header->message_id);
    validator_init(&s->frames, header->frame_length);
    s->has_header = true;
    return ERR_OK;
}

/* Moves bytes of *data into the header until it is complete; the rest are frames. */
static enum err take_header(struct letter_sealed *s, struct letter_sink *sink, struct ctx *ctx,
                            struct bytes *data)
{
    while (!s->has_header && data->n > 0) {
        struct bytes piece = bytes_slice(*data, 0, s->need - sink->header.n);
        buffer_append(&sink->header, piece);
        *data = bytes_slice(*data, piece.n, SIZE_MAX);
        if (sink->header.n < s->need)
            return ERR_OK;
        struct header header;
        enum envelope_reason reason = ENVELOPE_REASON_NONE;
        enum header_scan scan =
            header_scan(buffer_bytes(&sink->header), &header, &s->need, &reason);
        if (scan == HEADER_MALFORMED)
            return refuse(ctx, envelope_reason_text(reason));
        if (scan == HEADER_COMPLETE) {
            enum err e = accept_header(s, sink, ctx, &header);
            if (e != ERR_OK)
                return e;
        }
    }
    return ERR_OK;
}

/* The limit is for text and file; how much of a sealed plaintext is the manifest's JSON, only its
 * owner sees. */
static bool is_too_large(const struct letter_sink *sink, uint64_t plaintext_bytes)
{
    uint64_t max = sink->core->config->max_letter_bytes;
    return plaintext_bytes > max + MANIFEST_PREFIX_BYTES + MANIFEST_MAX_BYTES;
}

static enum err take_frames(struct letter_sealed *s, struct letter_sink *sink, struct ctx *ctx,
                            struct bytes frames)
{
    enum envelope_reason reason = ENVELOPE_REASON_NONE;
    if (validator_push(&s->frames, frames, &reason) != ERR_OK)
        return refuse(ctx, envelope_reason_text(reason));
    if (is_too_large(sink, s->frames.plaintext_bytes))
        return ERR_LETTER_TOO_LARGE;
    buffer_append(&sink->frames, frames);
    return letter_sink_settle(sink, ctx);
}

enum err letter_sealed_write(struct letter_sealed *s, struct letter_sink *sink, struct ctx *ctx,
                             struct bytes data)
{
    enum err e = take_header(s, sink, ctx, &data);
    while (e == ERR_OK && data.n > 0) {
        struct bytes piece = bytes_slice(data, 0, LETTER_SINK_PIECE_BYTES);
        e = take_frames(s, sink, ctx, piece);
        data = bytes_slice(data, piece.n, SIZE_MAX);
    }
    return e;
}

enum err letter_sealed_finish(struct letter_sealed *s, struct letter_sink *sink, struct ctx *ctx)
{
    if (!s->has_header)
        return refuse(ctx, envelope_reason_text(ENVELOPE_REASON_TRUNCATED));
    enum envelope_reason reason = ENVELOPE_REASON_NONE;
    uint64_t plaintext_bytes = 0;
    if (validator_finish(&s->frames, &plaintext_bytes, &reason) != ERR_OK)
        return refuse(ctx, envelope_reason_text(reason));
    sink->put.record.size = plaintext_bytes;
    return is_too_large(sink, plaintext_bytes) ? ERR_LETTER_TOO_LARGE : ERR_OK;
}
