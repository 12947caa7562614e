/* SHA-256 in one call (FIPS 180-4; OpenSSL EVP, fetched once). */
#ifndef LETTERLOCK_BASE_DIGEST_H
#define LETTERLOCK_BASE_DIGEST_H

#include "base/bytes.h"

#define DIGEST_SHA256_BYTES 32u

/* Writes the SHA-256 of data to out. Aborts when OpenSSL fails, which takes lack of memory. */
void digest_sha256(struct bytes data, uint8_t out[DIGEST_SHA256_BYTES]);

#endif
