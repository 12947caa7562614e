#include "cli/cli_key_ring.h"

#include "base/encode.h"
#include "core/key_ring.h"
#include "envelope/ecdh_encoding.h"

#include <string.h>

enum { RING_VERSION = 1, PKCS8_MAX_BYTES = 1024 };

static bool get_base64(struct arena *arena, const json_t *object, const char *name,
                       struct bytes *out)
{
    struct bytes text;
    return json_get_bytes(object, name, &text) && encode_base64_decode(arena, text, out);
}

static bool get_u32(const json_t *object, const char *name, uint32_t *out)
{
    int64_t value = 0;
    if (!json_get_int(object, name, &value) || value < 0 || value > UINT32_MAX)
        return false;
    *out = (uint32_t)value;
    return true;
}

static bool get_parameters(struct arena *arena, const json_t *kdf, struct kdf_parameters *out)
{
    struct bytes algorithm, salt;
    if (!json_get_bytes(kdf, "algorithm", &algorithm) || !bytes_equal_str(algorithm, "argon2id") ||
        !get_base64(arena, kdf, "salt", &salt) || salt.n != KEY_RING_SALT_BYTES ||
        !get_u32(kdf, "memory_kib", &out->memory_kib) || !get_u32(kdf, "passes", &out->passes) ||
        !get_u32(kdf, "lanes", &out->lanes))
        return false;
    memcpy(out->salt, salt.p, KEY_RING_SALT_BYTES);
    return kdf_parameters_valid(out);
}

static enum cli_exit not_understood(void)
{
    return cli_fail(CLI_FAILED, "The key ring has a form that this version does not know.");
}

static enum cli_exit open_ring_key(struct arena *arena, const json_t *ring, const struct uuid *user,
                                   struct bytes password, struct secret *ring_key)
{
    struct kdf_parameters params = {0};
    struct secret wrapping_key = {0};
    struct bytes wrap;
    int64_t version = 0;
    if (!json_get_int(ring, "version", &version) || version != RING_VERSION ||
        !get_parameters(arena, json_object_get(ring, "kdf"), &params) ||
        !get_base64(arena, json_object_get(ring, "wrap"), "password", &wrap))
        return not_understood();
    if (key_ring_stretch(password, &params, NULL, &wrapping_key) != ERR_OK)
        return cli_fail(CLI_LOCAL, "There is not enough memory to derive the key.");
    bool opened =
        key_ring_unseal_secret(KEY_RING_LABEL_RING_KEY, user, &wrapping_key, wrap, ring_key);
    secret_fini(&wrapping_key);
    if (!opened)
        return cli_fail(CLI_FAILED, "The password does not open the key ring.");
    return CLI_OK;
}

static enum cli_exit open_entry(struct arena *arena, const json_t *entry, const struct uuid *user,
                                const struct secret *ring_key, struct buffer *pem)
{
    struct bytes sealed, public_key;
    struct buffer pkcs8;
    struct ecdh_key key = {0};
    if (!get_base64(arena, entry, "private_key", &sealed) ||
        !get_base64(arena, entry, "public_key", &public_key))
        return not_understood();
    buffer_init(&pkcs8, PKCS8_MAX_BYTES);
    bool ok = key_ring_unseal(KEY_RING_LABEL_PRIVATE_KEY, user, ring_key, sealed, &pkcs8) &&
              ecdh_encoding_read_pkcs8(buffer_bytes(&pkcs8), &key) == ERR_OK &&
              bytes_equal(ecdh_point_bytes(&key.public.point), public_key);
    if (ok)
        ecdh_encoding_write_pem(&key, pem);
    ecdh_key_fini(&key);
    buffer_fini(&pkcs8);
    if (!ok)
        return cli_fail(CLI_INTEGRITY, "A key of the ring does not verify; nothing was exported.");
    return buffer_ok(pem) ? CLI_OK : cli_fail(CLI_FAILED, "The key ring holds too many keys.");
}

enum cli_exit cli_key_ring_open(struct arena *arena, const json_t *ring, const struct uuid *user,
                                struct bytes password, struct buffer *pem, size_t *count)
{
    struct secret ring_key = {0};
    size_t i;
    json_t *entry;
    *count = 0;
    enum cli_exit exit = open_ring_key(arena, ring, user, password, &ring_key);
    json_array_foreach(json_object_get(ring, "keys"), i, entry)
    {
        if (exit == CLI_OK)
            exit = open_entry(arena, entry, user, &ring_key, pem);
        *count += exit == CLI_OK;
    }
    secret_fini(&ring_key);
    if (exit == CLI_OK && *count == 0)
        exit = cli_fail(CLI_NOT_FOUND, "The key ring holds no keys.");
    return exit;
}
