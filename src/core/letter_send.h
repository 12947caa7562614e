/* Sending a letter: from its parts, which are sealed here as they stream in, or as a message that
 * the client sealed itself.
 *
 *   letter_send_begin or letter_send_begin_sealed
 *   letter_send_write (0..n times)     the file, or the sealed message
 *   letter_send_seal                   the last frame; the letter's record is known now
 *   letter_send_store                  takes the send; the outcome comes when it is durable
 *
 * Small letters (sealed frames up to records.inline_max_bytes) never block where records and keys
 * are nonblocking, so that all of it may run on a loop thread. Others block for storage. */
#ifndef LETTERLOCK_CORE_LETTER_SEND_H
#define LETTERLOCK_CORE_LETTER_SEND_H

#include "core/letter_draft.h"

struct letter_send;

/* Resolves the recipient, checks the draft, makes and wraps the data key, starts to seal.
 * ERR_UNKNOWN_RECIPIENT, ERR_EMPTY_LETTER, ERR_TEXT_TOO_LONG, ERR_INVALID_FIELD (text is not UTF-8
 * or holds a NUL; expiry), ERR_INVALID_FILE_NAME, ERR_QUOTA_EXCEEDED. The send ends with
 * letter_send_store or letter_send_abort. */
enum err letter_send_begin(struct core *core, struct ctx *ctx, const struct letter_draft *draft,
                           struct letter_send **out) MUST_CHECK;

/* Starts to take a message that the client sealed: header || frames. Only to, expires_in_s and
 * idempotency_key of the draft count; without a key the letter's own id is it. The header is
 * checked once it is complete: its context must be exactly this letter's (a fresh UUID version 7,
 * the recipient, ctx->actor as the sender) and its data key wrapped for the recipient's present
 * key; the frames must be well-formed. ERR_SEALED_INVALID otherwise. */
enum err letter_send_begin_sealed(struct core *core, struct ctx *ctx,
                                  const struct letter_draft *draft,
                                  struct letter_send **out) MUST_CHECK;

/* Takes the next bytes, any number. ERR_LETTER_TOO_LARGE, ERR_QUOTA_EXCEEDED, ERR_SEALED_INVALID,
 * ERR_STORAGE_FULL; the send must then be aborted. */
enum err letter_send_write(struct letter_send *send, struct ctx *ctx, struct bytes data) MUST_CHECK;

/* Completes the sealed message, and its object where there is one. *letter is the record as it
 * will be stored, borrowed until letter_send_store; the names live as long as ctx and its actor. */
enum err letter_send_seal(struct letter_send *send, struct ctx *ctx,
                          const struct message_record **letter) MUST_CHECK;

/* What became of a letter. With duplicate, letter is an earlier one that was sent under the same
 * idempotency key, and nothing was stored now. letter is set for ERR_OK only. */
struct letter_outcome {
    enum err e;
    bool duplicate;
    const struct message_record *letter; /* borrowed during the call, names included */
};

/* Called once, from another thread or before letter_send_store returns. Must be short. */
typedef void (*letter_send_done)(void *arg, const struct letter_outcome *outcome);

/* Stores the sealed letter and tells everyone concerned. Takes the send. ctx, its arena and its
 * actor must live until done is called, and nothing of them is touched once it is. Blocks until
 * then unless the letter is small. */
void letter_send_store(struct letter_send *send, struct ctx *ctx, letter_send_done done, void *arg);

/* Takes the send; removes what was written. May block. NULL is legal. */
void letter_send_abort(struct letter_send *send);

#endif
