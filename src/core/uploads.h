/* Letters whose file comes in several requests (tus 1.0.0): the bytes are sealed as they come, in
 * the frames of the letter that they will be, and each request goes on where the one before got to,
 * on whatever server.
 *
 *   uploads_create, or uploads_open   what is there of the file so far
 *   upload_write (0..n times)         the next bytes
 *   upload_settle                     everything taken is durable; the last one makes the letter
 *   upload_close
 *
 * The letter is made once: its id is the upload's, and storing it is create-only. Two requests may
 * be at one upload: each write to its record is refused to the one that did not see the last, and
 * what both wrote of the object before is the same bytes (upload_state.h). All of it blocks. */
#ifndef LETTERLOCK_CORE_UPLOADS_H
#define LETTERLOCK_CORE_UPLOADS_H

#include "core/letter_draft.h"
#include "core/upload_state.h"

/* No upload is older: its letter is finished by then, or it is gone. */
#define UPLOAD_LIFETIME_S (24 * 60 * 60)
/* Open uploads of one user; together they may declare what one user may keep. */
#define UPLOADS_OPEN_MAX 16u

struct upload;

struct upload_view {
    char name[UPLOAD_NAME_BYTES]; /* of its URL: holds the secret, not for logs */
    uint64_t offset;              /* bytes of the file that are here */
    uint64_t length;
    int64_t expires_unix_ms;
    bool done;
    struct uuid letter_id; /* once done */
};

/* True when this backend takes uploads. */
bool uploads_offered(const struct core *core);

/* Begins a letter with a file of length bytes. Besides the errors of letter_send_begin:
 * ERR_NOT_OFFERED, ERR_LETTER_TOO_LARGE, ERR_TOO_MANY_UPLOADS. A file of no bytes makes the letter
 * at once. */
enum err uploads_create(struct core *core, struct ctx *ctx, const struct letter_draft *draft,
                        uint64_t length, struct upload **out) MUST_CHECK;

/* Finds the actor's upload by its name. ERR_NOT_OFFERED, ERR_NOT_FOUND, ERR_UPLOAD_EXPIRED. */
enum err uploads_open(struct core *core, struct ctx *ctx, struct bytes name,
                      struct upload **out) MUST_CHECK;

struct upload_view upload_view(const struct upload *upload);

/* Takes the next bytes of the file. ERR_BODY_TOO_LARGE past its end, ERR_UPLOAD_CHANGED when they
 * differ from what came here before, ERR_UPLOAD_TAKEN_OVER, ERR_NOT_FOUND when it was deleted
 * meanwhile, ERR_STORAGE_FULL. After a failure the upload is to be closed; what was settled or is
 * older than some seconds stays. */
enum err upload_write(struct upload *upload, struct ctx *ctx, struct bytes data) MUST_CHECK;

/* Everything taken is durable now. When it is the whole file, so is the letter, and its recipient
 * knows: errors of message_put (ports/records.h), after which settling can be tried again. */
enum err upload_settle(struct upload *upload, struct ctx *ctx) MUST_CHECK;

/* Lets go; what was not settled may come again. NULL is legal. */
void upload_close(struct upload *upload);

/* Deletes the actor's upload, expired or not. ERR_CONFLICT once its letter is there. */
enum err uploads_delete(struct core *core, struct ctx *ctx, struct bytes name) MUST_CHECK;

/* Removes expired uploads and what they left, for core_sweep. *removed counts them. */
enum err uploads_sweep(struct core *core, struct ctx *ctx, size_t *removed) MUST_CHECK;

#endif
