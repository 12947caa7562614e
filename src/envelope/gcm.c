#include "envelope/gcm.h"

#include "envelope/algorithms.h"

#include <assert.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static void require(int ok)
{
    if (ok != 1)
        abort();
}

void gcm_init(struct gcm *g, enum gcm_direction direction, const struct secret *key)
{
    g->ctx = EVP_CIPHER_CTX_new();
    if (g->ctx == NULL)
        abort();
    const EVP_CIPHER *cipher = algorithms_get()->aes_256_gcm;
    require(EVP_CipherInit_ex2(g->ctx, cipher, key->b, NULL, (int)direction, NULL));
}

void gcm_fini(struct gcm *g)
{
    EVP_CIPHER_CTX_free(g->ctx);
    *g = (struct gcm){0};
}

void gcm_start(struct gcm *g, const uint8_t iv[GCM_IV_BYTES])
{
    /* -1: the direction stays as it is. */
    require(EVP_CipherInit_ex2(g->ctx, NULL, NULL, iv, -1, NULL));
}

void gcm_aad(struct gcm *g, struct bytes aad)
{
    gcm_update(g, aad, NULL);
}

void gcm_update(struct gcm *g, struct bytes text, uint8_t *out)
{
    assert(text.n <= INT_MAX);
    if (text.n == 0)
        return;
    int written = 0;
    require(EVP_CipherUpdate(g->ctx, out, &written, text.p, (int)text.n));
    assert((size_t)written == text.n);
}

void gcm_tag(struct gcm *g, uint8_t tag[GCM_TAG_BYTES])
{
    uint8_t none[GCM_TAG_BYTES];
    int written = 0;
    require(EVP_CipherFinal_ex(g->ctx, none, &written));
    require(EVP_CIPHER_CTX_ctrl(g->ctx, EVP_CTRL_AEAD_GET_TAG, GCM_TAG_BYTES, tag));
}

bool gcm_check(struct gcm *g, const uint8_t tag[GCM_TAG_BYTES])
{
    uint8_t expected[GCM_TAG_BYTES];
    memcpy(expected, tag, sizeof expected);
    require(EVP_CIPHER_CTX_ctrl(g->ctx, EVP_CTRL_AEAD_SET_TAG, sizeof expected, expected));
    uint8_t none[GCM_TAG_BYTES];
    int written = 0;
    (void)ERR_set_mark();
    bool ok = EVP_CipherFinal_ex(g->ctx, none, &written) == 1;
    (void)ERR_pop_to_mark();
    return ok;
}
