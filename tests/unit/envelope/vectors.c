#include "vectors.h"

#include "cmocka_all.h"

#include "base/digest.h"
#include "base/encode.h"
#include "envelope/ecdh_encoding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void vectors_init(struct vectors *v, const char *name)
{
    *v = (struct vectors){0};
    const char *folder = getenv("LETTERLOCK_VECTORS");
    assert_non_null(folder);
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/message-format/%s.json", folder, name);
    v->root = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(v->root);
}

void vectors_fini(struct vectors *v)
{
    json_decref(v->root);
    arena_fini(&v->arena);
}

const json_t *vectors_case(const struct vectors *v, const char *name)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(v->root, "cases"), i, item)
    {
        if (strcmp(vectors_string(item, "name"), name) == 0)
            return item;
    }
    fail_msg("no case %s", name);
    return NULL;
}

const char *vectors_string(const json_t *object, const char *name)
{
    const char *s = json_string_value(json_object_get(object, name));
    assert_non_null(s);
    return s;
}

uint64_t vectors_number(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    assert_true(json_is_integer(value));
    return (uint64_t)json_integer_value(value);
}

struct bytes vectors_hex(struct vectors *v, const json_t *object, const char *name)
{
    struct bytes text = bytes_of_str(vectors_string(object, name));
    uint8_t *p = arena_alloc(&v->arena, text.n / 2 + 1);
    assert_true(encode_hex_decode(text, p, text.n / 2));
    return bytes_of(p, text.n / 2);
}

struct bytes vectors_message(struct vectors *v, const json_t *object)
{
    struct bytes text = bytes_of_str(vectors_string(object, "message_base64"));
    struct bytes message;
    assert_true(encode_base64_decode(&v->arena, text, &message));
    return message;
}

struct secret vectors_secret(struct vectors *v, const json_t *object, const char *name)
{
    struct bytes raw = vectors_hex(v, object, name);
    struct secret s;
    assert_int_equal(raw.n, sizeof s.b);
    memcpy(s.b, raw.p, sizeof s.b);
    return s;
}

struct ecdh_key vectors_key(const json_t *object, const char *name)
{
    struct ecdh_key key;
    struct bytes pem = bytes_of_str(vectors_string(object, name));
    assert_int_equal(ecdh_encoding_read_pem(pem, &key), ERR_OK);
    return key;
}

struct bytes vectors_plaintext(struct vectors *v, const json_t *object)
{
    const json_t *plaintext = json_object_get(object, "plaintext");
    struct bytes seed = bytes_of_str(vectors_string(plaintext, "seed"));
    size_t n = vectors_number(plaintext, "length");
    struct buffer input;
    struct buffer text;
    buffer_init(&input, 256);
    buffer_init(&text, n + DIGEST_SHA256_BYTES);
    for (uint32_t i = 0; text.n < n; i++) {
        uint8_t digest[DIGEST_SHA256_BYTES];
        buffer_clear(&input);
        buffer_append(&input, seed);
        buffer_append_u32(&input, i);
        digest_sha256(buffer_bytes(&input), digest);
        buffer_append(&text, bytes_of(digest, sizeof digest));
    }
    struct bytes result = arena_copy(&v->arena, bytes_slice(buffer_bytes(&text), 0, n));
    buffer_fini(&text);
    buffer_fini(&input);
    vectors_check_sha256(v, plaintext, "sha256", result);
    return result;
}

struct encryption_context vectors_context(const json_t *object)
{
    struct encryption_context context = {0};
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(object, "context"), name, value)
    {
        assert_int_equal(encryption_context_add(&context, bytes_of_str(name),
                                                bytes_of_str(json_string_value(value))),
                         ERR_OK);
    }
    return context;
}

struct bytes vectors_aad(struct vectors *v, const struct encryption_context *context)
{
    struct buffer out;
    buffer_init(&out, ENCRYPTION_CONTEXT_MAX_BYTES);
    encryption_context_write(context, &out);
    struct bytes aad = arena_copy(&v->arena, buffer_bytes(&out));
    buffer_fini(&out);
    return aad;
}

void vectors_check_sha256(struct vectors *v, const json_t *object, const char *name,
                          struct bytes data)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    digest_sha256(data, digest);
    struct bytes expected = vectors_hex(v, object, name);
    assert_int_equal(expected.n, sizeof digest);
    assert_memory_equal(digest, expected.p, sizeof digest);
}
