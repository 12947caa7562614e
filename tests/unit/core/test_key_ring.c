#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/encode.h"
#include "core/key_ring.h"

#include <string.h>

/* Made with another implementation (pyca/cryptography): salt 00..0f, user id 10..1f, ring key
 * 40..5f, nonce 80..8b. */
#define PASSWORD "correct horse battery st\xc3\xa4ple"
#define AUTHENTICATION_SECRET "52207079ac5882c82281be58a6f56ceccd7776aabbabacb013b6f5c4e7135c42"
#define WRAPPING_KEY "891a55c27e320938e759134b9891351844defd3202028c3ab68bdb3560f393ca"
#define SEALED_RING_KEY                                                                            \
    "808182838485868788898a8b37ac0cb15417175ac32e6616aa216583eb01383a7bc784b9eba9f8b5"             \
    "ced6194e47e98605f142288186e6b9f93a99ae61"

static struct kdf_parameters cheap_parameters(void)
{
    struct kdf_parameters params = kdf_parameters_new();
    params.memory_kib = 8;
    params.passes = 1;
    return params;
}

static void count_up(uint8_t *p, size_t n, uint8_t first)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(first + i);
}

/* RFC 5869, appendix A.3: no salt, no info; the first 32 bytes of its output. */
static void test_derive_published_vector(void **state)
{
    (void)state;
    uint8_t from[22];
    uint8_t expected[SECRET_BYTES];
    struct secret out;
    memset(from, 0x0b, sizeof from);
    assert_true(encode_hex_decode(
        BYTES_LIT("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"), expected,
        sizeof expected));
    key_ring_derive(bytes_of(from, sizeof from), "", &out);
    assert_memory_equal(out.b, expected, sizeof expected);
}

static void test_stretch_and_unseal_known_answer(void **state)
{
    (void)state;
    struct kdf_parameters params = kdf_parameters_new();
    count_up(params.salt, sizeof params.salt, 0);
    struct secret authentication_secret;
    struct secret wrapping_key;
    assert_int_equal(
        key_ring_stretch(BYTES_LIT(PASSWORD), &params, &authentication_secret, &wrapping_key),
        ERR_OK);
    struct secret expected;
    assert_true(encode_hex_decode(BYTES_LIT(AUTHENTICATION_SECRET), expected.b, SECRET_BYTES));
    assert_true(secret_equal(&authentication_secret, &expected));
    assert_true(encode_hex_decode(BYTES_LIT(WRAPPING_KEY), expected.b, SECRET_BYTES));
    assert_true(secret_equal(&wrapping_key, &expected));

    uint8_t blob[SECRET_BYTES + KEY_RING_OVERHEAD_BYTES];
    assert_true(encode_hex_decode(BYTES_LIT(SEALED_RING_KEY), blob, sizeof blob));
    struct uuid user;
    count_up(user.b, sizeof user.b, 0x10);
    count_up(expected.b, sizeof expected.b, 0x40);
    struct secret ring_key;
    assert_true(key_ring_unseal_secret(KEY_RING_LABEL_RING_KEY, &user, &wrapping_key,
                                       bytes_of(blob, sizeof blob), &ring_key));
    assert_true(secret_equal(&ring_key, &expected));
}

static void test_stretch_depends_on_salt_and_password(void **state)
{
    (void)state;
    struct kdf_parameters params = cheap_parameters();
    struct secret a, b;
    assert_int_equal(key_ring_stretch(BYTES_LIT("one"), &params, &a, NULL), ERR_OK);
    assert_int_equal(key_ring_stretch(BYTES_LIT("one"), &params, &b, NULL), ERR_OK);
    assert_true(secret_equal(&a, &b));
    assert_int_equal(key_ring_stretch(BYTES_LIT("two"), &params, &b, NULL), ERR_OK);
    assert_false(secret_equal(&a, &b));
    params.salt[0] ^= 1;
    assert_int_equal(key_ring_stretch(BYTES_LIT("one"), &params, &b, NULL), ERR_OK);
    assert_false(secret_equal(&a, &b));
}

static void test_stretch_refuses_costs(void **state)
{
    (void)state;
    static const struct kdf_parameters refused[] = {
        {.memory_kib = 0, .passes = 1, .lanes = 1},
        {.memory_kib = 7, .passes = 1, .lanes = 1},
        {.memory_kib = KEY_RING_MEMORY_KIB_MAX + 1, .passes = 1, .lanes = 1},
        {.memory_kib = 8, .passes = 0, .lanes = 1},
        {.memory_kib = 8, .passes = KEY_RING_PASSES_MAX + 1, .lanes = 1},
        {.memory_kib = 8, .passes = 1, .lanes = 2},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct secret s;
        assert_int_equal(key_ring_stretch(BYTES_LIT("one"), &refused[i], &s, NULL),
                         ERR_INVALID_FIELD);
    }
}

