/* HMAC (RFC 2104) with SHA-384 or SHA-512, on two keyed digest states. In OpenSSL 3.0 an EVP_MAC
 * costs more to set up than these short messages cost to authenticate. */
#ifndef LETTERLOCK_ENVELOPE_HMAC_H
#define LETTERLOCK_ENVELOPE_HMAC_H

#include "base/bytes.h"

#include <openssl/types.h>

#define HMAC_BLOCK_BYTES 128u /* of SHA-384 and SHA-512 alike */
#define HMAC_MAX_OUTPUT_BYTES 64u

struct hmac {
    EVP_MD_CTX *inner; /* keyed, before the message; owned, as the others */
    EVP_MD_CTX *outer; /* keyed, before the inner digest */
    EVP_MD_CTX *work;
    const EVP_MD *digest;
};

/* Makes an HMAC over digest (algorithms_get()->sha384 or sha512), without a key yet. hmac_fini
 * cleanses and frees. */
void hmac_init(struct hmac *h, const EVP_MD *digest);

/* A zeroed struct is legal. */
void hmac_fini(struct hmac *h);

/* Sets the key, at most HMAC_BLOCK_BYTES long, in place of an earlier one. */
void hmac_set_key(struct hmac *h, struct bytes key);

/* Authenticates the parts one behind the other; out takes 48 or 64 bytes. The key stays set. */
void hmac_compute(struct hmac *h, const struct bytes *parts, size_t count, uint8_t *out);

#endif
