/* Seals a plaintext of any length, piece by piece, into header || frames (message format,
 * sections 1 to 4). The caller makes the data key (secret_random, or KMS) and wraps it with a
 * keyring first. One thread at a time uses a sealer. */
#ifndef LETTERLOCK_ENVELOPE_SEALER_H
#define LETTERLOCK_ENVELOPE_SEALER_H

#include "base/buffer.h"
#include "base/secret.h"
#include "envelope/gcm.h"
#include "envelope/header.h"

/* What the caller decides about a message; borrowed during sealer_init only. */
struct sealer_message {
    struct bytes aad; /* serialised encryption context, the one the EDKs were made with */
    const struct edk *edks;
    size_t edk_count;
    uint32_t frame_length; /* HEADER_LETTER_FRAME_LENGTH for letters */
};

struct sealer {
    struct gcm gcm; /* keyed once for the whole message */
    uint8_t message_id[HEADER_MESSAGE_ID_BYTES];
    uint32_t frame_length;
    uint32_t next_sequence; /* 0: after the final frame, or failed */
    uint64_t plaintext_bytes;
    struct buffer held; /* at most one frame, which may still turn out to be the final one */
};

/* Starts a message with a fresh random id and appends its header. ERR_INVALID_FIELD as
 * header_write; ERR_INTERNAL when the buffer is full. Call sealer_fini in any case. */
enum err sealer_init(struct sealer *s, const struct sealer_message *message,
                     const struct secret *data_key, struct buffer *header) MUST_CHECK;

/* Goes on with a message of which another sealer sealed plaintext_bytes in whole frames: the next
 * frame is the one behind them. Whoever resumes must never seal a frame from other bytes than were
 * sealed under its number before. Call sealer_fini in any case. */
void sealer_resume(struct sealer *s, const uint8_t message_id[HEADER_MESSAGE_ID_BYTES],
                   const struct secret *data_key, uint32_t frame_length, uint64_t plaintext_bytes);

/* Seals whole frames at once, none of which is the final one: plaintext.n is a multiple of the
 * frame length, and nothing was pushed. Errors as sealer_push. */
enum err sealer_push_frames(struct sealer *s, struct bytes plaintext,
                            struct buffer *out) MUST_CHECK;

/* Takes the next piece of plaintext, of any size, and appends the frames that are complete (at most
 * sealer_max_output of them). Pieces of several frames are sealed straight from where they lie;
 * what is left over, at most one frame, is copied. ERR_LETTER_TOO_LARGE beyond 2^32 - 1 frames,
 * ERR_INTERNAL when out is full; the sealer is of no use afterwards. */
enum err sealer_push(struct sealer *s, struct bytes plaintext, struct buffer *out) MUST_CHECK;

/* Takes the last piece (it may be empty) and appends what is left with the final frame. A short
 * message needs only this call. Errors as sealer_push. */
enum err sealer_finish(struct sealer *s, struct bytes last, struct buffer *out) MUST_CHECK;

/* An upper bound for what the next push or finish with that many bytes appends. */
size_t sealer_max_output(const struct sealer *s, size_t plaintext_bytes);

/* Cleanses and frees. A zeroed struct is legal. */
void sealer_fini(struct sealer *s);

#endif
