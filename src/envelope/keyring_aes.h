/* The raw-AES keyring (message format, section 7): wraps a data key under a symmetric key. */
#ifndef LETTERLOCK_ENVELOPE_KEYRING_AES_H
#define LETTERLOCK_ENVELOPE_KEYRING_AES_H

#include "base/secret.h"
#include "envelope/header.h"

#define KEYRING_AES_MAX_NAME_BYTES 256u
#define KEYRING_AES_IV_BYTES 12u
#define KEYRING_AES_CIPHERTEXT_BYTES 48u

/* A named wrapping key; all borrowed. */
struct keyring_aes_key {
    struct bytes provider; /* the key's namespace, becomes the provider id; not "aws-kms" */
    struct bytes name;     /* 1..256 bytes */
    const struct secret *key;
};

/* A wrapped data key in storage of the caller. */
struct keyring_aes_edk {
    struct bytes provider; /* borrowed from the key */
    uint8_t info[KEYRING_AES_MAX_NAME_BYTES + 20];
    size_t info_length;
    uint8_t ciphertext[KEYRING_AES_CIPHERTEXT_BYTES];
};

/* e as an EDK for header_fields, borrowed from e. */
struct edk keyring_aes_edk_view(const struct keyring_aes_edk *e);

/* Wraps data_key with a fresh IV. ERR_INVALID_FIELD when the provider is "aws-kms" or the name's
 * length is out of its limits. */
enum err keyring_aes_wrap(const struct keyring_aes_key *key, struct bytes aad,
                          const struct secret *data_key, struct keyring_aes_edk *out) MUST_CHECK;

/* Unwraps the first EDK of this key that verifies. ERR_NOT_FOR_US when none names the key.
 * *data_key is written on success only. reason may be NULL. */
enum err keyring_aes_unwrap(const struct header *header, const struct keyring_aes_key *key,
                            struct secret *data_key, enum envelope_reason *reason) MUST_CHECK;

#endif
