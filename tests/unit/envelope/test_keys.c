/* P-256 keys, their exchange forms, and the raw-ECDH keyring beyond the vectors. */
#include "cmocka_all.h"

#include "base/mem.h"
#include "envelope/ecdh_encoding.h"
#include "envelope/keyring_ecdh.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

static void keeps_keys_through_all_forms(void **state)
{
    (void)state;
    struct ecdh_key key;
    struct ecdh_key back;
    struct buffer out;
    buffer_init(&out, 1000);
    for (int i = 0; i < 20; i++) {
        ecdh_key_generate(&key);
        buffer_clear(&out);
        ecdh_encoding_write_pkcs8(&key, &out);
        assert_int_equal(out.n, 138);
        assert_int_equal(ecdh_encoding_read_pkcs8(buffer_bytes(&out), &back), ERR_OK);
        assert_memory_equal(&back, &key, sizeof key);
        buffer_clear(&out);
        ecdh_encoding_write_pem(&key, &out);
        assert_int_equal(ecdh_encoding_read_pem(buffer_bytes(&out), &back), ERR_OK);
        assert_memory_equal(&back, &key, sizeof key);
        buffer_clear(&out);
        ecdh_encoding_write_spki(&key.public, &out);
        assert_int_equal(out.n, 91);
        struct ecdh_public public;
        assert_int_equal(ecdh_encoding_read_spki(buffer_bytes(&out), &public), ERR_OK);
        assert_memory_equal(&public, &key.public, sizeof public);
        assert_int_equal(ecdh_public_parse(&key.public.point, &public), ERR_OK);
        assert_memory_equal(&public, &key.public, sizeof public);
    }
    buffer_fini(&out);
    ecdh_key_fini(&key);
    ecdh_key_fini(&back);
}

/* OpenSSL's own encoder and ours agree, also on the form without the public key. */
static void reads_what_openssl_writes(void **state)
{
    (void)state;
    EVP_PKEY *pkey = EVP_EC_gen("P-256");
    assert_non_null(pkey);
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
    uint8_t *der = NULL;
    int n = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
    struct ecdh_key key;
    assert_int_equal(ecdh_encoding_read_pkcs8(bytes_of(der, (size_t)n), &key), ERR_OK);
    struct buffer out;
    buffer_init(&out, 1000);
    ecdh_encoding_write_pkcs8(&key, &out);
    assert_true(bytes_equal(buffer_bytes(&out), bytes_of(der, (size_t)n)));

    static const uint8_t before[] = {0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07,
                                     0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08,
                                     0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04,
                                     0x27, 0x30, 0x25, 0x02, 0x01, 0x01, 0x04, 0x20};
    buffer_clear(&out);
    buffer_append(&out, bytes_of(before, sizeof before));
    buffer_append(&out, secret_bytes(&key.scalar));
    struct ecdh_key bare;
    assert_int_equal(ecdh_encoding_read_pkcs8(buffer_bytes(&out), &bare), ERR_OK);
    assert_memory_equal(&bare, &key, sizeof key);

    uint8_t *spki = NULL;
    int spki_n = i2d_PUBKEY(pkey, &spki);
    buffer_clear(&out);
    ecdh_encoding_write_spki(&key.public, &out);
    assert_true(bytes_equal(buffer_bytes(&out), bytes_of(spki, (size_t)spki_n)));
    OPENSSL_free(spki);
    OPENSSL_free(der);
    PKCS8_PRIV_KEY_INFO_free(info);
    EVP_PKEY_free(pkey);
    buffer_fini(&out);
}

static void check_other_key(const char *curve)
{
    EVP_PKEY *pkey = curve == NULL ? EVP_PKEY_Q_keygen(NULL, NULL, "X25519") : EVP_EC_gen(curve);
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
    uint8_t *der = NULL;
    int n = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
    struct ecdh_key key;
    assert_int_equal(ecdh_encoding_read_pkcs8(bytes_of(der, (size_t)n), &key), ERR_INVALID_FIELD);
    OPENSSL_free(der);
    PKCS8_PRIV_KEY_INFO_free(info);
    uint8_t *spki = NULL;
    n = i2d_PUBKEY(pkey, &spki);
    struct ecdh_public public;
    assert_int_equal(ecdh_encoding_read_spki(bytes_of(spki, (size_t)n), &public),
                     ERR_INVALID_FIELD);
    OPENSSL_free(spki);
    EVP_PKEY_free(pkey);
}

