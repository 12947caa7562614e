#include "core/key_ring.h"

#include "base/mem.h"
#include "base/random.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { NONCE_BYTES = 12, TAG_BYTES = 16 };

_Static_assert(NONCE_BYTES + TAG_BYTES == KEY_RING_OVERHEAD_BYTES, "the blob's parts");
_Static_assert(KEY_RING_SALT_BYTES == crypto_pwhash_argon2id_SALTBYTES, "libsodium's salt");

struct kdf_parameters kdf_parameters_new(void)
{
    struct kdf_parameters params = {
        .memory_kib = KEY_RING_MEMORY_KIB, .passes = KEY_RING_PASSES, .lanes = KEY_RING_LANES};
    random_bytes(params.salt, sizeof params.salt);
    return params;
}

bool kdf_parameters_valid(const struct kdf_parameters *params)
{
    return params->memory_kib >= crypto_pwhash_argon2id_MEMLIMIT_MIN / 1024 &&
           params->memory_kib <= KEY_RING_MEMORY_KIB_MAX &&
           params->passes >= crypto_pwhash_argon2id_OPSLIMIT_MIN &&
           params->passes <= KEY_RING_PASSES_MAX && params->lanes == KEY_RING_LANES;
}

void key_ring_derive(struct bytes from, const char *label, struct secret *out)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
    char digest[] = "SHA256";
    struct secret key = {0};
    char info[64];
    struct bytes text = bytes_of_str(label);
    if (ctx == NULL || from.n == 0 || from.n > sizeof key.b || text.n > sizeof info)
        abort();
    memcpy(key.b, from.p, from.n);
    memcpy(info, text.p, text.n);

    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key.b, from.n),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, text.n),
        OSSL_PARAM_construct_end(),
    };
    if (EVP_KDF_derive(ctx, out->b, sizeof out->b, params) != 1)
        abort();
    secret_fini(&key);
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
}

enum err key_ring_stretch(struct bytes password, const struct kdf_parameters *params,
                          struct secret *authentication_secret, struct secret *wrapping_key)
{
    if (!kdf_parameters_valid(params))
        return ERR_INVALID_FIELD;
    if (sodium_init() < 0)
        return ERR_UNAVAILABLE;
    struct secret master;
    if (crypto_pwhash(master.b, sizeof master.b, (const char *)password.p, password.n, params->salt,
                      params->passes, (size_t)params->memory_kib * 1024,
                      crypto_pwhash_ALG_ARGON2ID13) != 0)
        return ERR_UNAVAILABLE;
    if (authentication_secret != NULL)
        key_ring_derive(secret_bytes(&master), "letterlock authentication secret v1",
                        authentication_secret);
    if (wrapping_key != NULL)
        key_ring_derive(secret_bytes(&master), "letterlock wrapping key v1", wrapping_key);
    secret_fini(&master);
    return ERR_OK;
}

static bool set_additional_data(EVP_CIPHER_CTX *ctx, const char *label, const struct uuid *user)
{
    int n = 0;
    return EVP_CipherUpdate(ctx, NULL, &n, (const uint8_t *)label, (int)strlen(label)) == 1 &&
           EVP_CipherUpdate(ctx, NULL, &n, user->b, sizeof user->b) == 1;
}

/* Started with key and nonce and the additional data taken in; for EVP_CIPHER_CTX_free. */
static EVP_CIPHER_CTX *start(const char *label, const struct uuid *user, const struct secret *key,
                             const uint8_t *nonce, bool seal)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (ctx == NULL || EVP_CipherInit_ex2(ctx, EVP_aes_256_gcm(), key->b, nonce, seal, NULL) != 1 ||
        !set_additional_data(ctx, label, user))
        abort();
    return ctx;
}

void key_ring_seal(const char *label, const struct uuid *user, const struct secret *key,
                   struct bytes plaintext, struct buffer *out)
{
    if (plaintext.n > INT_MAX - KEY_RING_OVERHEAD_BYTES) {
        out->overflow = true;
        return;
    }
    uint8_t *blob = buffer_reserve(out, plaintext.n + KEY_RING_OVERHEAD_BYTES);
    if (blob == NULL)
        return;
    random_bytes(blob, NONCE_BYTES);
    EVP_CIPHER_CTX *ctx = start(label, user, key, blob, true);
    uint8_t *text = blob + NONCE_BYTES;
    int n = 0;
    if ((plaintext.n > 0 && EVP_EncryptUpdate(ctx, text, &n, plaintext.p, (int)plaintext.n) != 1) ||
        EVP_EncryptFinal_ex(ctx, text + plaintext.n, &n) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, text + plaintext.n) != 1)
        abort();
    EVP_CIPHER_CTX_free(ctx);
    buffer_commit(out, plaintext.n + KEY_RING_OVERHEAD_BYTES);
}

bool key_ring_unseal(const char *label, const struct uuid *user, const struct secret *key,
                     struct bytes blob, struct buffer *out)
{
    if (blob.n < KEY_RING_OVERHEAD_BYTES || blob.n > INT_MAX)
        return false;
    struct bytes text = bytes_slice(blob, NONCE_BYTES, blob.n - KEY_RING_OVERHEAD_BYTES);
    uint8_t tag[TAG_BYTES];
    memcpy(tag, blob.p + blob.n - TAG_BYTES, TAG_BYTES);
    uint8_t *plaintext = text.n == 0 ? NULL : buffer_reserve(out, text.n);
    if (text.n > 0 && plaintext == NULL)
        return false;

    EVP_CIPHER_CTX *ctx = start(label, user, key, blob.p, false);
    uint8_t no_more[TAG_BYTES]; /* GCM is a stream: the last step gives no bytes */
    int n = 0;
    bool ok = (text.n == 0 || EVP_DecryptUpdate(ctx, plaintext, &n, text.p, (int)text.n) == 1) &&
              EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) == 1 &&
              EVP_DecryptFinal_ex(ctx, no_more, &n) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (ok)
        buffer_commit(out, text.n);
    else
        mem_cleanse(plaintext, text.n);
    return ok;
}

bool key_ring_unseal_secret(const char *label, const struct uuid *user, const struct secret *key,
                            struct bytes blob, struct secret *out)
{
    struct buffer plaintext;
    buffer_init(&plaintext, SECRET_BYTES);
    bool ok = key_ring_unseal(label, user, key, blob, &plaintext) && plaintext.n == SECRET_BYTES;
    if (ok)
        memcpy(out->b, plaintext.p, SECRET_BYTES);
    buffer_fini(&plaintext);
    return ok;
}
