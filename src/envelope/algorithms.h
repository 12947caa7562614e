/* The OpenSSL algorithms of this room, fetched once for the life of the process: a fetch by name in
 * every operation would cost more than the operation (OpenSSL 3, crypto(7)). */
#ifndef LETTERLOCK_ENVELOPE_ALGORITHMS_H
#define LETTERLOCK_ENVELOPE_ALGORITHMS_H

#include <openssl/ec.h>

struct algorithms {
    EVP_CIPHER *aes_256_gcm;
    EVP_MD *sha384;
    EVP_MD *sha512;
    EC_GROUP *p256; /* only ever passed as const */
};

/* The algorithms, ready to use from any thread. Aborts when OpenSSL lacks one. */
const struct algorithms *algorithms_get(void) __attribute__((returns_nonnull));

#endif