static void refuses_other_keys(void **state)
{
    (void)state;
    check_other_key("P-384");
    check_other_key("secp256k1");
    check_other_key(NULL);
}

/* Every single bit of a key file matters, save those that only say how it is encoded: whatever is
 * still taken is the same key. */
static void refuses_damaged_key_files(void **state)
{
    (void)state;
    struct ecdh_key key;
    struct ecdh_key back;
    ecdh_key_generate(&key);
    struct buffer out;
    buffer_init(&out, 1000);
    ecdh_encoding_write_pkcs8(&key, &out);
    for (size_t bit = 0; bit < 8 * out.n; bit++) {
        out.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (ecdh_encoding_read_pkcs8(buffer_bytes(&out), &back) == ERR_OK)
            assert_memory_equal(&back, &key, sizeof key);
        out.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t n = 0; n < out.n; n++)
        assert_int_equal(ecdh_encoding_read_pkcs8(bytes_of(out.p, n), &back), ERR_INVALID_FIELD);
    buffer_append_u8(&out, 0);
    assert_int_equal(ecdh_encoding_read_pkcs8(buffer_bytes(&out), &back), ERR_INVALID_FIELD);
    buffer_clear(&out);
    ecdh_encoding_write_pem(&key, &out);
    assert_int_equal(ecdh_encoding_read_pem(bytes_of(out.p, out.n - 20), &back), ERR_INVALID_FIELD);
    buffer_append_str(&out, "  \n\n");
    assert_int_equal(ecdh_encoding_read_pem(buffer_bytes(&out), &back), ERR_OK);
    buffer_append_str(&out, "more");
    assert_int_equal(ecdh_encoding_read_pem(buffer_bytes(&out), &back), ERR_INVALID_FIELD);
    assert_int_equal(ecdh_encoding_read_pem((struct bytes){0}, &back), ERR_INVALID_FIELD);
    assert_int_equal(ecdh_encoding_read_pkcs8((struct bytes){0}, &back), ERR_INVALID_FIELD);
    buffer_fini(&out);
}

static void refuses_scalars_out_of_range(void **state)
{
    (void)state;
    /* n, the order of the group (SP 800-186), and n - 1. */
    struct secret scalar = {{0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
                             0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                             0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51}};
    struct ecdh_key key;
    assert_int_equal(ecdh_key_from_scalar(&scalar, &key), ERR_INVALID_FIELD);
    scalar.b[31] -= 1;
    assert_int_equal(ecdh_key_from_scalar(&scalar, &key), ERR_OK);
    memset(scalar.b, 0, sizeof scalar.b);
    assert_int_equal(ecdh_key_from_scalar(&scalar, &key), ERR_INVALID_FIELD);
    scalar.b[31] = 1;
    assert_int_equal(ecdh_key_from_scalar(&scalar, &key), ERR_OK);
    assert_int_equal(key.public.point.b[1], 0x6b);
}

/* Both sides agree; the vectors check the value itself. */
static void agrees_both_ways(void **state)
{
    (void)state;
    struct ecdh_key a;
    struct ecdh_key b;
    struct secret za;
    struct secret zb;
    for (int i = 0; i < 50; i++) {
        ecdh_key_generate(&a);
        ecdh_key_generate(&b);
        ecdh_key_agree(&a, &b.public, &za);
        assert_int_equal(keyring_ecdh_agree(&b, &a.public.point, &zb), ERR_OK);
        assert_true(secret_equal(&za, &zb));
    }
    secret_fini(&za);
    secret_fini(&zb);
}

static struct header header_of(const struct edk *edks, size_t count)
{
    struct header header = {.edk_count = count, .aad = BYTES_LIT("\0\1\0\1n\0\1v")};
    for (size_t i = 0; i < count; i++)
        header.edks[i] = edks[i];
    return header;
}

/* A reader with several keys and a cache of its own: it counts the agreements. */
struct ring {
    struct ecdh_key keys[3];
    enum err answer;
    size_t calls;
    size_t last_index;
};

static enum err ring_agree(void *arg, size_t index, const struct ecdh_point *peer, struct secret *z)
{
    struct ring *ring = arg;
    ring->calls++;
    ring->last_index = index;
    if (ring->answer != ERR_OK)
        return ring->answer;
    return keyring_ecdh_agree(&ring->keys[index], peer, z);
}

