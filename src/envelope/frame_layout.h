/* Where the frames of a message lie (message format, sections 4 and 10). Lengths in bytes. */
#ifndef LETTERLOCK_ENVELOPE_FRAME_LAYOUT_H
#define LETTERLOCK_ENVELOPE_FRAME_LAYOUT_H

#include "envelope/envelope_reason.h"

#include <stdbool.h>
#include <stdint.h>

#define FRAME_TAG_BYTES 16u
#define FRAME_IV_BYTES 12u
#define FRAME_REGULAR_OVERHEAD 32u /* sequence number, IV, tag */
#define FRAME_FINAL_OVERHEAD 40u   /* marker, sequence number, IV, content length, tag */
#define FRAME_MAX_COUNT UINT32_MAX /* the final one included */

struct frame_layout {
    uint64_t header_length;
    uint32_t frame_length;   /* F: plaintext bytes of a regular frame */
    uint32_t regular_frames; /* k; the final frame has number k + 1 */
    uint32_t final_length;   /* c: plaintext bytes of the final frame */
    uint64_t plaintext_length;
    uint64_t message_length;
};

/* The layout of a stored message of message_length bytes. ENVELOPE_REASON_BODY_LENGTH when no
 * layout fits. The lengths are only as trustworthy as message_length: see opener_set_range. */
enum err frame_layout_of_message(uint64_t message_length, uint64_t header_length,
                                 uint32_t frame_length, struct frame_layout *out,
                                 enum envelope_reason *reason) MUST_CHECK;

/* The layout that the sealer writes for a plaintext (full final frame). ERR_LETTER_TOO_LARGE when
 * it takes more than 2^32 - 1 frames. */
enum err frame_layout_of_plaintext(uint64_t plaintext_length, uint64_t header_length,
                                   uint32_t frame_length, struct frame_layout *out) MUST_CHECK;

/* The frames that hold a part of the plaintext. */
struct frame_range {
    uint32_t first_frame;  /* 1-based */
    uint32_t last_frame;   /* inclusive */
    uint64_t message_from; /* offset of the first frame in header || frames */
    uint64_t message_to;   /* end of the last frame, exclusive */
    uint32_t skip;         /* plaintext bytes of the first frame before the part */
};

/* The frames for plaintext bytes [from, to). ERR_RANGE_NOT_SATISFIABLE unless from < to <=
 * plaintext_length. */
enum err frame_layout_range(const struct frame_layout *layout, uint64_t from, uint64_t to,
                            struct frame_range *out) MUST_CHECK;

/* The final frame alone. */
struct frame_range frame_layout_final(const struct frame_layout *layout);

#endif
