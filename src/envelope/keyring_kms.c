#include "envelope/keyring_kms.h"

#include <string.h>

#define PROVIDER "aws-kms"

struct edk keyring_kms_edk(struct bytes key_arn, struct bytes ciphertext_blob)
{
    return (struct edk){BYTES_LIT(PROVIDER), key_arn, ciphertext_blob};
}

bool keyring_kms_find(const struct header *header, struct bytes key_arn, size_t *index,
                      struct edk *out)
{
    while (*index < header->edk_count) {
        const struct edk *edk = &header->edks[(*index)++];
        if (bytes_equal(edk->provider, BYTES_LIT(PROVIDER)) && bytes_equal(edk->info, key_arn)) {
            *out = *edk;
            return true;
        }
    }
    return false;
}

enum err keyring_kms_accept(struct bytes key_arn, struct bytes key_id, struct bytes plaintext,
                            struct secret *data_key, enum envelope_reason *reason)
{
    if (!bytes_equal(key_id, key_arn))
        return envelope_reason_set(reason, ENVELOPE_REASON_KMS_KEY_ID);
    if (plaintext.n != SECRET_BYTES)
        return envelope_reason_set(reason, ENVELOPE_REASON_KMS_DATA_KEY_LENGTH);
    memcpy(data_key->b, plaintext.p, SECRET_BYTES);
    return ERR_OK;
}
