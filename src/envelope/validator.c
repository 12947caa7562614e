#include "envelope/validator.h"

#include "envelope/frames.h"

#include <string.h>

_Static_assert(VALIDATOR_HELD_BYTES >= FRAMES_FINAL_PREFIX_BYTES, "a prefix fits");

void validator_init(struct validator *v, uint32_t frame_length)
{
    *v = (struct validator){.frame_length = frame_length, .next_sequence = 1};
}

static void accept_frame(struct validator *v, const struct frame *frame)
{
    v->plaintext_bytes += frame->length;
    v->skip = (uint64_t)frame->length + FRAME_TAG_BYTES;
    v->held_count = 0;
    v->done = frame->final;
    v->next_sequence++;
}

/* Passes over the frame at hand; gives how many of the bytes that was. */
static size_t pass(struct validator *v, struct bytes stored)
{
    size_t n = v->skip < stored.n ? (size_t)v->skip : stored.n;
    v->skip -= n;
    return n;
}

/* Adds to the prefix at hand just what it lacks and reads it; gives how many bytes it took. */
static size_t read_prefix(struct validator *v, struct bytes stored)
{
    struct frame frame;
    size_t need;
    size_t taken = 0;
    while ((need = frames_read_prefix(bytes_of(v->held, v->held_count), v->next_sequence,
                                      v->frame_length, &frame, &v->failed)) != 0) {
        struct bytes part = bytes_slice(stored, taken, need - v->held_count);
        if (part.n == 0)
            return taken;
        memcpy(v->held + v->held_count, part.p, part.n);
        v->held_count += part.n;
        taken += part.n;
    }
    accept_frame(v, &frame);
    return taken;
}

enum err validator_push(struct validator *v, struct bytes stored, enum envelope_reason *reason)
{
    while (stored.n > 0 && v->failed == ENVELOPE_REASON_NONE) {
        size_t taken = 0;
        if (v->skip > 0)
            taken = pass(v, stored);
        else if (v->done)
            v->failed = ENVELOPE_REASON_TRAILING_BYTES;
        else
            taken = read_prefix(v, stored);
        stored = bytes_slice(stored, taken, SIZE_MAX);
    }
    return envelope_reason_set(reason, v->failed);
}

enum err validator_finish(struct validator *v, uint64_t *plaintext_length,
                          enum envelope_reason *reason)
{
    if (v->failed == ENVELOPE_REASON_NONE && (v->skip > 0 || v->held_count > 0))
        v->failed = ENVELOPE_REASON_TRUNCATED;
    if (v->failed == ENVELOPE_REASON_NONE && !v->done)
        v->failed = ENVELOPE_REASON_MISSING_FINAL_FRAME;
    if (v->failed == ENVELOPE_REASON_NONE)
        *plaintext_length = v->plaintext_bytes;
    return envelope_reason_set(reason, v->failed);
}
