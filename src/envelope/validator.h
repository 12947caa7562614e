/* Checks the frames of a message without its key, as they stream by: sequence numbers, IVs,
 * lengths, one final frame, nothing behind it. For messages that a client sealed itself; what only
 * the key can tell (tags, plaintext) stays open. Keeps a few bytes, never a frame. */
#ifndef LETTERLOCK_ENVELOPE_VALIDATOR_H
#define LETTERLOCK_ENVELOPE_VALIDATOR_H

#include "base/bytes.h"
#include "envelope/envelope_reason.h"

#define VALIDATOR_HELD_BYTES 24u /* the part of a final frame before its ciphertext */

struct validator {
    uint32_t frame_length;
    uint32_t next_sequence;
    uint64_t plaintext_bytes;
    uint64_t skip; /* bytes of ciphertext and tag still to pass */
    uint8_t held[VALIDATOR_HELD_BYTES];
    size_t held_count;
    bool done; /* the final frame has begun */
    enum envelope_reason failed;
};

/* Starts before the first frame of a message whose header says frame_length. Nothing to free. */
void validator_init(struct validator *v, uint32_t frame_length);

/* Takes the next bytes of the frames, cut anywhere. After a refusal every further call refuses for
 * the same reason. reason may be NULL. */
enum err validator_push(struct validator *v, struct bytes stored,
                        enum envelope_reason *reason) MUST_CHECK;

/* The frames have ended. On OK *plaintext_length is the length of the plaintext that they hold. */
enum err validator_finish(struct validator *v, uint64_t *plaintext_length,
                          enum envelope_reason *reason) MUST_CHECK;

#endif
