#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/encode.h"
#include "cli/cli_file.h"
#include "cli/cli_key_ring.h"
#include "cli/commands.h"
#include "core/key_ring.h"
#include "envelope/ecdh_encoding.h"
#include "envelope/keyring_ecdh.h"
#include "envelope/manifest.h"
#include "envelope/sealer.h"
#include "temporary_directory.h"

#include <string.h>
#include <unistd.h>

#define PASSWORD "correct horse"

enum { ROOM_BYTES = 1 << 20 };

struct fixture {
    struct arena arena;
    struct temporary_directory directory;
    struct ecdh_key key; /* the recipient's; also in key.pem */
};

static void save(struct fixture *f, const char *path, struct bytes content)
{
    assert_int_equal(cli_file_save(&f->arena, path, content, 0600, true), CLI_OK);
}

static int set_up(void **state)
{
    static struct fixture f;
    struct buffer pem;
    f = (struct fixture){0};
    *state = &f;
    if (!temporary_directory_enter(&f.directory))
        return -1;
    ecdh_key_generate(&f.key);
    buffer_init(&pem, ROOM_BYTES);
    ecdh_encoding_write_pem(&f.key, &pem);
    save(&f, "key.pem", buffer_bytes(&pem));
    buffer_fini(&pem);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    temporary_directory_leave(&f->directory);
    ecdh_key_fini(&f->key);
    arena_fini(&f->arena);
    return 0;
}

/* --- letters --- */

static void seal_to_file(struct fixture *f, struct bytes plaintext)
{
    struct secret data_key;
    struct keyring_ecdh_edk wrapped;
    struct sealer sealer = {0};
    struct buffer message;
    secret_random(&data_key);
    keyring_ecdh_wrap_ephemeral(&f->key.public, (struct bytes){0}, &data_key, &wrapped);
    struct edk edk = keyring_ecdh_edk_view(&wrapped);
    const struct sealer_message parts = {
        .edks = &edk, .edk_count = 1, .frame_length = HEADER_LETTER_FRAME_LENGTH};
    buffer_init(&message, ROOM_BYTES);
    assert_int_equal(sealer_init(&sealer, &parts, &data_key, &message), ERR_OK);
    assert_int_equal(sealer_finish(&sealer, plaintext, &message), ERR_OK);
    save(f, "message", buffer_bytes(&message));
    sealer_fini(&sealer);
    buffer_fini(&message);
}

static void seal_letter(struct fixture *f, const struct manifest *manifest, struct bytes file)
{
    struct buffer plaintext;
    buffer_init(&plaintext, ROOM_BYTES);
    assert_int_equal(manifest_write(manifest, &plaintext), ERR_OK);
    buffer_append(&plaintext, file);
    seal_to_file(f, buffer_bytes(&plaintext));
    buffer_fini(&plaintext);
}

static int unseal(const char *output)
{
    char command[] = "unseal", key_option[] = "--key", key[] = "key.pem", message[] = "message";
    char output_option[] = "-o", output_name[64] = "";
    char *argv[] = {command, key_option, key, message, NULL, NULL, NULL};
    if (output == NULL)
        return cli_unseal_main(4, argv);
    memcpy(output_name, output, strlen(output) + 1);
    argv[4] = output_option;
    argv[5] = output_name;
    return cli_unseal_main(6, argv);
}

static void assert_file(const char *path, struct bytes expected)
{
    struct buffer content;
    buffer_init(&content, ROOM_BYTES);
    assert_int_equal(cli_file_load(path, ROOM_BYTES, false, &content), CLI_OK);
    assert_true(bytes_equal(buffer_bytes(&content), expected));
    buffer_fini(&content);
}

/* Nothing there but the inputs. */
static void assert_nothing_saved(void)
{
    assert_int_equal(temporary_directory_count("."), 2);
}

static struct manifest of_file(const char *name, uint64_t size_bytes)
{
    return (struct manifest){.has_file = true,
                             .file_name = bytes_of_str(name),
                             .media_type = BYTES_LIT("application/octet-stream"),
                             .has_file_size = true,
                             .file_size_bytes = size_bytes};
}

