#include "envelope/opener.h"

#include "envelope/derive.h"
#include "envelope/frames.h"

#include <assert.h>
#include <string.h>

static bool header_tag_fits(struct opener *o, const struct header *header)
{
    static const uint8_t zero_iv[GCM_IV_BYTES];
    gcm_start(&o->gcm, zero_iv);
    gcm_aad(&o->gcm, header->authenticated);
    return gcm_check(&o->gcm, header->tag);
}

enum err opener_init(struct opener *o, const struct header *header, const struct secret *data_key,
                     enum envelope_reason *reason)
{
    *o = (struct opener){.frame_length = header->frame_length, .next_sequence = 1};
    memcpy(o->message_id, header->message_id, sizeof o->message_id);
    buffer_init(&o->held, (size_t)header->frame_length + FRAME_FINAL_OVERHEAD);
    struct derive_keys keys;
    derive_init(&keys, header->message_id, data_key);
    if (!bytes_equal_secret(bytes_of(keys.commitment, sizeof keys.commitment),
                            bytes_of(header->commitment, sizeof header->commitment)))
        o->failed = ENVELOPE_REASON_COMMITMENT;
    gcm_init(&o->gcm, GCM_OPEN, &keys.body);
    derive_fini(&keys);
    if (o->failed == ENVELOPE_REASON_NONE && !header_tag_fits(o, header))
        o->failed = ENVELOPE_REASON_HEADER_TAG;
    return envelope_reason_set(reason, o->failed);
}

void opener_set_range(struct opener *o, const struct frame_layout *layout,
                      const struct frame_range *range)
{
    assert(o->next_sequence == 1 && o->held.n == 0);
    assert(layout->frame_length == o->frame_length);
    assert(range->first_frame >= 1 && range->first_frame <= range->last_frame);
    o->layout = *layout;
    o->next_sequence = range->first_frame;
    o->last_sequence = range->last_frame;
}

/* A ranged opener knows which frame must be the final one and how long it must be. */
static enum envelope_reason check_place(const struct opener *o, const struct frame *frame)
{
    if (o->last_sequence == 0)
        return ENVELOPE_REASON_NONE;
    bool must_be_final = frame->sequence == o->layout.regular_frames + 1;
    if (must_be_final && !frame->final)
        return ENVELOPE_REASON_MISSING_FINAL_FRAME;
    if (!must_be_final && frame->final)
        return ENVELOPE_REASON_FRAME_SEQUENCE;
    if (frame->final && frame->length != o->layout.final_length)
        return ENVELOPE_REASON_FINAL_FRAME_LENGTH;
    return ENVELOPE_REASON_NONE;
}

/* Reads the prefix at the start of run. False when it is not complete yet or wrong (o->failed). */
static bool read_prefix(struct opener *o, struct frames_run run, struct frame *frame)
{
    uint8_t prefix[FRAMES_FINAL_PREFIX_BYTES];
    size_t n = frames_length(run) < sizeof prefix ? frames_length(run) : sizeof prefix;
    frames_copy(frames_take(&run, n), prefix);
    size_t need = frames_read_prefix(bytes_of(prefix, n), o->next_sequence, o->frame_length, frame,
                                     &o->failed);
    if (need == 0 && o->failed == ENVELOPE_REASON_NONE)
        o->failed = check_place(o, frame);
    return need == 0 && o->failed == ENVELOPE_REASON_NONE;
}

static enum err open_frame(struct opener *o, const struct frame *frame, struct frames_run sealed,
                           struct buffer *out)
{
    (void)frames_take(&sealed, frames_prefix_bytes(frame->final));
    uint8_t none;
    uint8_t *p = frame->length == 0 ? &none : buffer_reserve(out, frame->length);
    if (p == NULL)
        return ERR_INTERNAL;
    if (!frames_open(&o->gcm, o->message_id, frame, sealed, p))
        return envelope_reason_set(&o->failed, ENVELOPE_REASON_FRAME_TAG);
    buffer_commit(out, frame->length);
    o->plaintext_bytes += frame->length;
    o->done = frame->final || frame->sequence == o->last_sequence;
    o->next_sequence++;
    return ERR_OK;
}

/* Opens the frames that are complete in *run. */
static enum err open_whole_frames(struct opener *o, struct frames_run *run, struct buffer *out)
{
    struct frame frame;
    while (frames_length(*run) > 0) {
        if (o->done)
            return envelope_reason_set(&o->failed, ENVELOPE_REASON_TRAILING_BYTES);
        if (!read_prefix(o, *run, &frame))
            return envelope_reason_set(NULL, o->failed);
        if (frames_length(*run) < frames_frame_bytes(&frame))
            return ERR_OK;
        enum err e = open_frame(o, &frame, frames_take(run, frames_frame_bytes(&frame)), out);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

enum err opener_push(struct opener *o, struct bytes stored, struct buffer *out,
                     enum envelope_reason *reason)
{
    if (o->failed != ENVELOPE_REASON_NONE)
        return envelope_reason_set(reason, o->failed);
    struct frames_run run = {buffer_bytes(&o->held), stored};
    enum err e = open_whole_frames(o, &run, out);
    if (e != ERR_OK) {
        (void)envelope_reason_set(reason, o->failed);
        return e;
    }
    /* Held bytes belong to one frame, which was either opened whole or not at all. */
    if (run.head.n == 0)
        buffer_clear(&o->held);
    buffer_append(&o->held, run.tail);
    assert(buffer_ok(&o->held));
    return ERR_OK;
}

enum err opener_finish(struct opener *o, enum envelope_reason *reason)
{
    if (o->failed == ENVELOPE_REASON_NONE && o->held.n > 0)
        o->failed = ENVELOPE_REASON_TRUNCATED;
    if (o->failed == ENVELOPE_REASON_NONE && !o->done)
        o->failed = ENVELOPE_REASON_MISSING_FINAL_FRAME;
    return envelope_reason_set(reason, o->failed);
}

size_t opener_max_output(const struct opener *o, size_t stored_bytes)
{
    return o->held.n + stored_bytes;
}

void opener_fini(struct opener *o)
{
    gcm_fini(&o->gcm);
    buffer_fini(&o->held);
    if (o->failed == ENVELOPE_REASON_NONE)
        o->failed = ENVELOPE_REASON_TRUNCATED;
}
