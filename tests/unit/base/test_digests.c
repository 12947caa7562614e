#include "base/checksum.h"
#include "base/digest.h"
#include "base/encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_hex(const uint8_t *got, size_t n, const char *hex)
{
    uint8_t expected[32];
    assert_true(n <= sizeof expected);
    assert_true(encode_hex_decode(bytes_of_str(hex), expected, n));
    assert_memory_equal(got, expected, n);
}

/* FIPS 180-4 examples. */
static void test_sha256(void **state)
{
    (void)state;
    uint8_t out[DIGEST_SHA256_BYTES];
    digest_sha256(BYTES_LIT("abc"), out);
    assert_hex(out, sizeof out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_sha256((struct bytes){0}, out);
    assert_hex(out, sizeof out, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void test_sha256_in_pieces(void **state)
{
    (void)state;
    uint8_t out[DIGEST_SHA256_BYTES];
    struct digest d;
    digest_init(&d);
    digest_add(&d, BYTES_LIT("a"));
    digest_add(&d, (struct bytes){0});
    digest_add(&d, BYTES_LIT("bc"));
    digest_finish(&d, out);
    assert_hex(out, sizeof out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_init(&d);
    digest_fini(&d);
    digest_fini(&d);
}

/* McGrew and Viega, "The Galois/Counter Mode of Operation", test case 13: AES-256, no data. */
static void test_checksum_is_gmac(void **state)
{
    (void)state;
    static const uint8_t zero_key[CHECKSUM_KEY_BYTES];
    uint8_t out[CHECKSUM_BYTES];
    checksum_of(zero_key, (struct bytes){0}, out);
    assert_hex(out, sizeof out, "530f8afbc74536b9a963b4f1c4cb738b");
}

static void test_checksum_in_pieces(void **state)
{
    (void)state;
    uint8_t key[CHECKSUM_KEY_BYTES] = {1, 2, 3};
    uint8_t data[1000];
    uint8_t whole[CHECKSUM_BYTES];
    uint8_t pieces[CHECKSUM_BYTES];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7);
    checksum_of(key, bytes_of(data, sizeof data), whole);
    for (size_t cut = 0; cut <= sizeof data; cut += 37) {
        struct checksum c;
        checksum_init(&c, key);
        checksum_add(&c, bytes_of(data, cut));
        checksum_add(&c, bytes_of(data + cut, sizeof data - cut));
        checksum_finish(&c, pieces);
        assert_memory_equal(whole, pieces, sizeof whole);
    }
    data[999] ^= 1;
    checksum_of(key, bytes_of(data, sizeof data), pieces);
    assert_memory_not_equal(whole, pieces, sizeof whole);
    data[999] ^= 1;
    key[31] ^= 1;
    checksum_of(key, bytes_of(data, sizeof data), pieces);
    assert_memory_not_equal(whole, pieces, sizeof whole);
}

/* Saved and resumed at every few blocks: the sum is that of the bytes in one go. */
static void test_checksum_goes_on_elsewhere(void **state)
{
    (void)state;
    static uint8_t key[CHECKSUM_KEY_BYTES];
    static uint8_t data[1024];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 37 + i / 256);
    key[5] = 77;
    static const size_t steps[] = {16, 32, 240, 512};
    for (size_t total = 0; total <= sizeof data; total += total < 70 ? 1 : 61) {
        for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++) {
            uint8_t expected[CHECKSUM_BYTES];
            uint8_t got[CHECKSUM_BYTES];
            struct checksum c;
            struct checksum_state saved = {0};
            struct bytes rest = bytes_of(data, total);
            checksum_of(key, rest, expected);
            checksum_init(&c, key);
            for (; rest.n >= steps[s]; rest = bytes_slice(rest, steps[s], rest.n)) {
                checksum_add(&c, bytes_slice(rest, 0, 7));
                checksum_add(&c, bytes_slice(rest, 7, steps[s] - 7));
                checksum_save(&c, key, &saved);
                checksum_fini(&c);
                checksum_resume(&c, key, &saved);
                checksum_save(&c, key, &saved);
            }
            checksum_add(&c, rest);
            checksum_finish(&c, got);
            assert_memory_equal(got, expected, sizeof got);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_sha256_in_pieces),
        cmocka_unit_test(test_checksum_is_gmac),
        cmocka_unit_test(test_checksum_in_pieces),
        cmocka_unit_test(test_checksum_goes_on_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
