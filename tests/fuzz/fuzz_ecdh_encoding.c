/* Any bytes as a key file: PKCS#8, PEM, SubjectPublicKeyInfo, a bare point. */
#include "fuzz.h"

#include "envelope/ecdh_encoding.h"

/* A key that was read survives our own writing. */
static void check_key(struct ecdh_key *key)
{
    struct buffer out;
    struct ecdh_key again;
    buffer_init(&out, ECDH_ENCODING_MAX_BYTES);
    ecdh_encoding_write_pkcs8(key, &out);
    fuzz_require(ecdh_encoding_read_pkcs8(buffer_bytes(&out), &again) == ERR_OK);
    fuzz_require(secret_equal(&again.scalar, &key->scalar));
    fuzz_require(ecdh_point_equal(&again.public.point, &key->public.point));
    buffer_fini(&out);
    ecdh_key_fini(&again);
    ecdh_key_fini(key);
}

static void check_public(const struct ecdh_public *public)
{
    struct ecdh_public again;
    fuzz_require(ecdh_public_parse(&public->point, &again) == ERR_OK);
    fuzz_require(
        bytes_equal(bytes_of(again.y, sizeof again.y), bytes_of(public->y, sizeof public->y)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = bytes_of(data, size);
    struct ecdh_key key;
    struct ecdh_public public;
    if (ecdh_encoding_read_pkcs8(input, &key) == ERR_OK)
        check_key(&key);
    if (ecdh_encoding_read_pem(input, &key) == ERR_OK)
        check_key(&key);
    if (ecdh_encoding_read_spki(input, &public) == ERR_OK)
        check_public(&public);
    if (ecdh_public_from_bytes(input, &public) == ERR_OK)
        check_public(&public);
    if (ecdh_public_from_uncompressed(input, &public) == ERR_OK)
        check_public(&public);
    return 0;
}
