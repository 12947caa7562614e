/* The stored bytes of one letter, header || frames, wherever they lie. */
#ifndef LETTERLOCK_CORE_LETTER_BYTES_H
#define LETTERLOCK_CORE_LETTER_BYTES_H

#include "core/core.h"

struct letter_bytes {
    const struct objects *objects;
    struct message_record record; /* with the header, and frames when inline; in the arena */
    struct object_reader *object;
    uint64_t size; /* of header and frames */
};

/* Finds a letter of ctx->actor's and opens its frames. ERR_NOT_FOUND; ERR_LETTER_DAMAGED when what
 * is stored has another length than the record says. May block unless the letter is small. Call
 * letter_bytes_fini in any case. */
enum err letter_bytes_init(struct letter_bytes *b, struct core *core, struct ctx *ctx,
                           const struct uuid *id) MUST_CHECK;

/* Gives the bytes [offset, offset + n) of header || frames, where they exist: borrowed from the
 * record, or read into scratch, whose content they replace. ERR_LETTER_DAMAGED when an object ends
 * early. */
enum err letter_bytes_get(struct letter_bytes *b, struct ctx *ctx, uint64_t offset, size_t n,
                          struct buffer *scratch, struct bytes *out) MUST_CHECK;

/* A zeroed struct is legal. */
void letter_bytes_fini(struct letter_bytes *b);

#endif
