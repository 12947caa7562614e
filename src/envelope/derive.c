#include "envelope/derive.h"

#include "envelope/algorithms.h"
#include "envelope/hmac.h"

#include "base/mem.h"

#include <string.h>

/* HKDF-Expand to 32 bytes of one 64-byte block: HMAC(PRK, info || 01). */
static void expand(struct hmac *prk, struct bytes info, uint8_t out[SECRET_BYTES])
{
    static const uint8_t first_block = 1;
    struct bytes parts[] = {info, bytes_of(&first_block, 1)};
    uint8_t block[HMAC_MAX_OUTPUT_BYTES];
    hmac_compute(prk, parts, 2, block);
    memcpy(out, block, SECRET_BYTES);
    mem_cleanse(block, sizeof block);
}

void derive_init(struct derive_keys *out, const uint8_t message_id[HEADER_MESSAGE_ID_BYTES],
                 const struct secret *data_key)
{
    struct hmac hmac;
    hmac_init(&hmac, algorithms_get()->sha512);
    hmac_set_key(&hmac, bytes_of(message_id, HEADER_MESSAGE_ID_BYTES));
    struct bytes input = secret_bytes(data_key);
    uint8_t prk[HMAC_MAX_OUTPUT_BYTES];
    hmac_compute(&hmac, &input, 1, prk);
    hmac_set_key(&hmac, bytes_of(prk, sizeof prk));
    expand(&hmac, BYTES_LIT("COMMITKEY"), out->commitment);
    expand(&hmac,
           BYTES_LIT("\x04\x78"
                     "DERIVEKEY"),
           out->body.b);
    mem_cleanse(prk, sizeof prk);
    hmac_fini(&hmac);
}

void derive_fini(struct derive_keys *keys)
{
    mem_cleanse(keys, sizeof *keys);
}
