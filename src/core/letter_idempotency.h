/* Telling a repeated request from a new one. The fingerprint of what was asked for rests in the
 * record, so it must not let a thief of the disk test guesses of a letter's content: it is keyed
 * with the Idempotency-Key itself, of which the record keeps only a digest. With a random key (a
 * UUID, as the API advises) both tell nothing. */
#ifndef LETTERLOCK_CORE_LETTER_IDEMPOTENCY_H
#define LETTERLOCK_CORE_LETTER_IDEMPOTENCY_H

#include "base/checksum.h"
#include "ports/records.h"

#define LETTER_IDEMPOTENCY_FIELDS_MAX 8u

/* Zeroed: no key was given, and nothing is computed. */
struct letter_idempotency {
    bool used;
    uint8_t stored_key[32];
    /* the fingerprint key, then the digest of each field */
    uint8_t digests[1 + LETTER_IDEMPOTENCY_FIELDS_MAX][32];
    size_t count;
    struct checksum content;
};

/* Starts for a key, which may be empty. To be ended by letter_idempotency_fini. */
void letter_idempotency_init(struct letter_idempotency *i, struct bytes key);

/* Adds one field of the request, of any content; their order counts, their number is fixed. */
void letter_idempotency_add(struct letter_idempotency *i, struct bytes field);

/* Adds a piece of the file, cut anywhere: a GMAC under the fingerprint key, because SHA-256 would
 * cost more than sealing. */
void letter_idempotency_content(struct letter_idempotency *i, struct bytes piece);

/* Writes key and fingerprint into put; the key is borrowed from i. */
void letter_idempotency_finish(struct letter_idempotency *i, struct message_put *put);

/* Cleanses. */
void letter_idempotency_fini(struct letter_idempotency *i);

#endif
