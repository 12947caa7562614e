/* What a letter is made of, and the start of every letter that we seal: for letters that come in
 * one request (letter_send.h) and in several (uploads.h). */
#ifndef LETTERLOCK_CORE_LETTER_DRAFT_H
#define LETTERLOCK_CORE_LETTER_DRAFT_H

#include "core/letter_idempotency.h"
#include "core/letter_sink.h"
#include "envelope/sealer.h"

#define LETTER_DRAFT_EXPIRES_MAX_S ((int64_t)10 * 366 * 24 * 60 * 60)

/* What a letter is made of. Everything is borrowed during the call only. */
struct letter_draft {
    struct bytes to; /* username or id */
    struct bytes text;
    bool has_file;
    struct bytes file_name;
    struct bytes media_type; /* anything; what is no media type becomes application/octet-stream */
    bool copy;               /* may the sender open it too? */
    int64_t expires_in_s;    /* 0: the server's default */
    struct bytes idempotency_key; /* empty, or 1..RECORDS_IDEMPOTENCY_KEY_BYTES bytes */
};

/* Checks text and file name: ERR_EMPTY_LETTER, ERR_TEXT_TOO_LONG, ERR_INVALID_FIELD,
 * ERR_INVALID_FILE_NAME. */
enum err letter_draft_check(struct ctx *ctx, const struct letter_draft *draft) MUST_CHECK;

/* Finds the recipient, with the reference of the present key. ERR_UNKNOWN_RECIPIENT;
 * ERR_INVALID_FIELD for the expiry. */
enum err letter_draft_recipient(struct core *core, struct ctx *ctx,
                                const struct letter_draft *draft,
                                struct user_record *recipient) MUST_CHECK;

/* Appends the plaintext up to the first byte of the file, dated now. Errors of manifest_write. */
enum err letter_draft_manifest(const struct ctx *ctx, const struct letter_draft *draft,
                               struct buffer *out) MUST_CHECK;

/* Makes and wraps the data key of the letter in sink, whose record has its id, and writes its
 * header; copy: for the sender, too. data_key may be NULL; the caller cleanses it, and ends sealer
 * in any case. ERR_UNKNOWN_RECIPIENT. */
enum err letter_draft_seal(struct letter_sink *sink, struct ctx *ctx, bool copy,
                           struct sealer *sealer, struct secret *data_key) MUST_CHECK;

/* Add what is asked for to the fingerprint: to whom and for how long; then the parts. */
void letter_draft_fingerprint_way(const struct letter_draft *draft, const struct uuid *recipient_id,
                                  struct letter_idempotency *idempotency);
void letter_draft_fingerprint_parts(const struct letter_draft *draft,
                                    struct letter_idempotency *idempotency);

#endif
