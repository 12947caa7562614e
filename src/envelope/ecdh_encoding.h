/* The exchange forms of P-256 keys: SubjectPublicKeyInfo (RFC 5480) and PKCS#8 (RFC 5958, RFC
 * 5915), as DER and PEM (RFC 7468). */
#ifndef LETTERLOCK_ENVELOPE_ECDH_ENCODING_H
#define LETTERLOCK_ENVELOPE_ECDH_ENCODING_H

#include "envelope/ecdh_key.h"

#define ECDH_ENCODING_MAX_BYTES 4096u /* longest input that the readers take */

/* Reads DER SubjectPublicKeyInfo of a named-curve P-256 key, point compressed (59 bytes) or not
 * (91 bytes), nothing behind it. ERR_INVALID_FIELD on anything else. */
enum err ecdh_encoding_read_spki(struct bytes der, struct ecdh_public *out) MUST_CHECK;

/* Appends DER SubjectPublicKeyInfo with the uncompressed point, 91 bytes: what the AWS SDK takes.
 */
void ecdh_encoding_write_spki(const struct ecdh_public *public, struct buffer *out);

/* Reads PKCS#8, unencrypted, P-256 as a named curve, nothing behind it, DER or PEM (text before the
 * PEM block is skipped). The public key is computed; one that the input holds must agree.
 * ERR_INVALID_FIELD on anything else. */
enum err ecdh_encoding_read_pkcs8(struct bytes der, struct ecdh_key *out) MUST_CHECK;
enum err ecdh_encoding_read_pem(struct bytes pem, struct ecdh_key *out) MUST_CHECK;

/* Appends unencrypted PKCS#8, DER (138 bytes) or PEM. The caller's buffer then holds a secret. */
void ecdh_encoding_write_pkcs8(const struct ecdh_key *key, struct buffer *out);
void ecdh_encoding_write_pem(const struct ecdh_key *key, struct buffer *out);

#endif
