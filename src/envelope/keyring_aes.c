#include "envelope/keyring_aes.h"

#include "envelope/fixed_inputs.h"
#include "envelope/gcm.h"

#include "base/cursor.h"
#include "base/random.h"

#include <string.h>

#define TAG_BITS 128u
#define INFO_TAIL_BYTES (4u + 4u + KEYRING_AES_IV_BYTES)

static const uint8_t info_lengths[8] = {0, 0, 0, TAG_BITS, 0, 0, 0, KEYRING_AES_IV_BYTES};

struct edk keyring_aes_edk_view(const struct keyring_aes_edk *e)
{
    return (struct edk){
        .provider = e->provider,
        .info = bytes_of(e->info, e->info_length),
        .ciphertext = bytes_of(e->ciphertext, sizeof e->ciphertext),
    };
}

enum err keyring_aes_wrap_fixed(const struct keyring_aes_key *key, struct bytes aad,
                                const struct secret *data_key,
                                const uint8_t iv[KEYRING_AES_IV_BYTES], struct keyring_aes_edk *out)
{
    if (bytes_equal_str(key->provider, "aws-kms") || key->name.n == 0 ||
        key->name.n > KEYRING_AES_MAX_NAME_BYTES)
        return ERR_INVALID_FIELD;
    out->provider = key->provider;
    uint8_t *p = out->info;
    memcpy(p, key->name.p, key->name.n);
    p += key->name.n;
    memcpy(p, info_lengths, sizeof info_lengths);
    p += sizeof info_lengths;
    memcpy(p, iv, KEYRING_AES_IV_BYTES);
    out->info_length = key->name.n + INFO_TAIL_BYTES;
    struct gcm gcm;
    gcm_init(&gcm, GCM_SEAL, key->key);
    gcm_start(&gcm, iv);
    gcm_aad(&gcm, aad);
    gcm_update(&gcm, secret_bytes(data_key), out->ciphertext);
    gcm_tag(&gcm, out->ciphertext + SECRET_BYTES);
    gcm_fini(&gcm);
    return ERR_OK;
}

enum err keyring_aes_wrap(const struct keyring_aes_key *key, struct bytes aad,
                          const struct secret *data_key, struct keyring_aes_edk *out)
{
    uint8_t iv[KEYRING_AES_IV_BYTES];
    random_bytes(iv, sizeof iv);
    return keyring_aes_wrap_fixed(key, aad, data_key, iv, out);
}

/* The IV in the info of an EDK of this key; false when it is another key's or has other
 * parameters. */
static bool match(const struct edk *edk, const struct keyring_aes_key *key, struct bytes *iv)
{
    if (!bytes_equal(edk->provider, key->provider))
        return false;
    struct cursor c = cursor_of(edk->info);
    struct bytes name = cursor_take(&c, key->name.n);
    struct bytes lengths = cursor_take(&c, sizeof info_lengths);
    *iv = cursor_take(&c, KEYRING_AES_IV_BYTES);
    return cursor_at_end(&c) && bytes_equal(name, key->name) &&
           bytes_equal(lengths, bytes_of(info_lengths, sizeof info_lengths));
}

static enum envelope_reason unwrap(const struct edk *edk, const struct secret *key, struct bytes iv,
                                   struct bytes aad, struct secret *data_key)
{
    if (edk->ciphertext.n != KEYRING_AES_CIPHERTEXT_BYTES)
        return ENVELOPE_REASON_EDK_CIPHERTEXT_LENGTH;
    struct secret candidate;
    struct gcm gcm;
    gcm_init(&gcm, GCM_OPEN, key);
    gcm_start(&gcm, iv.p);
    gcm_aad(&gcm, aad);
    gcm_update(&gcm, bytes_slice(edk->ciphertext, 0, SECRET_BYTES), candidate.b);
    bool ok = gcm_check(&gcm, edk->ciphertext.p + SECRET_BYTES);
    if (ok)
        *data_key = candidate;
    gcm_fini(&gcm);
    secret_fini(&candidate);
    return ok ? ENVELOPE_REASON_NONE : ENVELOPE_REASON_EDK_TAG;
}

enum err keyring_aes_unwrap(const struct header *header, const struct keyring_aes_key *key,
                            struct secret *data_key, enum envelope_reason *reason)
{
    enum envelope_reason last = ENVELOPE_REASON_NO_MATCHING_EDK;
    for (size_t i = 0; i < header->edk_count; i++) {
        struct bytes iv;
        if (!match(&header->edks[i], key, &iv))
            continue;
        last = unwrap(&header->edks[i], key->key, iv, header->aad, data_key);
        if (last == ENVELOPE_REASON_NONE)
            break;
    }
    return envelope_reason_set(reason, last);
}
