/* SHA-256 (FIPS 180-4; OpenSSL EVP, fetched once). */
#ifndef LETTERLOCK_BASE_DIGEST_H
#define LETTERLOCK_BASE_DIGEST_H

#include "base/bytes.h"

#define DIGEST_SHA256_BYTES 32u

/* Writes the SHA-256 of data to out. Aborts when OpenSSL fails, which takes lack of memory. */
void digest_sha256(struct bytes data, uint8_t out[DIGEST_SHA256_BYTES]);

/* The same for data that comes in pieces. */
struct digest {
    void *state; /* OpenSSL's context, or NULL */
};

/* Starts; to be ended by digest_finish or digest_fini. */
void digest_init(struct digest *d);

void digest_add(struct digest *d, struct bytes data);

/* Writes the SHA-256 of everything added, and ends. */
void digest_finish(struct digest *d, uint8_t out[DIGEST_SHA256_BYTES]);

/* Ends without a result. A zeroed or finished struct is legal. */
void digest_fini(struct digest *d);

#endif
