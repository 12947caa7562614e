#include "embedded/totp.h"

#include "base/mem.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>

#define MS_PER_STEP (INT64_C(1000) * TOTP_STEP_S)
#define MODULUS 1000000u /* 10 to the TOTP_DIGITS */
#define SHA1_BYTES 20u

void totp_code(struct bytes secret, int64_t step, char out[TOTP_DIGITS + 1])
{
    uint8_t counter[8];
    uint8_t hash[SHA1_BYTES];
    unsigned n = 0;
    for (size_t i = 0; i < sizeof counter; i++)
        counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
    if (HMAC(EVP_sha1(), secret.p, (int)secret.n, counter, sizeof counter, hash, &n) == NULL ||
        n != SHA1_BYTES)
        abort();
    /* Dynamic truncation (RFC 4226, section 5.3). */
    const uint8_t *at = hash + (hash[SHA1_BYTES - 1] & 0x0f);
    uint32_t number = (uint32_t)(at[0] & 0x7f) << 24 | (uint32_t)at[1] << 16 |
                      (uint32_t)at[2] << 8 | (uint32_t)at[3];
    (void)snprintf(out, TOTP_DIGITS + 1, "%06u", (unsigned)(number % MODULUS));
    mem_cleanse(hash, sizeof hash);
}

bool totp_find_step(struct bytes secret, struct bytes code, int64_t now_unix_ms, int64_t last_step,
                    int64_t *step)
{
    int64_t present = now_unix_ms / MS_PER_STEP;
    bool found = false;
    for (int64_t s = present - 1; s <= present + 1; s++) {
        char right[TOTP_DIGITS + 1];
        totp_code(secret, s, right);
        if (bytes_equal_secret(bytes_of(right, TOTP_DIGITS), code) && s > last_step) {
            *step = s;
            found = true;
        }
        mem_cleanse(right, sizeof right);
    }
    return found;
}
