/* Any bytes as the frames of a message: first the frame length and the size of the pieces, one byte
 * each. */
#include "fuzz.h"

#include "envelope/frame_layout.h"
#include "envelope/validator.h"

static enum err validate(struct bytes frames, uint32_t frame_length, size_t piece, uint64_t *n,
                         enum envelope_reason *reason)
{
    struct validator validator;
    validator_init(&validator, frame_length);
    for (size_t at = 0; at < frames.n; at += piece) {
        enum err e = validator_push(&validator, bytes_slice(frames, at, piece), reason);
        if (e != ERR_OK)
            return e;
    }
    return validator_finish(&validator, n, reason);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes frames = bytes_of(data, size);
    uint32_t frame_length = fuzz_take_byte(&frames) + 1u;
    size_t piece = fuzz_take_byte(&frames) + 1u;
    uint64_t whole_n = 0;
    uint64_t pieces_n = 0;
    enum envelope_reason whole = ENVELOPE_REASON_NONE;
    enum envelope_reason pieces = ENVELOPE_REASON_NONE;
    enum err e = validate(frames, frame_length, SIZE_MAX / 2, &whole_n, &whole);
    fuzz_require(validate(frames, frame_length, piece, &pieces_n, &pieces) == e);
    fuzz_require(whole == pieces && whole_n == pieces_n);
    struct frame_layout layout;
    if (e == ERR_OK) {
        fuzz_require(frame_layout_of_message(frames.n, 0, frame_length, &layout, NULL) == ERR_OK);
        fuzz_require(layout.plaintext_length == whole_n);
    }
    return 0;
}
