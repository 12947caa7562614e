#include "base/digest.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

static EVP_MD *sha256;
static pthread_once_t sha256_once = PTHREAD_ONCE_INIT;

/* Implicit fetching would look the algorithm up in every call (OpenSSL 3, crypto(7)). */
static void fetch_sha256(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (sha256 == NULL)
        abort();
}

void digest_sha256(struct bytes data, uint8_t out[DIGEST_SHA256_BYTES])
{
    pthread_once(&sha256_once, fetch_sha256);
    if (EVP_Digest(data.p, data.n, out, NULL, sha256, NULL) != 1)
        abort();
}
