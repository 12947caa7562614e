/* Invitations: codes that let one person sign up. Adapters keep their digests. */
#ifndef LETTERLOCK_PORTS_INVITE_H
#define LETTERLOCK_PORTS_INVITE_H

#include "base/bytes.h"
#include "base/digest.h"

#define INVITE_TEXT_BYTES 32u /* 16 base32 characters in groups of 4, and the NUL */
#define INVITE_LIFETIME_MS (INT64_C(14) * 24 * 3600 * 1000)

/* Makes an invitation of 80 random bits: its text, NUL-terminated, and its digest. */
void invite_make(char out[INVITE_TEXT_BYTES], uint8_t digest[DIGEST_SHA256_BYTES]);

/* Writes the digest of an invitation as a person typed it; false when it is none. */
bool invite_read(struct bytes typed, uint8_t digest[DIGEST_SHA256_BYTES]);

#endif
