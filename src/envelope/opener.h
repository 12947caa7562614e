/* Opens a sealed message: checks the header against the data key, then verifies and decrypts frames
 * as they come in. No byte of a frame is given out before its tag was checked; the message as a
 * whole counts as received only when opener_finish says so, and until then what was given out must
 * stay revocable (message format, section 9). One thread at a time uses an opener. */
#ifndef LETTERLOCK_ENVELOPE_OPENER_H
#define LETTERLOCK_ENVELOPE_OPENER_H

#include "base/buffer.h"
#include "base/secret.h"
#include "envelope/frame_layout.h"
#include "envelope/gcm.h"
#include "envelope/header.h"

struct opener {
    struct gcm gcm; /* keyed once for the whole message */
    uint8_t message_id[HEADER_MESSAGE_ID_BYTES];
    uint32_t frame_length;
    uint32_t next_sequence;
    struct frame_layout layout; /* of a ranged opener */
    uint32_t last_sequence;     /* of a ranged opener; 0: the whole message */
    bool done;                  /* the last frame was opened */
    enum envelope_reason failed;
    uint64_t plaintext_bytes;
    struct buffer held; /* the beginning of a frame that is not complete yet */
};

/* Starts to open: checks the commitment (ENVELOPE_REASON_COMMITMENT; in constant time) and the tag
 * of the header (ENVELOPE_REASON_HEADER_TAG). On OK the whole header is authentic for whoever holds
 * the data key. header is not needed afterwards. reason may be NULL. Call opener_fini in any case.
 */
enum err opener_init(struct opener *o, const struct header *header, const struct secret *data_key,
                     enum envelope_reason *reason) MUST_CHECK;

/* Restricts a fresh opener to the frames of range (from frame_layout_range or frame_layout_final):
 * it then takes exactly the message bytes [message_from, message_to) and checks each frame against
 * the place where it must lie, the final one also against the layout.
 *
 * layout comes from a stored length that nothing authenticates: a message cut at the end of a frame
 * looks whole. A caller that trusts no stored plaintext length must therefore open
 * frame_layout_final once (with an opener of its own) before it believes layout. */
void opener_set_range(struct opener *o, const struct frame_layout *layout,
                      const struct frame_range *range);

/* Takes the next stored bytes, cut anywhere, and appends the verified plaintext of the frames that
 * are complete (at most opener_max_output bytes). After a refusal nothing more is appended and
 * every further call refuses for the same reason. ERR_INTERNAL when out is full.
 *
 * A frame that lies whole in one push is opened where it lies; the beginning of one is copied. So a
 * reader that can choose takes multiples of frame_length + FRAME_REGULAR_OVERHEAD bytes. */
enum err opener_push(struct opener *o, struct bytes stored, struct buffer *out,
                     enum envelope_reason *reason) MUST_CHECK;

/* The stored bytes have ended. OK only when the final frame (the last one of a range) was opened
 * and nothing followed it; otherwise ENVELOPE_REASON_TRUNCATED or _MISSING_FINAL_FRAME. */
enum err opener_finish(struct opener *o, enum envelope_reason *reason) MUST_CHECK;

/* An upper bound for what the next push of that many stored bytes appends. */
size_t opener_max_output(const struct opener *o, size_t stored_bytes);

/* Cleanses and frees. A zeroed struct is legal. */
void opener_fini(struct opener *o);

#endif
