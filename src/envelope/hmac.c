#include "envelope/hmac.h"

#include "base/mem.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>

/* Digests fail for lack of memory only; see base/mem.h. */
static void require(int ok)
{
    if (ok != 1)
        abort();
}

static EVP_MD_CTX *new_digest(void)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx == NULL)
        abort();
    return ctx;
}

void hmac_init(struct hmac *h, const EVP_MD *digest)
{
    *h = (struct hmac){new_digest(), new_digest(), new_digest(), digest};
}

void hmac_fini(struct hmac *h)
{
    EVP_MD_CTX_free(h->inner);
    EVP_MD_CTX_free(h->outer);
    EVP_MD_CTX_free(h->work);
    *h = (struct hmac){0};
}

static void set_pad(EVP_MD_CTX *ctx, const EVP_MD *digest, struct bytes key, uint8_t pad)
{
    uint8_t block[HMAC_BLOCK_BYTES];
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = i < key.n ? key.p[i] ^ pad : pad;
    require(EVP_DigestInit_ex2(ctx, digest, NULL));
    require(EVP_DigestUpdate(ctx, block, sizeof block));
    mem_cleanse(block, sizeof block);
}

void hmac_set_key(struct hmac *h, struct bytes key)
{
    assert(key.n <= HMAC_BLOCK_BYTES);
    set_pad(h->inner, h->digest, key, 0x36);
    set_pad(h->outer, h->digest, key, 0x5c);
}

void hmac_compute(struct hmac *h, const struct bytes *parts, size_t count, uint8_t *out)
{
    uint8_t inner[HMAC_MAX_OUTPUT_BYTES];
    unsigned n = 0;
    require(EVP_MD_CTX_copy_ex(h->work, h->inner));
    for (size_t i = 0; i < count; i++)
        require(EVP_DigestUpdate(h->work, parts[i].p, parts[i].n));
    require(EVP_DigestFinal_ex(h->work, inner, &n));
    require(EVP_MD_CTX_copy_ex(h->work, h->outer));
    require(EVP_DigestUpdate(h->work, inner, n));
    require(EVP_DigestFinal_ex(h->work, out, NULL));
    mem_cleanse(inner, sizeof inner);
}
