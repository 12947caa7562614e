/* Taking a message that a client sealed: everything that can be checked without its key. For
 * letter_send.c. */
#ifndef LETTERLOCK_CORE_LETTER_SEALED_H
#define LETTERLOCK_CORE_LETTER_SEALED_H

#include "core/letter_sink.h"
#include "envelope/validator.h"

/* How far the time in a new letter's id may be from ours. */
#define LETTER_SEALED_CLOCK_MS (15 * 60 * 1000)

struct letter_sealed {
    size_t need;     /* header bytes that the next look at it takes */
    bool has_header; /* it is complete and was accepted */
    struct validator frames;
};

void letter_sealed_init(struct letter_sealed *s);

/* Takes the next bytes of the message: the header goes to sink->header, frames to sink->frames.
 * The header is checked against ctx->actor, the sink's recipient and the keys port once it is
 * complete. ERR_SEALED_INVALID; ERR_LETTER_TOO_LARGE above the configured size. */
enum err letter_sealed_write(struct letter_sealed *s, struct letter_sink *sink, struct ctx *ctx,
                             struct bytes data) MUST_CHECK;

/* The message has ended: checks that it is complete, and notes its plaintext size. */
enum err letter_sealed_finish(struct letter_sealed *s, struct letter_sink *sink,
                              struct ctx *ctx) MUST_CHECK;

#endif
