/* HMAC, AES-GCM and the key derivation against published values. */
#include "cmocka_all.h"

#include "base/encode.h"
#include "envelope/algorithms.h"
#include "envelope/gcm.h"
#include "envelope/hmac.h"

#include <string.h>

static void check_hmac(const EVP_MD *digest, struct bytes key, struct bytes message,
                       const char *expected_hex)
{
    uint8_t expected[HMAC_MAX_OUTPUT_BYTES];
    uint8_t out[HMAC_MAX_OUTPUT_BYTES];
    size_t n = strlen(expected_hex) / 2;
    assert_true(encode_hex_decode(bytes_of_str(expected_hex), expected, n));
    struct hmac hmac;
    hmac_init(&hmac, digest);
    /* A key set before leaves no trace, and parts are joined without a seam. */
    hmac_set_key(&hmac, BYTES_LIT("another key"));
    hmac_set_key(&hmac, key);
    for (size_t cut = 0; cut <= message.n; cut++) {
        struct bytes parts[] = {bytes_slice(message, 0, cut), bytes_slice(message, cut, SIZE_MAX)};
        hmac_compute(&hmac, parts, 2, out);
        assert_memory_equal(out, expected, n);
    }
    hmac_fini(&hmac);
}

/* RFC 4231, test cases 1 and 2. */
static void hmac_rfc4231(void **state)
{
    (void)state;
    const struct algorithms *algorithms = algorithms_get();
    uint8_t key[20];
    memset(key, 0x0b, sizeof key);
    struct bytes key1 = bytes_of(key, sizeof key);
    struct bytes hi = BYTES_LIT("Hi There");
    struct bytes what = BYTES_LIT("what do ya want for nothing?");
    check_hmac(algorithms->sha384, key1, hi,
               "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59c"
               "faea9ea9076ede7f4af152e8b2fa9cb6");
    check_hmac(algorithms->sha512, key1, hi,
               "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
               "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854");
    check_hmac(algorithms->sha384, BYTES_LIT("Jefe"), what,
               "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
               "8e2240ca5e69e2c78b3239ecfab21649");
    check_hmac(algorithms->sha512, BYTES_LIT("Jefe"), what,
               "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
               "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
}

/* The GCM specification's test case 16 (AES-256, 60 bytes of text, 20 of associated data). */
static void gcm_test_case_16(void **state)
{
    (void)state;
    struct secret key;
    uint8_t iv[GCM_IV_BYTES];
    uint8_t text[60];
    uint8_t aad[20];
    uint8_t expected[60];
    uint8_t expected_tag[GCM_TAG_BYTES];
    const struct bytes hex[] = {
        BYTES_LIT("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
        BYTES_LIT("cafebabefacedbaddecaf888"),
        BYTES_LIT("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                  "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"),
        BYTES_LIT("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
        BYTES_LIT("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                  "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"),
        BYTES_LIT("76fc6ece0f4e1768cddf8853bb2d551b"),
    };
    uint8_t *out[] = {key.b, iv, text, aad, expected, expected_tag};
    for (size_t i = 0; i < 6; i++)
        assert_true(encode_hex_decode(hex[i], out[i], hex[i].n / 2));
    struct gcm seal;
    struct gcm open;
    gcm_init(&seal, GCM_SEAL, &key);
    gcm_init(&open, GCM_OPEN, &key);
    uint8_t sealed[60];
    uint8_t opened[60];
    uint8_t tag[GCM_TAG_BYTES];
    for (size_t cut = 0; cut <= sizeof text; cut++) {
        gcm_start(&seal, iv);
        gcm_aad(&seal, bytes_of(aad, 7));
        gcm_aad(&seal, bytes_of(aad + 7, sizeof aad - 7));
        gcm_update(&seal, bytes_of(text, cut), sealed);
        gcm_update(&seal, bytes_of(text + cut, sizeof text - cut), sealed + cut);
        gcm_tag(&seal, tag);
        assert_memory_equal(sealed, expected, sizeof expected);
        assert_memory_equal(tag, expected_tag, sizeof tag);
        gcm_start(&open, iv);
        gcm_aad(&open, bytes_of(aad, sizeof aad));
        gcm_update(&open, bytes_of(sealed, sizeof sealed), opened);
        assert_true(gcm_check(&open, tag));
        assert_memory_equal(opened, text, sizeof text);
        tag[cut % sizeof tag] ^= 1;
        gcm_start(&open, iv);
        gcm_aad(&open, bytes_of(aad, sizeof aad));
        gcm_update(&open, bytes_of(sealed, sizeof sealed), opened);
        assert_false(gcm_check(&open, tag));
    }
    gcm_fini(&seal);
    gcm_fini(&open);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hmac_rfc4231),
        cmocka_unit_test(gcm_test_case_16),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
