/* One frame (message format, section 4): its prefix, sealing and opening. */
#ifndef LETTERLOCK_ENVELOPE_FRAMES_H
#define LETTERLOCK_ENVELOPE_FRAMES_H

#include "envelope/frame_layout.h"
#include "envelope/gcm.h"
#include "envelope/header.h"

#define FRAMES_MARKER_BYTES 4u
#define FRAMES_REGULAR_PREFIX_BYTES 16u
#define FRAMES_FINAL_PREFIX_BYTES 24u /* the longest prefix */

struct frame {
    uint32_t sequence;
    bool final;
    uint32_t length; /* of the plaintext and of the ciphertext */
};

/* Two runs that stand for one: the part of a frame that was kept and the part that just came. */
struct frames_run {
    struct bytes head;
    struct bytes tail;
};

/* Takes the first n bytes (n <= length of the run) off run; the result borrows the same memory. */
struct frames_run frames_take(struct frames_run *run, size_t n);

/* Copies a whole run to out. */
void frames_copy(struct frames_run run, uint8_t *out);

/* The length of a run in bytes. */
size_t frames_length(struct frames_run run);

/* Bytes before the ciphertext, and of the whole frame. */
size_t frames_prefix_bytes(bool final);
size_t frames_frame_bytes(const struct frame *frame);

/* Reads the start of a frame from the n bytes at p, as many as there are. 0 with *frame filled when
 * the prefix is complete and fits; otherwise the number of bytes that it takes at least to tell.
 * Against the message: the sequence number must be expected_sequence, the IV must follow from it
 * and a final frame is at most frame_length long; *reason says what is wrong and is
 * ENVELOPE_REASON_NONE as long as nothing is. */
size_t frames_read_prefix(struct bytes data, uint32_t expected_sequence, uint32_t frame_length,
                          struct frame *frame, enum envelope_reason *reason);

/* Writes a sealed frame of frames_frame_bytes(frame) bytes to out. plaintext is frame->length
 * bytes. */
void frames_seal(struct gcm *gcm, const uint8_t message_id[HEADER_MESSAGE_ID_BYTES],
                 const struct frame *frame, struct frames_run plaintext, uint8_t *out);

/* Opens the frame whose ciphertext and tag are in rest (frame->length + FRAME_TAG_BYTES bytes) into
 * out, frame->length bytes. False when the tag does not fit; out is cleansed then. */
bool frames_open(struct gcm *gcm, const uint8_t message_id[HEADER_MESSAGE_ID_BYTES],
                 const struct frame *frame, struct frames_run rest, uint8_t *out)
    __attribute__((warn_unused_result));

#endif
