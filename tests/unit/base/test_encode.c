#include "base/clock.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/random.h"
#include "base/uuid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* RFC 4648 section 10. */
static const struct {
    const char *plain;
    const char *base64;
    const char *base32; /* without its padding */
} rfc4648[] = {{"", "", ""},
               {"f", "Zg==", "MY"},
               {"fo", "Zm8=", "MZXQ"},
               {"foo", "Zm9v", "MZXW6"},
               {"foob", "Zm9vYg==", "MZXW6YQ"},
               {"fooba", "Zm9vYmE=", "MZXW6YTB"},
               {"foobar", "Zm9vYmFy", "MZXW6YTBOI"}};

static void test_base64(void **state)
{
    (void)state;
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof rfc4648 / sizeof rfc4648[0]; i++) {
        struct buffer b;
        buffer_init(&b, 64);
        encode_base64(&b, bytes_of_str(rfc4648[i].plain));
        assert_true(bytes_equal_str(buffer_bytes(&b), rfc4648[i].base64));
        struct bytes back;
        assert_true(encode_base64_decode(&arena, buffer_bytes(&b), &back));
        assert_true(bytes_equal_str(back, rfc4648[i].plain));
        buffer_fini(&b);
    }
    arena_fini(&arena);
}

static void test_base64_strict(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct bytes out;
    static const char *const bad[] = {
        "Zg", "Zg=", "Zg===", "Zh==", "Z===", "Zm8==", "Z g=", "Zg==\n", "====", "Zm9=", "-_=="};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(encode_base64_decode(&arena, bytes_of_str(bad[i]), &out));
    static const char *const bad_url[] = {"Zg==", "Zh", "Z", "+/", "Zm9vY"};
    for (size_t i = 0; i < sizeof bad_url / sizeof bad_url[0]; i++)
        assert_false(encode_base64url_decode(&arena, bytes_of_str(bad_url[i]), &out));
    assert_true(encode_base64url_decode(&arena, BYTES_LIT("-_8"), &out));
    assert_memory_equal(out.p, "\xfb\xff", 2);
    arena_fini(&arena);
}

static void test_base32_standard(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 128);
    for (size_t i = 0; i < sizeof rfc4648 / sizeof rfc4648[0]; i++) {
        buffer_clear(&b);
        encode_base32_standard(&b, bytes_of_str(rfc4648[i].plain));
        assert_true(bytes_equal_str(buffer_bytes(&b), rfc4648[i].base32));
    }
    buffer_fini(&b);
}

static void test_base32_as_typed(void **state)
{
    (void)state;
    uint8_t key[20];
    random_bytes(key, sizeof key);
    struct buffer b;
    buffer_init(&b, 128);
    encode_base32(&b, bytes_of(key, sizeof key), 4);
    assert_int_equal(b.n, 32 + 7);
    uint8_t back[20];
    assert_true(encode_base32_decode(buffer_bytes(&b), back, sizeof back));
    assert_memory_equal(key, back, sizeof key);
    for (size_t i = 0; i < b.n; i++)
        b.p[i] = b.p[i] == '0' ? 'o' : b.p[i] == '1' ? 'l' : b.p[i] == '-' ? ' ' : b.p[i];
    assert_true(encode_base32_decode(buffer_bytes(&b), back, sizeof back));
    assert_memory_equal(key, back, sizeof key);
    assert_false(encode_base32_decode(bytes_slice(buffer_bytes(&b), 0, b.n - 1), back, 20));
    assert_false(encode_base32_decode(BYTES_LIT("U"), back, 1));
    buffer_fini(&b);
}

static void test_hex_and_percent(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 64);
    encode_hex(&b, BYTES_LIT("\x00\xff\x1a"));
    assert_true(bytes_equal_str(buffer_bytes(&b), "00ff1a"));
    uint8_t raw[3];
    assert_true(encode_hex_decode(BYTES_LIT("00fF1A"), raw, 3));
    assert_memory_equal(raw, "\x00\xff\x1a", 3);
    assert_false(encode_hex_decode(BYTES_LIT("00fF1"), raw, 3));
    assert_false(encode_hex_decode(BYTES_LIT("00fG1A"), raw, 3));
    buffer_clear(&b);
    encode_percent(&b, BYTES_LIT("a~b c/\xc3\xa9"));
    assert_true(bytes_equal_str(buffer_bytes(&b), "a~b%20c%2F%C3%A9"));
    buffer_fini(&b);
}

