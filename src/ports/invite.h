/* Invitations: codes that let one person sign up. Adapters keep their digests. */
#ifndef LETTERLOCK_PORTS_INVITE_H
#define LETTERLOCK_PORTS_INVITE_H

#include "base/arena.h"
#include "base/digest.h"

#define INVITE_TEXT_BYTES 32u /* 16 base32 characters in groups of 4, and the NUL */
#define INVITE_ID_BYTES 44u   /* the digest in base64url, and the NUL */
#define INVITE_LIFETIME_MS (INT64_C(14) * 24 * 3600 * 1000)

/* Makes an invitation of 80 random bits: its text, NUL-terminated, and its digest. */
void invite_make(char out[INVITE_TEXT_BYTES], uint8_t digest[DIGEST_SHA256_BYTES]);

/* Writes the digest of an invitation as a person typed it; false when it is none. */
bool invite_read(struct bytes typed, uint8_t digest[DIGEST_SHA256_BYTES]);

/* An invitation that is still good. The id names it to an operator and lets nobody in. */
struct invite {
    char id[INVITE_ID_BYTES];
    int64_t created_unix_ms;
    int64_t expires_unix_ms;
};

/* Writes the id of the invitation with that digest, NUL-terminated. */
void invite_id(const uint8_t digest[DIGEST_SHA256_BYTES], char out[INVITE_ID_BYTES]);

/* Writes the digest of the invitation with that id; false when it is none. */
bool invite_id_read(struct arena *arena, struct bytes id, uint8_t digest[DIGEST_SHA256_BYTES]);

#endif
