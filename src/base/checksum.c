#include "base/checksum.h"

#include "base/threads.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* EVP takes lengths as int. */
#define PIECE_BYTES ((size_t)1 << 30)
#define IV_BYTES 12

static EVP_CIPHER *aes_256_gcm;
static EVP_CIPHER *aes_256_ecb;
static struct once fetched = ONCE_INIT;

static void fetch(void)
{
    aes_256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    aes_256_ecb = EVP_CIPHER_fetch(NULL, "AES-256-ECB", NULL);
    if (aes_256_gcm == NULL || aes_256_ecb == NULL)
        abort();
}

static void require(int result)
{
    if (result != 1)
        abort();
}

static void *start(const uint8_t key[CHECKSUM_KEY_BYTES])
{
    static const uint8_t iv[IV_BYTES];
    once_run(&fetched, fetch);
    EVP_CIPHER_CTX *gmac = EVP_CIPHER_CTX_new();
    if (gmac == NULL)
        abort();
    require(EVP_EncryptInit_ex2(gmac, aes_256_gcm, key, iv, NULL));
    return gmac;
}

static struct ghash finish(void *gmac)
{
    uint8_t none[1];
    int n = 0;
    struct ghash tag;
    require(EVP_EncryptFinal_ex(gmac, none, &n));
    require(EVP_CIPHER_CTX_ctrl(gmac, EVP_CTRL_AEAD_GET_TAG, CHECKSUM_BYTES, tag.b));
    return tag;
}

void checksum_init(struct checksum *c, const uint8_t key[CHECKSUM_KEY_BYTES])
{
    *c = (struct checksum){.gmac = start(key)};
}

static void update(struct checksum *c, struct bytes data)
{
    int n = 0;
    while (data.n > 0) {
        size_t piece = data.n < PIECE_BYTES ? data.n : PIECE_BYTES;
        require(EVP_EncryptUpdate(c->gmac, NULL, &n, data.p, (int)piece));
        data = bytes_slice(data, piece, data.n);
        c->bytes += piece;
    }
}

/* GHASH of a then b is GHASH of b with the hash of a added to its first block; c->bytes tells how
 * much of that hash has gone in. */
static struct bytes add_before(struct checksum *c, struct bytes data)
{
    while (c->before.bytes > 0 && c->bytes < GHASH_BYTES && data.n > 0) {
        uint8_t mixed = data.p[0] ^ c->before.sum.b[c->bytes];
        update(c, bytes_of(&mixed, 1));
        data = bytes_slice(data, 1, data.n);
    }
    return data;
}

void checksum_add(struct checksum *c, struct bytes data)
{
    update(c, add_before(c, data));
}

/* --- going on elsewhere --- */

/* GHASH ends with a block of the lengths in bits: additional data, which is all there is here, and
 * ciphertext. */
static struct ghash length_block(uint64_t bytes)
{
    struct ghash block = {{0}};
    for (unsigned i = 0; i < 8; i++)
        block.b[i] = (uint8_t)(bytes * 8 >> (56 - 8 * i));
    return block;
}

/* The hash key: the zero block, enciphered. */
static struct ghash hash_key(const uint8_t key[CHECKSUM_KEY_BYTES])
{
    static const uint8_t zero[GHASH_BYTES];
    struct ghash h;
    int n = 0;
    once_run(&fetched, fetch);
    EVP_CIPHER_CTX *ecb = EVP_CIPHER_CTX_new();
    if (ecb == NULL)
        abort();
    require(EVP_EncryptInit_ex2(ecb, aes_256_ecb, key, NULL, NULL));
    require(EVP_EncryptUpdate(ecb, h.b, &n, zero, GHASH_BYTES));
    EVP_CIPHER_CTX_free(ecb);
    return h;
}

void checksum_resume(struct checksum *c, const uint8_t key[CHECKSUM_KEY_BYTES],
                     const struct checksum_state *state)
{
    assert(state->bytes % GHASH_BYTES == 0);
    *c = (struct checksum){.gmac = start(key), .before = *state, .h = hash_key(key)};
}

void checksum_save(const struct checksum *c, const uint8_t key[CHECKSUM_KEY_BYTES],
                   struct checksum_state *out)
{
    assert(c->bytes % GHASH_BYTES == 0);
    *out = c->before;
    if (c->bytes == 0)
        return;
    EVP_CIPHER_CTX *copy = EVP_CIPHER_CTX_new();
    if (copy == NULL)
        abort();
    require(EVP_CIPHER_CTX_copy(copy, c->gmac));
    struct ghash tag = finish(copy);
    EVP_CIPHER_CTX_free(copy);
    /* tag = (sum + lengths) * h + mask, and the tag of nothing is the mask. */
    EVP_CIPHER_CTX *empty = start(key);
    struct ghash mask = finish(empty);
    EVP_CIPHER_CTX_free(empty);
    struct ghash sum = ghash_multiply(ghash_add(tag, mask), ghash_invert(hash_key(key)));
    out->sum = ghash_add(sum, length_block(c->bytes));
    out->bytes += c->bytes;
}

/* --- the end --- */

/* What is to be added to the tag of the bytes since then, for that of all. */
static struct ghash tag_of_before(struct checksum *c)
{
    static const uint8_t zero[GHASH_BYTES];
    uint64_t own = c->bytes;
    struct ghash missing = length_block(c->before.bytes + own);
    if (own == 0)
        return ghash_multiply(ghash_add(missing, c->before.sum), c->h);
    /* In case that too little came for the hash before to go in whole: GHASH pads with zeros. */
    (void)add_before(c, bytes_of(zero, own < GHASH_BYTES ? GHASH_BYTES - (size_t)own : 0));
    return ghash_multiply(ghash_add(missing, length_block(c->bytes)), c->h);
}

void checksum_finish(struct checksum *c, uint8_t out[CHECKSUM_BYTES])
{
    struct ghash before = {{0}};
    if (c->before.bytes > 0)
        before = tag_of_before(c);
    struct ghash tag = ghash_add(finish(c->gmac), before);
    memcpy(out, tag.b, CHECKSUM_BYTES);
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
