/* The keys port on P-256 key rings: its contract, and what only this adapter does. */
#include "contract_keys.h"
#include "embedded_household.h"

#include "base/clock.h"
#include "base/encode.h"
#include "core/key_ring.h"
#include "envelope/ecdh_encoding.h"
#include "envelope/keyring_ecdh.h"

#include <jansson.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SEALED_MAX_BYTES 512u
#define NOTICE_TIMEOUT_MS 10000

static struct bytes decoded(struct household *h, const json_t *object, const char *name)
{
    struct bytes out;
    const char *text = json_string_value(json_object_get(object, name));
    assert_non_null(text);
    assert_true(encode_base64_decode(&h->arena, bytes_of_str(text), &out));
    return out;
}

static json_t *ring_of(struct household *h)
{
    struct bytes text;
    assert_int_equal(h->keys.key_ring(h->keys.self, &h->ctx, &text), ERR_OK);
    json_t *ring = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(ring);
    assert_int_equal(json_integer_value(json_object_get(ring, "version")), 1);
    return ring;
}

/* The wrapping key, as a client derives it. */
static void derive(struct household *h, const json_t *ring, struct secret *wrapping_key)
{
    const json_t *kdf = json_object_get(ring, "kdf");
    struct kdf_parameters p = {
        .memory_kib = (uint32_t)json_integer_value(json_object_get(kdf, "memory_kib")),
        .passes = (uint32_t)json_integer_value(json_object_get(kdf, "passes")),
        .lanes = (uint32_t)json_integer_value(json_object_get(kdf, "lanes")),
    };
    struct bytes salt = decoded(h, kdf, "salt");
    assert_string_equal(json_string_value(json_object_get(kdf, "algorithm")), "argon2id");
    assert_int_equal(salt.n, sizeof p.salt);
    memcpy(p.salt, salt.p, salt.n);
    assert_int_equal(key_ring_stretch(BYTES_LIT(HOUSEHOLD_PASSWORD), &p, NULL, wrapping_key),
                     ERR_OK);
}

/* A client with the password opens a letter without the server's help. */
static void test_client_opens_alone(void **state)
{
    struct household *h = *state;
    struct uuid anna = household_add(h, "anna");
    struct identity_grant grant = household_enter(h, "anna");
    const struct key_wrap in = {.recipient_id = &anna, .context = BYTES_LIT("context")};
    struct key_wrapped wrapped;
    assert_int_equal(h->keys.wrap(h->keys.self, &h->ctx, &in, &wrapped), ERR_OK);
    struct key_description next;
    assert_int_equal(h->keys.rotate(h->keys.self, &h->ctx, &next), ERR_OK);
    household_act(h, grant.access_token);
    json_t *ring = ring_of(h);
    struct secret wrapping_key;
    struct secret ring_key;
    derive(h, ring, &wrapping_key);
    const json_t *keys = json_object_get(ring, "keys");
    assert_true(key_ring_unseal_secret(KEY_RING_LABEL_RING_KEY, &anna, &wrapping_key,
                                       decoded(h, json_object_get(ring, "wrap"), "password"),
                                       &ring_key));
    assert_int_equal(json_array_size(keys), 2); /* newest first */
    assert_memory_equal(decoded(h, json_array_get(keys, 0), "public_key").p, next.point,
                        KEY_POINT_BYTES);
    struct buffer der;
    struct ecdh_key key;
    buffer_init(&der, SEALED_MAX_BYTES);
    assert_true(key_ring_unseal(KEY_RING_LABEL_PRIVATE_KEY, &anna, &ring_key,
                                decoded(h, json_array_get(keys, 1), "private_key"), &der));
    assert_int_equal(ecdh_encoding_read_pkcs8(buffer_bytes(&der), &key), ERR_OK);
    struct header header = {.aad = in.context, .edk_count = 1, .edks = {wrapped.edks[0]}};
    struct secret data_key;
    assert_int_equal(keyring_ecdh_unwrap_with_key(&header, &key, &data_key, NULL, NULL), ERR_OK);
    assert_true(secret_equal(&data_key, &wrapped.data_key));
    ecdh_key_fini(&key);
    buffer_fini(&der);
    json_decref(ring);
}

static void test_ring_tells_of_the_recovery_key(void **state)
{
    struct household *h = *state;
    household_add(h, "anna");
    struct uuid bert = household_add(h, "bert");
    household_enter(h, "anna");
    json_t *ring = ring_of(h);
    assert_true(json_is_string(json_object_get(json_object_get(ring, "wrap"), "recovery")));
    json_decref(ring);
    h->actor.user_id = bert; /* who never signed in: no key was given out */
    ring = ring_of(h);
    assert_true(json_is_null(json_object_get(json_object_get(ring, "wrap"), "recovery")));
    json_decref(ring);
    h->actor.user_id = uuid_random();
    struct bytes none;
    assert_int_equal(h->keys.key_ring(h->keys.self, &h->ctx, &none), ERR_NOT_FOUND);
}

/* Another process changes keys: a command of the operator, or a test. */
static void test_foreign_changes_are_noticed(void **state)
{
    struct household *h = *state;
    struct uuid anna = household_add(h, "anna");
    struct key_description before;
    assert_int_equal(h->keys.describe(h->keys.self, &h->ctx, &anna, &before), ERR_OK);
    embedded_household_sql(h->made, "DELETE FROM user_keys");
    struct key_description after;
    enum err e = ERR_OK;
    int64_t end = clock_mono_ms() + NOTICE_TIMEOUT_MS;
    while (e == ERR_OK && clock_mono_ms() < end) {
        (void)poll(NULL, 0, 5);
        e = h->keys.describe(h->keys.self, &h->ctx, &anna, &after);
    }
    assert_int_equal(e, ERR_NOT_FOUND);
}

/* A private key moved to another account's row opens nothing there. */
static void test_moved_private_key(void **state)
{
    struct household *h = *state;
    household_add(h, "anna");
    struct uuid bert = household_add(h, "bert");
    household_enter(h, "anna");
    embedded_household_sql(h->made, "UPDATE user_keys SET private_key = (SELECT private_key FROM"
                                    " user_keys ORDER BY no DESC LIMIT 1)");
    const struct key_wrap in = {
        .recipient_id = &bert, .copy = true, .context = BYTES_LIT("context")};
    struct key_wrapped wrapped;
    assert_int_equal(h->keys.wrap(h->keys.self, &h->ctx, &in, &wrapped), ERR_INTERNAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, household_open, household_close)

int main(void)
{
    household_use(&embedded_household_maker);
    const struct CMUnitTest tests[] = {
        TEST(test_client_opens_alone),
        TEST(test_ring_tells_of_the_recovery_key),
        TEST(test_foreign_changes_are_noticed),
        TEST(test_moved_private_key),
    };
    const struct contract_keys_traits traits = {.proves_sender = true};
    return contract_keys_run(&traits) + contract_key_rings_run() +
           cmocka_run_group_tests_name("keys on key rings", tests, NULL, NULL);
}
