/* Opening a letter with its owner's own credential: the manifest, and any range of its content, in
 * constant memory.
 *
 * Nothing leaves before its frame was verified, and nothing at all before the final frame was: a
 * message that was cut at the end of a frame is noticed first (message format, section 10). The
 * sealed bytes must say that they are this very letter between these very users. */
#ifndef LETTERLOCK_CORE_LETTER_READER_H
#define LETTERLOCK_CORE_LETTER_READER_H

#include "core/core.h"
#include "envelope/manifest.h"

struct letter_reader;

/* What the reader knows of an opened letter. Everything lives in the context's arena. */
struct letter_opened {
    struct message_record record;
    struct manifest manifest; /* media type and file name as the sender wrote them: see
                                 letter_file.h before passing them on */
    bool sender_verified;     /* proven now, not by the record */
    uint64_t content_bytes;   /* of the file or, without one, of the text */
};

/* Opens a letter of ctx->actor's: unwraps the data key, verifies header, manifest and final frame.
 * ERR_NOT_FOUND, ERR_ID_TOKEN_REQUIRED, ERR_KEY_LOST, ERR_NOT_FOR_US, ERR_LETTER_DAMAGED. *opened
 * (not NULL) is filled in. Blocks for letters with objects; ctx's arena outlives the reader. */
enum err letter_reader_open(struct core *core, struct ctx *ctx, const struct uuid *id,
                            struct letter_reader **out, struct letter_opened *opened) MUST_CHECK;

/* Sets out to read bytes [from, to) of the content, from <= to <= content_bytes. May be called
 * again. */
enum err letter_reader_seek(struct letter_reader *reader, struct ctx *ctx, uint64_t from,
                            uint64_t to) MUST_CHECK;

/* Gives the next verified bytes of the range, up to n; *got is 0 at its end only. After
 * ERR_LETTER_DAMAGED what was given must be thrown away. */
enum err letter_reader_read(struct letter_reader *reader, struct ctx *ctx, uint8_t *data, size_t n,
                            size_t *got) MUST_CHECK;

/* Takes the reader, cleanses its keys. NULL is legal. */
void letter_reader_close(struct letter_reader *reader);

#endif
