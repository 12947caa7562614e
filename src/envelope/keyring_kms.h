/* The pure part of the AWS KMS keyring (message format, section 6): which EDK to send to KMS, and
 * whether its answer may be used. The calls themselves belong to the adapter. */
#ifndef LETTERLOCK_ENVELOPE_KEYRING_KMS_H
#define LETTERLOCK_ENVELOPE_KEYRING_KMS_H

#include "base/secret.h"
#include "envelope/header.h"

/* An EDK of a key (its ARN as KMS gave it in KeyId, never an alias) and a CiphertextBlob. Borrows
 * both. */
struct edk keyring_kms_edk(struct bytes key_arn, struct bytes ciphertext_blob);

/* Finds the next EDK of exactly this ARN at or after *index and moves *index behind it; *out
 * borrows from header. False when there is no further one. A caller starts with *index = 0, sends
 * the ciphertext to KMS and goes on when KMS denies it; ERR_NOT_FOR_US is the answer when none is
 * left. */
bool keyring_kms_find(const struct header *header, struct bytes key_arn, size_t *index,
                      struct edk *out);

/* Takes the answer of Decrypt or GenerateDataKey: key_id must be key_arn
 * (ENVELOPE_REASON_KMS_KEY_ID) and the plaintext 32 bytes (ENVELOPE_REASON_KMS_DATA_KEY_LENGTH),
 * which are copied to *data_key. reason may be NULL. */
enum err keyring_kms_accept(struct bytes key_arn, struct bytes key_id, struct bytes plaintext,
                            struct secret *data_key, enum envelope_reason *reason) MUST_CHECK;

#endif
