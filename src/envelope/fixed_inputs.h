/* The sealing functions with their random inputs given, for the test vectors. Nothing but tests
 * includes this: an id or a nonce used twice breaks the encryption. */
#ifndef LETTERLOCK_ENVELOPE_FIXED_INPUTS_H
#define LETTERLOCK_ENVELOPE_FIXED_INPUTS_H

#include "envelope/keyring_aes.h"
#include "envelope/keyring_ecdh.h"
#include "envelope/sealer.h"

#define KEYRING_ECDH_NONCE_BYTES 32u

/* As sealer_init, with the message id given. */
enum err sealer_init_fixed(struct sealer *s, const struct sealer_message *message,
                           const struct secret *data_key,
                           const uint8_t message_id[HEADER_MESSAGE_ID_BYTES],
                           struct buffer *header) MUST_CHECK;

/* As keyring_ecdh_wrap, with out->ciphertext[0..31] already holding the derivation nonce. */
void keyring_ecdh_wrap_fixed(const struct secret *z, const struct ecdh_point *sender,
                             const struct ecdh_point *recipient, struct bytes aad,
                             const struct secret *data_key, struct keyring_ecdh_edk *out);

/* As keyring_aes_wrap, with the IV given. */
enum err keyring_aes_wrap_fixed(const struct keyring_aes_key *key, struct bytes aad,
                                const struct secret *data_key,
                                const uint8_t iv[KEYRING_AES_IV_BYTES],
                                struct keyring_aes_edk *out) MUST_CHECK;

#endif
