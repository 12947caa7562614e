/* Any provider info and ciphertext as a raw-ecdh EDK. Input: a byte whose bits put our point into
 * the recipient or the sender field (or else hardly any input names us), then the length of the
 * info, then info and ciphertext. */
#include "fuzz.h"

#include "envelope/keyring_ecdh.h"

#include <string.h>

#define RECIPIENT_AT 5u
#define SENDER_AT 42u
#define INFO_MAX_BYTES 256u

static const struct ecdh_key *own_key(void)
{
    static struct ecdh_key key;
    static const struct secret scalar = {{1, 2, 3}};
    if (key.public.point.b[0] == 0)
        fuzz_require(ecdh_key_from_scalar(&scalar, &key) == ERR_OK);
    return &key;
}

static void put_own(uint8_t *info, size_t n, size_t at)
{
    if (n >= at + ECDH_POINT_BYTES)
        memcpy(info + at, own_key()->public.point.b, ECDH_POINT_BYTES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = bytes_of(data, size);
    uint8_t flags = fuzz_take_byte(&input);
    size_t info_length = fuzz_take_byte(&input);
    struct bytes raw = bytes_slice(input, 0, info_length);
    uint8_t info[INFO_MAX_BYTES];
    if (raw.n > 0)
        memcpy(info, raw.p, raw.n);
    if ((flags & 1) != 0)
        put_own(info, raw.n, RECIPIENT_AT);
    if ((flags & 2) != 0)
        put_own(info, raw.n, SENDER_AT);
    struct header header = {.edk_count = 1};
    header.edks[0] = (struct edk){BYTES_LIT("raw-ecdh"), bytes_of(info, raw.n),
                                  bytes_slice(input, raw.n, SIZE_MAX)};
    struct secret data_key;
    struct keyring_ecdh_parties parties;
    enum envelope_reason reason = ENVELOPE_REASON_NONE;
    enum err e = keyring_ecdh_unwrap_with_key(&header, own_key(), &data_key, &parties, &reason);
    /* A key commitment is not met by chance. */
    fuzz_require(e != ERR_OK && reason != ENVELOPE_REASON_NONE);
    return 0;
}
