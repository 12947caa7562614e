#include "envelope/frame_layout.h"

#include <assert.h>

enum err frame_layout_of_message(uint64_t message_length, uint64_t header_length,
                                 uint32_t frame_length, struct frame_layout *out,
                                 enum envelope_reason *reason)
{
    assert(frame_length > 0);
    if (message_length < header_length || message_length - header_length < FRAME_FINAL_OVERHEAD)
        return envelope_reason_set(reason, ENVELOPE_REASON_BODY_LENGTH);
    uint64_t body = message_length - header_length - FRAME_FINAL_OVERHEAD;
    uint64_t stride = (uint64_t)frame_length + FRAME_REGULAR_OVERHEAD;
    uint64_t regular = body / stride;
    uint64_t last = body % stride;
    if (last > frame_length || regular >= FRAME_MAX_COUNT)
        return envelope_reason_set(reason, ENVELOPE_REASON_BODY_LENGTH);
    *out = (struct frame_layout){
        .header_length = header_length,
        .frame_length = frame_length,
        .regular_frames = (uint32_t)regular,
        .final_length = (uint32_t)last,
        .plaintext_length = regular * frame_length + last,
        .message_length = message_length,
    };
    return ERR_OK;
}

enum err frame_layout_of_plaintext(uint64_t plaintext_length, uint64_t header_length,
                                   uint32_t frame_length, struct frame_layout *out)
{
    assert(frame_length > 0);
    uint64_t regular = plaintext_length == 0 ? 0 : (plaintext_length - 1) / frame_length;
    if (regular >= FRAME_MAX_COUNT)
        return ERR_LETTER_TOO_LARGE;
    *out = (struct frame_layout){
        .header_length = header_length,
        .frame_length = frame_length,
        .regular_frames = (uint32_t)regular,
        .final_length = (uint32_t)(plaintext_length - regular * frame_length),
        .plaintext_length = plaintext_length,
        .message_length = header_length + plaintext_length + regular * FRAME_REGULAR_OVERHEAD +
                          FRAME_FINAL_OVERHEAD,
    };
    return ERR_OK;
}

static uint64_t frame_start(const struct frame_layout *layout, uint32_t frame)
{
    uint64_t stride = (uint64_t)layout->frame_length + FRAME_REGULAR_OVERHEAD;
    return layout->header_length + (frame - 1) * stride;
}

static struct frame_range range_of(const struct frame_layout *layout, uint32_t first, uint32_t last)
{
    bool to_end = last == layout->regular_frames + 1;
    return (struct frame_range){
        .first_frame = first,
        .last_frame = last,
        .message_from = frame_start(layout, first),
        .message_to = to_end ? layout->message_length : frame_start(layout, last + 1),
    };
}

enum err frame_layout_range(const struct frame_layout *layout, uint64_t from, uint64_t to,
                            struct frame_range *out)
{
    if (from >= to || to > layout->plaintext_length)
        return ERR_RANGE_NOT_SATISFIABLE;
    uint32_t first = (uint32_t)(from / layout->frame_length + 1);
    uint32_t last = (uint32_t)((to - 1) / layout->frame_length + 1);
    *out = range_of(layout, first, last);
    out->skip = (uint32_t)(from % layout->frame_length);
    return ERR_OK;
}

struct frame_range frame_layout_final(const struct frame_layout *layout)
{
    uint32_t last = layout->regular_frames + 1;
    return range_of(layout, last, last);
}