static void unwraps_with_an_earlier_key(void **state)
{
    (void)state;
    struct ring ring = {.answer = ERR_OK};
    struct ecdh_point own[3];
    for (size_t i = 0; i < 3; i++) {
        ecdh_key_generate(&ring.keys[i]);
        own[i] = ring.keys[i].public.point;
    }
    struct keyring_ecdh_keys keys = {own, 3, ring_agree, &ring};
    struct ecdh_key stranger;
    ecdh_key_generate(&stranger);
    struct secret data_key;
    struct secret opened;
    secret_random(&data_key);
    struct keyring_ecdh_edk wrapped[2];
    struct header header = header_of(NULL, 0);
    keyring_ecdh_wrap_ephemeral(&stranger.public, header.aad, &data_key, &wrapped[0]);
    keyring_ecdh_wrap_ephemeral(&ring.keys[2].public, header.aad, &data_key, &wrapped[1]);
    struct edk edks[] = {keyring_ecdh_edk_view(&wrapped[0]), keyring_ecdh_edk_view(&wrapped[1])};
    header = header_of(edks, 2);
    struct keyring_ecdh_parties parties;
    assert_int_equal(keyring_ecdh_unwrap(&header, &keys, &opened, &parties, NULL), ERR_OK);
    assert_true(secret_equal(&opened, &data_key));
    assert_int_equal(parties.own_index, 2);
    assert_int_equal(ring.calls, 1);
    assert_int_equal(ring.last_index, 2);

    /* What the caller's agreement fails with is passed on and ends the search. */
    ring.answer = ERR_KEY_LOST;
    assert_int_equal(keyring_ecdh_unwrap(&header, &keys, &opened, NULL, NULL), ERR_KEY_LOST);
    ring.answer = ERR_INVALID_FIELD;
    enum envelope_reason reason;
    assert_int_equal(keyring_ecdh_unwrap(&header, &keys, &opened, NULL, &reason),
                     ERR_SEALED_INVALID);
    assert_int_equal(reason, ENVELOPE_REASON_EDK_POINT);
    keys.count = 2;
    assert_int_equal(keyring_ecdh_unwrap(&header, &keys, &opened, NULL, &reason), ERR_NOT_FOR_US);
    assert_int_equal(reason, ENVELOPE_REASON_NO_MATCHING_EDK);
}

/* Static-static: one EDK for both sides, wrapped from a cached Z, also to oneself. */
static void wraps_for_both_sides(void **state)
{
    (void)state;
    struct ecdh_key alice;
    struct ecdh_key bob;
    ecdh_key_generate(&alice);
    ecdh_key_generate(&bob);
    const struct ecdh_key *recipients[] = {&bob, &alice};
    for (size_t i = 0; i < 2; i++) {
        const struct ecdh_key *recipient = recipients[i];
        struct secret z;
        struct secret data_key;
        struct secret opened;
        secret_random(&data_key);
        ecdh_key_agree(&alice, &recipient->public, &z);
        struct keyring_ecdh_edk wrapped;
        struct header header = header_of(NULL, 0);
        keyring_ecdh_wrap(&z, &alice.public.point, &recipient->public.point, header.aad, &data_key,
                          &wrapped);
        struct edk edk = keyring_ecdh_edk_view(&wrapped);
        header = header_of(&edk, 1);
        struct keyring_ecdh_parties parties;
        assert_int_equal(keyring_ecdh_unwrap_with_key(&header, recipient, &opened, &parties, NULL),
                         ERR_OK);
        assert_false(parties.as_sender);
        assert_true(ecdh_point_equal(&parties.sender, &alice.public.point));
        assert_true(secret_equal(&opened, &data_key));
        assert_int_equal(keyring_ecdh_unwrap_with_key(&header, &alice, &opened, &parties, NULL),
                         ERR_OK);
        assert_int_equal(parties.as_sender, recipient != &alice);
        assert_true(secret_equal(&opened, &data_key));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_keys_through_all_forms), cmocka_unit_test(reads_what_openssl_writes),
        cmocka_unit_test(refuses_other_keys),           cmocka_unit_test(refuses_damaged_key_files),
        cmocka_unit_test(refuses_scalars_out_of_range), cmocka_unit_test(agrees_both_ways),
        cmocka_unit_test(unwraps_with_an_earlier_key),  cmocka_unit_test(wraps_for_both_sides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
