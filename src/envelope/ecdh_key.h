/* P-256 keys for the raw-ECDH keyring: private keys, validated public points, and the agreement
 * itself (SP 800-56A, ECC CDH; SEC 1 for the point forms). ecdh_encoding.h has DER and PEM.
 *
 * The agreement works on EC_POINTs directly: with EVP_PKEY, OpenSSL 3.0 spends as much again on
 * decoding and setting up as on the arithmetic. */
#ifndef LETTERLOCK_ENVELOPE_ECDH_KEY_H
#define LETTERLOCK_ENVELOPE_ECDH_KEY_H

#include "base/buffer.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/secret.h"

#define ECDH_POINT_BYTES 33u

/* A compressed point, 02 or 03 and x, as it stands in a message or a record: not validated. */
struct ecdh_point {
    uint8_t b[ECDH_POINT_BYTES];
};

/* A validated public key: on the curve, not the point at infinity. Only the functions below make
 * one. It keeps y, so that using it again costs no square root. */
struct ecdh_public {
    struct ecdh_point point;
    uint8_t y[32];
};

/* A private key and its public key. The bytes are secret: fini cleanses. */
struct ecdh_key {
    struct secret scalar; /* big-endian, 1..n-1 */
    struct ecdh_public public;
};

/* --- public keys --- */

/* Validates a compressed point. ERR_INVALID_FIELD when the prefix is not 02 or 03, x is not below p
 * or no such point exists (infinity has no such form). About a quarter of an agreement's cost. */
enum err ecdh_public_parse(const struct ecdh_point *point, struct ecdh_public *out) MUST_CHECK;

/* The same for a run of bytes, which must be 33 long. */
enum err ecdh_public_from_bytes(struct bytes compressed, struct ecdh_public *out) MUST_CHECK;

/* The uncompressed form, 04 | x | y, 65 bytes: validates and reads it, or appends it. */
enum err ecdh_public_from_uncompressed(struct bytes uncompressed,
                                       struct ecdh_public *out) MUST_CHECK;
void ecdh_public_write_uncompressed(const struct ecdh_public *public, struct buffer *out);

/* SHA-256 of the 33 bytes of the compressed point. */
void ecdh_public_fingerprint(const struct ecdh_point *point, uint8_t out[DIGEST_SHA256_BYTES]);

/* Compares public values; not in constant time. */
bool ecdh_point_equal(const struct ecdh_point *a, const struct ecdh_point *b);

/* The 33 bytes, borrowed. */
struct bytes ecdh_point_bytes(const struct ecdh_point *point);

/* --- private keys --- */

/* Makes a fresh key pair. */
void ecdh_key_generate(struct ecdh_key *out);

/* Takes a private scalar. ERR_INVALID_FIELD unless it is 1..n-1. */
enum err ecdh_key_from_scalar(const struct secret *scalar, struct ecdh_key *out) MUST_CHECK;

/* Cleanses. A zeroed struct is legal. */
void ecdh_key_fini(struct ecdh_key *key);

/* Z, the x coordinate of key * peer. secret_fini cleanses it. The costly part of wrapping and
 * unwrapping: about 40 us. */
void ecdh_key_agree(const struct ecdh_key *key, const struct ecdh_public *peer, struct secret *z);

#endif
