#include "base/digest.h"

#include "base/threads.h"

#include <openssl/evp.h>
#include <stdlib.h>

static EVP_MD *sha256;
static struct once fetched = ONCE_INIT;

/* Implicit fetching would look the algorithm up in every call (OpenSSL 3, crypto(7)). */
static void fetch_sha256(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (sha256 == NULL)
        abort();
}

void digest_sha256(struct bytes data, uint8_t out[DIGEST_SHA256_BYTES])
{
    once_run(&fetched, fetch_sha256);
    if (EVP_Digest(data.p, data.n, out, NULL, sha256, NULL) != 1)
        abort();
}

void digest_init(struct digest *d)
{
    once_run(&fetched, fetch_sha256);
    d->state = EVP_MD_CTX_new();
    if (d->state == NULL || EVP_DigestInit_ex2(d->state, sha256, NULL) != 1)
        abort();
}

void digest_add(struct digest *d, struct bytes data)
{
    if (EVP_DigestUpdate(d->state, data.p, data.n) != 1)
        abort();
}

void digest_finish(struct digest *d, uint8_t out[DIGEST_SHA256_BYTES])
{
    if (EVP_DigestFinal_ex(d->state, out, NULL) != 1)
        abort();
    digest_fini(d);
}

void digest_fini(struct digest *d)
{
    EVP_MD_CTX_free(d->state);
    d->state = NULL;
}