static void seal_and_unseal(struct bytes plaintext)
{
    struct secret key;
    secret_random(&key);
    struct uuid user = uuid_random();
    struct buffer blob, out;
    buffer_init(&blob, plaintext.n + KEY_RING_OVERHEAD_BYTES);
    buffer_init(&out, plaintext.n);
    key_ring_seal(KEY_RING_LABEL_PRIVATE_KEY, &user, &key, plaintext, &blob);
    assert_true(buffer_ok(&blob));
    assert_int_equal(blob.n, plaintext.n + KEY_RING_OVERHEAD_BYTES);
    assert_true(
        key_ring_unseal(KEY_RING_LABEL_PRIVATE_KEY, &user, &key, buffer_bytes(&blob), &out));
    assert_true(bytes_equal(buffer_bytes(&out), plaintext));
    buffer_fini(&blob);
    buffer_fini(&out);
}

static void test_seal_round_trip(void **state)
{
    (void)state;
    uint8_t text[1000];
    count_up(text, sizeof text, 0);
    static const size_t lengths[] = {0, 1, 15, 16, 17, 32, 138, 1000};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        seal_and_unseal(bytes_of(text, lengths[i]));
}

static void test_seal_overflow_is_sticky(void **state)
{
    (void)state;
    struct secret key;
    secret_random(&key);
    struct uuid user = uuid_random();
    struct buffer blob;
    buffer_init(&blob, KEY_RING_OVERHEAD_BYTES);
    key_ring_seal(KEY_RING_LABEL_RING_KEY, &user, &key, BYTES_LIT("x"), &blob);
    assert_false(buffer_ok(&blob));
    assert_int_equal(blob.n, 0);
    buffer_fini(&blob);
}

static void test_unseal_refuses_any_change(void **state)
{
    (void)state;
    struct secret key, other_key;
    secret_random(&key);
    secret_random(&other_key);
    struct uuid user = uuid_random();
    struct uuid other_user = uuid_random();
    struct buffer blob, out;
    buffer_init(&blob, 1024);
    buffer_init(&out, 1024);
    key_ring_seal(KEY_RING_LABEL_RING_KEY, &user, &key, BYTES_LIT("thirty-two bytes"), &blob);
    struct bytes sealed = buffer_bytes(&blob);

    assert_false(key_ring_unseal(KEY_RING_LABEL_PRIVATE_KEY, &user, &key, sealed, &out));
    assert_false(key_ring_unseal(KEY_RING_LABEL_RING_KEY, &other_user, &key, sealed, &out));
    assert_false(key_ring_unseal(KEY_RING_LABEL_RING_KEY, &user, &other_key, sealed, &out));
    for (size_t n = 0; n < sealed.n; n++)
        assert_false(
            key_ring_unseal(KEY_RING_LABEL_RING_KEY, &user, &key, bytes_slice(sealed, 0, n), &out));
    for (size_t bit = 0; bit < sealed.n * 8; bit++) {
        blob.p[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_false(key_ring_unseal(KEY_RING_LABEL_RING_KEY, &user, &key, sealed, &out));
        blob.p[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    assert_int_equal(out.n, 0);
    assert_true(key_ring_unseal(KEY_RING_LABEL_RING_KEY, &user, &key, sealed, &out));
    buffer_fini(&blob);
    buffer_fini(&out);
}

static void test_unseal_secret_wants_256_bits(void **state)
{
    (void)state;
    struct secret key, out;
    secret_random(&key);
    struct uuid user = uuid_random();
    uint8_t plaintext[SECRET_BYTES + 1] = {0};
    for (size_t n = SECRET_BYTES - 1; n <= SECRET_BYTES + 1; n++) {
        struct buffer blob;
        buffer_init(&blob, 1024);
        key_ring_seal(KEY_RING_LABEL_RING_KEY, &user, &key, bytes_of(plaintext, n), &blob);
        assert_int_equal(
            key_ring_unseal_secret(KEY_RING_LABEL_RING_KEY, &user, &key, buffer_bytes(&blob), &out),
            n == SECRET_BYTES);
        buffer_fini(&blob);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_derive_published_vector),
        cmocka_unit_test(test_stretch_and_unseal_known_answer),
        cmocka_unit_test(test_stretch_depends_on_salt_and_password),
        cmocka_unit_test(test_stretch_refuses_costs),
        cmocka_unit_test(test_seal_round_trip),
        cmocka_unit_test(test_seal_overflow_is_sticky),
        cmocka_unit_test(test_unseal_refuses_any_change),
        cmocka_unit_test(test_unseal_secret_wants_256_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
