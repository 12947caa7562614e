/* The way of one letter's sealed bytes into storage, shared by letters that we seal and letters
 * that come sealed: small ones go into the record, larger ones become an object. Constant memory.
 * For letter_send.c and letter_sealed.c. */
#ifndef LETTERLOCK_CORE_LETTER_SINK_H
#define LETTERLOCK_CORE_LETTER_SINK_H

#include "base/checksum.h"
#include "core/core.h"

/* Bytes handed to the sink between two calls of letter_sink_settle, at most. */
#define LETTER_SINK_PIECE_BYTES (512u << 10)

struct letter_sink {
    struct core *core;
    struct user_record recipient;
    struct message_put put;
    struct buffer header;  /* the complete header, once there */
    struct buffer frames;  /* the caller appends here; what was written to the object is gone */
    uint64_t frames_bytes; /* in the object already */
    int64_t room_bytes;    /* what the recipient has room for; known once there is a writer */
    struct checksum checksum;
    struct object_writer *writer; /* once the frames are too many for the record */
    bool object_stored;
};

/* Starts a letter from ctx->actor to recipient, whose strings live in ctx's arena. Call
 * letter_sink_fini in any case. */
void letter_sink_init(struct letter_sink *sink, struct core *core, struct ctx *ctx,
                      const struct user_record *recipient);

/* Sets the time at which the letter is erased: expires_in_s from now, or for 0 the server's
 * default. */
void letter_sink_expire(struct letter_sink *sink, const struct ctx *ctx, int64_t expires_in_s);

/* Frames follow; the message id keys their checksum. */
void letter_sink_start(struct letter_sink *sink, const uint8_t message_id[CHECKSUM_KEY_BYTES]);

/* To be called when sink->frames has grown: moves frames to an object once they are too many.
 * Blocks only then. ERR_QUOTA_EXCEEDED as soon as that is certain. */
enum err letter_sink_settle(struct letter_sink *sink, struct ctx *ctx) MUST_CHECK;

/* The letter is complete, with its plaintext size in the record: commits the object if there is
 * one, and completes the record. Blocks only for objects. */
enum err letter_sink_close(struct letter_sink *sink, struct ctx *ctx) MUST_CHECK;

/* True when the letter goes into the record, so that nothing has blocked. */
bool letter_sink_is_inline(const struct letter_sink *sink);

/* Stores the closed letter and waits for the outcome. There is no deadline here: the port always
 * reports (ports/records.h), and until it does the record is its own. */
struct message_put_result letter_sink_put(struct letter_sink *sink, struct ctx *ctx);

/* What became of the put is told to the user's streams and to the notices port. */
void letter_sink_announce(struct letter_sink *sink, struct ctx *ctx);

/* Removes an object for which no record was stored. Blocks. */
void letter_sink_discard(struct letter_sink *sink, struct ctx *ctx);

/* Removes the object of a letter that has no record. One that stays is an orphan, which the sweep
 * removes later: a failure is logged, no more. */
void letter_sink_remove_object(struct core *core, struct ctx *ctx, const struct uuid *id);

/* Aborts what is unfinished, cleanses, frees. A zeroed struct is legal. */
void letter_sink_fini(struct letter_sink *sink);

#endif
