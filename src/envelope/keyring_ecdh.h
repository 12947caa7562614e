/* The `raw-ecdh` keyring on P-256 (message format, sections 5, 5.1 and 8): wraps a data key so that
 * the recipient, and with a long-term sender key the sender too, can unwrap it.
 *
 * The agreement (ecdh_key_agree) is apart from the wrapping, so that a caller may cache the shared
 * secret Z of a pair, in memory that is cleansed: wrapping then takes a few microseconds. */
#ifndef LETTERLOCK_ENVELOPE_KEYRING_ECDH_H
#define LETTERLOCK_ENVELOPE_KEYRING_ECDH_H

#include "envelope/ecdh_key.h"
#include "envelope/header.h"

#define KEYRING_ECDH_INFO_BYTES 75u
#define KEYRING_ECDH_CIPHERTEXT_BYTES 112u

/* A wrapped data key in storage of the caller. */
struct keyring_ecdh_edk {
    uint8_t info[KEYRING_ECDH_INFO_BYTES];
    uint8_t ciphertext[KEYRING_ECDH_CIPHERTEXT_BYTES];
};

/* e as an EDK for header_fields, borrowed from e. */
struct edk keyring_ecdh_edk_view(const struct keyring_ecdh_edk *e);

/* Wraps data_key under a Z that sender and recipient agree on, with a fresh nonce. aad is the
 * serialised encryption context of the message. With the sender's long-term key both sides can
 * open. */
void keyring_ecdh_wrap(const struct secret *z, const struct ecdh_point *sender,
                       const struct ecdh_point *recipient, struct bytes aad,
                       const struct secret *data_key, struct keyring_ecdh_edk *out);

/* The same with a fresh sender key that is forgotten at once: only the recipient can open, and
 * nothing tells who sealed. */
void keyring_ecdh_wrap_ephemeral(const struct ecdh_public *recipient, struct bytes aad,
                                 const struct secret *data_key, struct keyring_ecdh_edk *out);

/* Validates peer and agrees with it. ERR_INVALID_FIELD when peer is no valid point. */
enum err keyring_ecdh_agree(const struct ecdh_key *key, const struct ecdh_point *peer,
                            struct secret *z) MUST_CHECK;

/* The keys with which a reader tries to open: its present key pair and, after a rotation, earlier
 * ones. */
struct keyring_ecdh_keys {
    const struct ecdh_point *own; /* our public keys; borrowed */
    size_t count;
    /* Gives Z of own[index] and peer (not validated yet), computed or from a cache.
     * ERR_INVALID_FIELD means that peer is no valid point; any other error ends the unwrapping and
     * is passed on. */
    enum err (*agree)(void *arg, size_t index, const struct ecdh_point *peer, struct secret *z);
    void *arg;
};

/* Who is named by the EDK that was opened. */
struct keyring_ecdh_parties {
    struct ecdh_point sender; /* a letter is sender-verified when this is the sender's published
                                 long-term key: then only the two sides can have made it */
    struct ecdh_point recipient;
    size_t own_index; /* which of our keys */
    bool as_sender;   /* we opened by the sender field: this is our own copy */
};

/* Goes through the EDKs of header by the rules of section 8 and unwraps the first that works.
 * ERR_NOT_FOR_US when none names a key of ours; otherwise the reason of the last failure of one
 * that does. parties and reason may be NULL. *data_key is written on success only; secret_fini
 * cleanses it. It is confirmed only by opener_init. */
enum err keyring_ecdh_unwrap(const struct header *header, const struct keyring_ecdh_keys *keys,
                             struct secret *data_key, struct keyring_ecdh_parties *parties,
                             enum envelope_reason *reason) MUST_CHECK;

/* The same with one private key and no cache. */
enum err keyring_ecdh_unwrap_with_key(const struct header *header, const struct ecdh_key *key,
                                      struct secret *data_key, struct keyring_ecdh_parties *parties,
                                      enum envelope_reason *reason) MUST_CHECK;

#endif
