/* The sealed key ring: how a password opens a user's private keys, on the server and in a client
 * that derives for itself. Pure functions; no state, no I/O.
 *
 *     master                = Argon2id(password, salt, costs), 32 bytes            (RFC 9106)
 *     authentication secret = HKDF-SHA256(master, info "letterlock authentication secret v1")
 *     wrapping key          = HKDF-SHA256(master, info "letterlock wrapping key v1")  (RFC 5869)
 *
 * A random ring key is sealed under the wrapping key (and under the recovery key); each private key
 * is sealed under the ring key. A sealed blob is
 *
 *     nonce, 12 random bytes | AES-256-GCM ciphertext | tag, 16 bytes
 *
 * with the additional data label || user id (16 bytes), so that a blob moved to another place or
 * another account does not open. */
#ifndef LETTERLOCK_CORE_KEY_RING_H
#define LETTERLOCK_CORE_KEY_RING_H

#include "base/buffer.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/uuid.h"

#define KEY_RING_SALT_BYTES 16u
#define KEY_RING_OVERHEAD_BYTES 28u /* nonce and tag */

/* Labels of sealed blobs. Other labels for other uses of the same construction are fine. */
#define KEY_RING_LABEL_RING_KEY "letterlock ring key v1"
#define KEY_RING_LABEL_PRIVATE_KEY "letterlock private key v1"

/* The costs that new accounts get (OWASP's first choice for Argon2id). */
#define KEY_RING_MEMORY_KIB 19456u
#define KEY_RING_PASSES 2u
#define KEY_RING_LANES 1u /* libsodium computes one lane only */

/* What costs may be at most: they can come from the other side. */
#define KEY_RING_MEMORY_KIB_MAX (1024u * 1024u)
#define KEY_RING_PASSES_MAX 16u

struct kdf_parameters {
    uint8_t salt[KEY_RING_SALT_BYTES];
    uint32_t memory_kib;
    uint32_t passes;
    uint32_t lanes;
};

/* Fresh parameters for a new password: a random salt and the costs above. */
struct kdf_parameters kdf_parameters_new(void);

/* True when the costs are such that key_ring_stretch will compute them. */
bool kdf_parameters_valid(const struct kdf_parameters *params);

/* Derives both secrets from password, whose bytes are taken as they are (UTF-8; a client normalises
 * to NFC before). Takes tens of milliseconds and memory_kib of memory: not on an event loop. Give
 * NULL for a result that is not wanted; the others are to be ended by secret_fini, also after an
 * error. ERR_INVALID_FIELD when the parameters are not valid, ERR_UNAVAILABLE when the system has
 * not that much memory. */
enum err key_ring_stretch(struct bytes password, const struct kdf_parameters *params,
                          struct secret *authentication_secret,
                          struct secret *wrapping_key) MUST_CHECK;

/* HKDF-SHA256 (RFC 5869) without salt, 32 bytes: a key for one use, which label (at most 64 bytes)
 * names, from 1 to 32 secret bytes. Aborts when OpenSSL fails, which takes lack of memory. */
void key_ring_derive(struct bytes from, const char *label, struct secret *out);

/* Appends the sealed form of plaintext (plaintext.n + KEY_RING_OVERHEAD_BYTES) to out; overflow of
 * out is sticky as always. Aborts when OpenSSL fails, which takes lack of memory. */
void key_ring_seal(const char *label, const struct uuid *user, const struct secret *key,
                   struct bytes plaintext, struct buffer *out);

/* Appends the plaintext of blob to out, whose buffer_fini cleanses it. False, with out as it was,
 * when blob is not what key_ring_seal made with the same label, user and key, or when out has no
 * room. */
bool key_ring_unseal(const char *label, const struct uuid *user, const struct secret *key,
                     struct bytes blob, struct buffer *out) MUST_CHECK;

/* key_ring_unseal of a 256-bit key. False also when blob holds another length. */
bool key_ring_unseal_secret(const char *label, const struct uuid *user, const struct secret *key,
                            struct bytes blob, struct secret *out) MUST_CHECK;

#endif