static void test_file_under_its_own_name(void **state)
{
    struct fixture *f = *state;
    static uint8_t content[200 * 1000];
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t)(i * 7);
    struct manifest manifest = of_file("plans.pdf", sizeof content);
    seal_letter(f, &manifest, bytes_of(content, sizeof content));
    assert_int_equal(unseal(NULL), CLI_OK);
    assert_file("plans.pdf", bytes_of(content, sizeof content));
    assert_int_equal(unseal(NULL), CLI_LOCAL); /* it exists now */
}

static void test_empty_file(void **state)
{
    struct fixture *f = *state;
    struct manifest manifest = of_file("empty", 0);
    seal_letter(f, &manifest, (struct bytes){0});
    assert_int_equal(unseal("other"), CLI_OK);
    assert_file("other", (struct bytes){0});
}

static void test_name_stays_in_the_directory(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {"..", ".", ".letter", " - letter."};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct manifest manifest = of_file(names[i], 1);
        seal_letter(f, &manifest, BYTES_LIT("x"));
        assert_int_equal(unseal(NULL), CLI_OK);
        assert_file("letter", BYTES_LIT("x"));
        assert_int_equal(unlink("letter"), 0);
    }
}

static void test_text_as_a_file(void **state)
{
    struct fixture *f = *state;
    struct manifest manifest = {.has_text = true, .text = BYTES_LIT("hello")};
    seal_letter(f, &manifest, (struct bytes){0});
    assert_int_equal(unseal("note"), CLI_OK);
    assert_file("note", BYTES_LIT("hello"));
}

static void test_what_is_no_letter(void **state)
{
    struct fixture *f = *state;
    struct manifest longer = of_file("x", 4);
    seal_letter(f, &longer, BYTES_LIT("123"));
    assert_int_equal(unseal(NULL), CLI_INTEGRITY);
    struct manifest shorter = of_file("x", 2);
    seal_letter(f, &shorter, BYTES_LIT("123"));
    assert_int_equal(unseal(NULL), CLI_INTEGRITY);
    struct manifest text = {.has_text = true, .text = BYTES_LIT("hello")};
    seal_letter(f, &text, BYTES_LIT("bytes that no manifest announces"));
    assert_int_equal(unseal("x"), CLI_INTEGRITY);
    seal_to_file(f, BYTES_LIT(""));
    assert_int_equal(unseal("x"), CLI_INTEGRITY);
    seal_to_file(f, BYTES_LIT("\xFF\xFF\xFF\xFF"));
    assert_int_equal(unseal("x"), CLI_INTEGRITY);
    assert_nothing_saved();
}

static void test_another_key(void **state)
{
    struct fixture *f = *state;
    struct manifest text = {.has_text = true, .text = BYTES_LIT("hello")};
    ecdh_key_generate(&f->key);
    seal_letter(f, &text, (struct bytes){0});
    assert_int_equal(unseal("x"), CLI_FAILED);
    assert_nothing_saved();
}

/* --- key rings --- */

static json_t *base64(struct bytes data)
{
    struct buffer text;
    buffer_init(&text, ROOM_BYTES);
    encode_base64(&text, data);
    json_t *value = json_from_bytes(buffer_bytes(&text));
    buffer_fini(&text);
    return value;
}

static json_t *sealed(const char *label, const struct uuid *user, const struct secret *key,
                      struct bytes plaintext)
{
    struct buffer blob;
    buffer_init(&blob, ROOM_BYTES);
    key_ring_seal(label, user, key, plaintext, &blob);
    json_t *value = base64(buffer_bytes(&blob));
    buffer_fini(&blob);
    return value;
}

