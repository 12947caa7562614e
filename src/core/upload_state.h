/* What must survive between the requests of one upload, and how it rests: sealed (key_ring_seal)
 * under a key that HKDF derives from a random secret, which exists only in the upload's URL. The
 * server's disk and the client's URL: either alone opens nothing.
 *
 * A frame is sealed under its number as IV, so it must never be sealed from two different texts,
 * whatever crashes between. Therefore the digests of the frames that come next are kept here,
 * durably, before any of them is sealed: bytes that come again must be the same. */
#ifndef LETTERLOCK_CORE_UPLOAD_STATE_H
#define LETTERLOCK_CORE_UPLOAD_STATE_H

#include "base/checksum.h"
#include "base/digest.h"
#include "base/secret.h"
#include "core/letter_idempotency.h"
#include "envelope/header.h"
#include "ports/objects.h"

#define UPLOAD_FRAME_BYTES HEADER_LETTER_FRAME_LENGTH
/* Plaintext that is sealed and made durable at once. */
#define UPLOAD_BATCH_BYTES (4u << 20)
#define UPLOAD_PROMISES_MAX (UPLOAD_BATCH_BYTES / UPLOAD_FRAME_BYTES + 1)
#define UPLOAD_NAME_BYTES (UUID_TEXT_BYTES + 1u + 43u) /* "id.secret" and the NUL */

struct upload_state {
    struct uuid id;   /* of the upload, its object and its letter */
    uint64_t version; /* of the record that holds this */

    /* the letter, as it was begun */
    struct secret data_key;
    uint8_t message_id[HEADER_MESSAGE_ID_BYTES];
    struct uuid recipient_id;
    char recipient_key[KEY_REFERENCE_BYTES];
    bool sender_can_open;
    bool sender_verified;
    int64_t expires_in_s;
    uint64_t manifest_bytes; /* of plaintext before the file */
    uint64_t length;         /* of the file */
    struct letter_idempotency idempotency;
    struct buffer header;

    /* how far it got */
    uint64_t plaintext_bytes;             /* sealed in whole frames, which are durable */
    struct checksum_state checksum;       /* of these frames */
    uint8_t content[DIGEST_SHA256_BYTES]; /* chain of the promises that these frames kept */
    struct object_draft_place place;
    size_t promise_count; /* of the frames that come next: SHA-256 of what each has of the file */
    uint8_t promises[UPLOAD_PROMISES_MAX][DIGEST_SHA256_BYTES];
    struct buffer plain; /* plaintext behind them; only its beginning is kept */

    /* the end */
    bool complete;                      /* the last frame too; place tells the whole size */
    uint8_t sealed_sum[CHECKSUM_BYTES]; /* of frames and header, once complete */
    bool done;                          /* stored, as … */
    struct uuid letter_id;
};

/* Makes an empty state. upload_state_fini in any case. */
void upload_state_init(struct upload_state *s);
void upload_state_fini(struct upload_state *s); /* cleanses */

/* The key that seals the state, from the secret of the URL. */
void upload_state_key(const struct secret *secret, struct secret *key);

/* Bytes of the file that are here. */
uint64_t upload_state_offset(const struct upload_state *s);

/* True when every byte of the file is here. */
bool upload_state_is_whole(const struct upload_state *s);

/* The offset that a sealed state shows. */
uint64_t upload_state_kept_offset(const struct upload_state *s);

/* Appends the sealed state, with at most a frame of plain. While the letter is not stored, the last
 * byte of the file is left out: only an upload whose letter is there shows the offset that clients
 * take for the end. */
void upload_state_seal(const struct upload_state *s, const struct secret *key, struct buffer *out);

/* Reads it into *s, which is initialised. False when it is not the state of that upload and version
 * or does not open under key. */
bool upload_state_open(struct upload_state *s, const struct uuid *id, uint64_t version,
                       const struct secret *key, struct bytes sealed);

/* An upload's name in its URL. */
void upload_name_write(const struct uuid *id, const struct secret *secret,
                       char out[UPLOAD_NAME_BYTES]);
bool upload_name_read(struct bytes name, struct uuid *id, struct secret *secret);

#endif
