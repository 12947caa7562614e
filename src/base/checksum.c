#include "base/checksum.h"

#include "base/threads.h"

#include <openssl/evp.h>
#include <stdlib.h>

/* EVP takes lengths as int. */
#define PIECE_BYTES ((size_t)1 << 30)
#define IV_BYTES 12

static EVP_CIPHER *aes_256_gcm;
static struct once fetched = ONCE_INIT;

static void fetch(void)
{
    aes_256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    if (aes_256_gcm == NULL)
        abort();
}

static void require(int result)
{
    if (result != 1)
        abort();
}

void checksum_init(struct checksum *c, const uint8_t key[CHECKSUM_KEY_BYTES])
{
    static const uint8_t iv[IV_BYTES];
    once_run(&fetched, fetch);
    c->gmac = EVP_CIPHER_CTX_new();
    if (c->gmac == NULL)
        abort();
    require(EVP_EncryptInit_ex2(c->gmac, aes_256_gcm, key, iv, NULL));
}

void checksum_add(struct checksum *c, struct bytes data)
{
    int n = 0;
    while (data.n > 0) {
        size_t piece = data.n < PIECE_BYTES ? data.n : PIECE_BYTES;
        require(EVP_EncryptUpdate(c->gmac, NULL, &n, data.p, (int)piece));
        data = bytes_slice(data, piece, data.n);
    }
}

void checksum_finish(struct checksum *c, uint8_t out[CHECKSUM_BYTES])
{
    uint8_t none[1];
    int n = 0;
    require(EVP_EncryptFinal_ex(c->gmac, none, &n));
    require(EVP_CIPHER_CTX_ctrl(c->gmac, EVP_CTRL_AEAD_GET_TAG, CHECKSUM_BYTES, out));
    checksum_fini(c);
}

void checksum_fini(struct checksum *c)
{
    EVP_CIPHER_CTX_free(c->gmac);
    c->gmac = NULL;
}

void checksum_of(const uint8_t key[CHECKSUM_KEY_BYTES], struct bytes data,
                 uint8_t out[CHECKSUM_BYTES])
{
    struct checksum c;
    checksum_init(&c, key);
    checksum_add(&c, data);
    checksum_finish(&c, out);
}