/* A ring with one key, as GET /v1/me/key-ring gives it. */
static json_t *make_ring(const struct fixture *f, const struct uuid *user)
{
    struct kdf_parameters params = kdf_parameters_new();
    struct secret wrapping_key, ring_key;
    struct buffer pkcs8;
    params.memory_kib = 8;
    params.passes = 1;
    assert_int_equal(key_ring_stretch(BYTES_LIT(PASSWORD), &params, NULL, &wrapping_key), ERR_OK);
    secret_random(&ring_key);
    buffer_init(&pkcs8, ROOM_BYTES);
    ecdh_encoding_write_pkcs8(&f->key, &pkcs8);
    json_t *ring = json_pack(
        "{s:i, s:{s:s, s:o, s:i, s:i, s:i}, s:{s:o, s:n}, s:[{s:o, s:o}]}", "version", 1, "kdf",
        "algorithm", "argon2id", "salt", base64(bytes_of(params.salt, sizeof params.salt)),
        "memory_kib", 8, "passes", 1, "lanes", 1, "wrap", "password",
        sealed(KEY_RING_LABEL_RING_KEY, user, &wrapping_key, secret_bytes(&ring_key)), "recovery",
        "keys", "public_key", base64(ecdh_point_bytes(&f->key.public.point)), "private_key",
        sealed(KEY_RING_LABEL_PRIVATE_KEY, user, &ring_key, buffer_bytes(&pkcs8)));
    buffer_fini(&pkcs8);
    assert_non_null(ring);
    return ring;
}

static enum cli_exit open_ring(struct fixture *f, const json_t *ring, const struct uuid *user,
                               struct bytes password, struct buffer *pem)
{
    size_t count = 0;
    buffer_init(pem, ROOM_BYTES);
    enum cli_exit exit = cli_key_ring_open(&f->arena, ring, user, password, pem, &count);
    if (exit == CLI_OK)
        assert_int_equal(count, 1);
    return exit;
}

static void assert_ring(struct fixture *f, const json_t *ring, const struct uuid *user,
                        const char *password, enum cli_exit expected)
{
    struct buffer pem;
    assert_int_equal(open_ring(f, ring, user, bytes_of_str(password), &pem), expected);
    if (expected != CLI_OK)
        assert_int_equal(pem.n, 0);
    buffer_fini(&pem);
}

static void test_open_ring(void **state)
{
    struct fixture *f = *state;
    struct uuid user = uuid_random();
    json_t *ring = make_ring(f, &user);
    struct buffer pem;
    assert_int_equal(open_ring(f, ring, &user, BYTES_LIT(PASSWORD), &pem), CLI_OK);
    assert_file("key.pem", buffer_bytes(&pem));
    buffer_fini(&pem);
    json_decref(ring);
}

static void test_ring_is_refused(void **state)
{
    struct fixture *f = *state;
    struct uuid user = uuid_random();
    struct uuid other_user = uuid_random();
    json_t *ring = make_ring(f, &user);
    assert_ring(f, ring, &user, "wrong horse", CLI_FAILED);
    assert_ring(f, ring, &other_user, PASSWORD, CLI_FAILED);

    /* The public key of somebody else beside our private key. */
    struct ecdh_key other;
    ecdh_key_generate(&other);
    json_t *entry = json_array_get(json_object_get(ring, "keys"), 0);
    json_object_set_new(entry, "public_key", base64(ecdh_point_bytes(&other.public.point)));
    assert_ring(f, ring, &user, PASSWORD, CLI_INTEGRITY);
    ecdh_key_fini(&other);

    json_object_set_new(ring, "keys", json_array());
    assert_ring(f, ring, &user, PASSWORD, CLI_NOT_FOUND);
    json_object_set_new(json_object_get(ring, "kdf"), "memory_kib", json_integer(INT64_MAX));
    assert_ring(f, ring, &user, PASSWORD, CLI_FAILED);
    json_object_del(ring, "kdf");
    assert_ring(f, ring, &user, PASSWORD, CLI_FAILED);
    json_object_set_new(ring, "version", json_integer(2));
    assert_ring(f, ring, &user, PASSWORD, CLI_FAILED);
    json_decref(ring);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_file_under_its_own_name),
        TEST(test_empty_file),
        TEST(test_name_stays_in_the_directory),
        TEST(test_text_as_a_file),
        TEST(test_what_is_no_letter),
        TEST(test_another_key),
        TEST(test_open_ring),
        TEST(test_ring_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
