#include "envelope/sealer.h"

#include "envelope/derive.h"
#include "envelope/fixed_inputs.h"
#include "envelope/frames.h"

#include "base/random.h"

#include <assert.h>
#include <string.h>

enum err sealer_init(struct sealer *s, const struct sealer_message *message,
                     const struct secret *data_key, struct buffer *header)
{
    uint8_t message_id[HEADER_MESSAGE_ID_BYTES];
    random_bytes(message_id, sizeof message_id);
    return sealer_init_fixed(s, message, data_key, message_id, header);
}

/* After a failure the sealer takes nothing more. */
static enum err fail(struct sealer *s, enum err e)
{
    s->next_sequence = 0;
    return e;
}

static enum err append_header_tag(struct sealer *s, struct bytes authenticated,
                                  struct buffer *header)
{
    static const uint8_t zero_iv[GCM_IV_BYTES];
    uint8_t tag[HEADER_TAG_BYTES];
    gcm_start(&s->gcm, zero_iv);
    gcm_aad(&s->gcm, authenticated);
    gcm_tag(&s->gcm, tag);
    buffer_append(header, bytes_of(tag, sizeof tag));
    return buffer_ok(header) ? ERR_OK : fail(s, ERR_INTERNAL);
}

enum err sealer_init_fixed(struct sealer *s, const struct sealer_message *message,
                           const struct secret *data_key,
                           const uint8_t message_id[HEADER_MESSAGE_ID_BYTES], struct buffer *header)
{
    *s = (struct sealer){.frame_length = message->frame_length, .next_sequence = 1};
    memcpy(s->message_id, message_id, sizeof s->message_id);
    buffer_init(&s->held, message->frame_length);
    struct header_fields fields = {
        .aad = message->aad,
        .edks = message->edks,
        .edk_count = message->edk_count,
        .frame_length = message->frame_length,
    };
    memcpy(fields.message_id, message_id, sizeof fields.message_id);
    struct derive_keys keys;
    derive_init(&keys, message_id, data_key);
    gcm_init(&s->gcm, GCM_SEAL, &keys.body);
    size_t start = header->n;
    enum err e = header_write(&fields, keys.commitment, header);
    derive_fini(&keys);
    if (e != ERR_OK)
        return fail(s, e);
    return append_header_tag(s, bytes_slice(buffer_bytes(header), start, SIZE_MAX), header);
}

void sealer_resume(struct sealer *s, const uint8_t message_id[HEADER_MESSAGE_ID_BYTES],
                   const struct secret *data_key, uint32_t frame_length, uint64_t plaintext_bytes)
{
    assert(plaintext_bytes % frame_length == 0);
    uint64_t frames = plaintext_bytes / frame_length;
    *s = (struct sealer){.frame_length = frame_length, .plaintext_bytes = plaintext_bytes};
    s->next_sequence = frames < FRAME_MAX_COUNT ? (uint32_t)frames + 1 : 0;
    memcpy(s->message_id, message_id, sizeof s->message_id);
    buffer_init(&s->held, frame_length);
    struct derive_keys keys;
    derive_init(&keys, message_id, data_key);
    gcm_init(&s->gcm, GCM_SEAL, &keys.body);
    derive_fini(&keys);
}

static enum err append_frame(struct sealer *s, bool final, struct frames_run plaintext,
                             struct buffer *out)
{
    if (s->next_sequence == 0)
        return ERR_INTERNAL;
    if (!final && s->next_sequence == FRAME_MAX_COUNT)
        return fail(s, ERR_LETTER_TOO_LARGE);
    struct frame frame = {s->next_sequence, final, (uint32_t)frames_length(plaintext)};
    uint8_t *p = buffer_reserve(out, frames_frame_bytes(&frame));
    if (p == NULL)
        return fail(s, ERR_INTERNAL);
    frames_seal(&s->gcm, s->message_id, &frame, plaintext, p);
    buffer_commit(out, frames_frame_bytes(&frame));
    s->next_sequence = final ? 0 : s->next_sequence + 1;
    s->plaintext_bytes += frame.length;
    return ERR_OK;
}

/* Seals regular frames while more than one frame is at hand; what is left in *run may be the final
 * frame. */
static enum err seal_regular_frames(struct sealer *s, struct frames_run *run, struct buffer *out)
{
    while (frames_length(*run) > s->frame_length) {
        enum err e = append_frame(s, false, frames_take(run, s->frame_length), out);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

enum err sealer_push_frames(struct sealer *s, struct bytes plaintext, struct buffer *out)
{
    assert(s->held.n == 0 && plaintext.n % s->frame_length == 0);
    struct frames_run run = {.tail = plaintext};
    enum err e = ERR_OK;
    while (e == ERR_OK && frames_length(run) > 0)
        e = append_frame(s, false, frames_take(&run, s->frame_length), out);
    return e;
}

enum err sealer_push(struct sealer *s, struct bytes plaintext, struct buffer *out)
{
    if (s->next_sequence == 0)
        return ERR_INTERNAL;
    struct frames_run run = {buffer_bytes(&s->held), plaintext};
    size_t held = s->held.n;
    enum err e = seal_regular_frames(s, &run, out);
    if (e != ERR_OK)
        return e;
    /* A frame takes all of what was held or nothing was sealed at all. */
    assert(run.head.n == 0 || run.head.n == held);
    if (run.head.n == 0)
        buffer_clear(&s->held);
    buffer_append(&s->held, run.tail);
    assert(buffer_ok(&s->held));
    return ERR_OK;
}

enum err sealer_finish(struct sealer *s, struct bytes last, struct buffer *out)
{
    struct frames_run run = {buffer_bytes(&s->held), last};
    enum err e = seal_regular_frames(s, &run, out);
    if (e != ERR_OK)
        return e;
    e = append_frame(s, true, run, out);
    buffer_clear(&s->held);
    return e;
}

size_t sealer_max_output(const struct sealer *s, size_t plaintext_bytes)
{
    size_t text = s->held.n + plaintext_bytes;
    return text + text / s->frame_length * FRAME_REGULAR_OVERHEAD + FRAME_FINAL_OVERHEAD;
}

void sealer_fini(struct sealer *s)
{
    gcm_fini(&s->gcm);
    buffer_fini(&s->held);
    s->next_sequence = 0;
}