static void test_uuid(void **state)
{
    (void)state;
    struct uuid u = uuid_at(INT64_C(1732456789123));
    assert_int_equal(uuid_version(&u), 7);
    assert_true(uuid_unix_ms(&u) == INT64_C(1732456789123));
    char text[UUID_TEXT_BYTES];
    uuid_format(&u, text);
    struct uuid back;
    assert_true(uuid_parse(bytes_of_str(text), &back));
    assert_true(uuid_equal(&u, &back));
    assert_true(uuid_parse(BYTES_LIT("0188D2C8-3D5B-7ABC-8000-0123456789AB"), &back));
    static const char *const bad[] = {
        "", "0188d2c8-3d5b-7abc-8000-0123456789a", "0188d2c83-d5b-7abc-8000-0123456789ab",
        "0188d2c8-3d5b-7abc-8000-0123456789ag", "0188d2c8-3d5b-7abc-8000-0123456789abc"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(uuid_parse(bytes_of_str(bad[i]), &back));
    struct uuid r = uuid_random();
    assert_int_equal(uuid_version(&r), 4);
    assert_false(uuid_equal(&r, &u));
}

static void test_time(void **state)
{
    (void)state;
    char text[CLOCK_RFC3339_BYTES];
    clock_rfc3339(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    clock_rfc3339(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    int64_t ms;
    assert_true(clock_from_rfc3339("2024-02-29T23:59:59.123Z", &ms));
    clock_rfc3339(ms, text);
    assert_string_equal(text, "2024-02-29T23:59:59.123Z");
    assert_false(clock_from_rfc3339("2023-02-29T23:59:59.123Z", &ms));
    assert_false(clock_from_rfc3339("2024-02-29 23:59:59.123Z", &ms));
    assert_false(clock_from_rfc3339("2024-02-29T23:59:59.123", &ms));
}

static void test_sha256(void **state)
{
    (void)state;
    uint8_t digest[DIGEST_SHA256_BYTES];
    digest_sha256(BYTES_LIT("abc"), digest); /* FIPS 180-4's example */
    uint8_t expected[DIGEST_SHA256_BYTES];
    assert_true(encode_hex_decode(
        BYTES_LIT("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), expected,
        sizeof expected));
    assert_memory_equal(digest, expected, sizeof expected);
}

static void test_json_strict(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "[]",
                                      "1",
                                      "{",
                                      "{\"a\":1,\"a\":2}",
                                      "{\"a\":1} x",
                                      "{\"a\":\"\\u0000\"}",
                                      "{\"a\":\"\xff\"}",
                                      "{a:1}",
                                      "null"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_null(json_parse_object(bytes_of_str(bad[i])));
    json_t *object = json_parse_object(BYTES_LIT("{\"s\":\"x\",\"n\":5,\"z\":null}"));
    assert_non_null(object);
    struct bytes s;
    int64_t n;
    assert_true(json_get_bytes(object, "s", &s) && bytes_equal_str(s, "x"));
    assert_true(json_get_int(object, "n", &n) && n == 5);
    assert_false(json_get_bytes(object, "n", &s));
    assert_false(json_get_int(object, "missing", &n));
    assert_false(json_has(object, "z"));
    struct buffer b;
    buffer_init(&b, 64);
    json_write(&b, object);
    assert_true(bytes_equal_str(buffer_bytes(&b), "{\"s\":\"x\",\"n\":5,\"z\":null}"));
    buffer_fini(&b);
    json_decref(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_base64_strict),
        cmocka_unit_test(test_base32_standard),
        cmocka_unit_test(test_base32_as_typed),
        cmocka_unit_test(test_hex_and_percent),
        cmocka_unit_test(test_uuid),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_json_strict),
    };
    return cmocka_run_group_tests_name("base_encode", tests, NULL, NULL);
}
