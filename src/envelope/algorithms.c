#include "envelope/algorithms.h"

#include "base/threads.h"

#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <stdlib.h>

static struct algorithms algorithms;
static struct once fetched = ONCE_INIT;

static void fetch_all(void)
{
    algorithms = (struct algorithms){
        .aes_256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL),
        .sha384 = EVP_MD_fetch(NULL, "SHA384", NULL),
        .sha512 = EVP_MD_fetch(NULL, "SHA512", NULL),
        .p256 = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1),
    };
    if (algorithms.aes_256_gcm == NULL || algorithms.sha384 == NULL || algorithms.sha512 == NULL ||
        algorithms.p256 == NULL)
        abort();
}

const struct algorithms *algorithms_get(void)
{
    once_run(&fetched, fetch_all);
    return &algorithms;
}
