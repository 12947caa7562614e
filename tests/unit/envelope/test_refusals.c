/* Every negative vector must be refused for the reason that it names. */
#include "cmocka_all.h"
#include "vectors.h"

#include "base/encode.h"
#include "envelope/keyring_aes.h"
#include "envelope/keyring_ecdh.h"
#include "envelope/keyring_kms.h"
#include "envelope/opener.h"
#include "envelope/validator.h"

#include <string.h>

static enum err unwrap(struct vectors *v, const json_t *object, const struct header *header,
                       struct secret *data_key, enum envelope_reason *reason)
{
    if (strcmp(vectors_string(object, "keyring"), "raw-aes") == 0) {
        struct secret wrapping = vectors_secret(v, object, "wrapping_key_hex");
        struct keyring_aes_key key = {bytes_of_str(vectors_string(object, "provider_id")),
                                      bytes_of_str(vectors_string(object, "key_name")), &wrapping};
        return keyring_aes_unwrap(header, &key, data_key, reason);
    }
    struct ecdh_key key = vectors_key(object, "private_key_pem");
    return keyring_ecdh_unwrap_with_key(header, &key, data_key, NULL, reason);
}

/* Pushes the frames in pieces; what an opener gives out before it refuses must be a beginning of
 * what the frames before the bad one hold, so that is checked by whole frames only. */
static enum err open_frames(struct opener *opener, struct bytes stored, size_t piece,
                            enum envelope_reason *reason)
{
    struct buffer out;
    buffer_init(&out, stored.n);
    enum err e = ERR_OK;
    for (size_t at = 0; e == ERR_OK && at < stored.n; at += piece)
        e = opener_push(opener, bytes_slice(stored, at, piece), &out, reason);
    if (e == ERR_OK)
        e = opener_finish(opener, reason);
    assert_int_equal(out.n % opener->frame_length,
                     opener->done ? opener->plaintext_bytes % opener->frame_length : 0);
    assert_int_equal(out.n, opener->plaintext_bytes);
    buffer_fini(&out);
    return e;
}

/* All steps of a careful reader. */
static enum err read_message(struct vectors *v, const json_t *object, size_t piece,
                             enum envelope_reason *reason)
{
    struct bytes message = vectors_message(v, object);
    struct header header;
    struct secret data_key;
    enum err e = header_parse(message, &header, reason);
    if (e == ERR_OK)
        e = unwrap(v, object, &header, &data_key, reason);
    if (e != ERR_OK)
        return e;
    struct opener opener;
    struct encryption_context expected = vectors_context(object);
    e = opener_init(&opener, &header, &data_key, reason);
    if (e == ERR_OK)
        e = encryption_context_require(header.aad, &expected, reason);
    if (e == ERR_OK)
        e = open_frames(&opener, bytes_slice(message, header.length, SIZE_MAX), piece, reason);
    opener_fini(&opener);
    return e;
}

static void refuses_negative_cases(void **state)
{
    (void)state;
    struct vectors v;
    vectors_init(&v, "negative");
    size_t i;
    json_t *object;
    json_array_foreach(json_object_get(v.root, "cases"), i, object)
    {
        static const size_t pieces[] = {1, 33, SIZE_MAX / 2};
        for (size_t k = 0; k < sizeof pieces / sizeof pieces[0]; k++) {
            enum envelope_reason reason = ENVELOPE_REASON_NONE;
            enum err e = read_message(&v, object, pieces[k], &reason);
            if (strcmp(envelope_reason_text(reason), vectors_string(object, "reason")) != 0)
                fail_msg("%s: %s", vectors_string(object, "name"), envelope_reason_text(reason));
            assert_int_equal(e, envelope_reason_set(NULL, reason));
            assert_int_not_equal(e, ERR_OK);
        }
    }
    assert_int_equal(i, 85);
    vectors_fini(&v);
}

/* What can be seen without a key, the validator must see too, for the same reason. */
static void validator_refuses_structure(void **state)
{
    (void)state;
    static const char *const seen[] = {"frame-sequence", "frame-iv", "final-frame-length",
                                       "missing-final-frame", "trailing-bytes"};
    struct vectors v;
    vectors_init(&v, "negative");
    size_t i;
    size_t checked = 0;
    json_t *object;
    json_array_foreach(json_object_get(v.root, "cases"), i, object)
    {
        const char *expected = vectors_string(object, "reason");
        bool structural = false;
        for (size_t k = 0; k < sizeof seen / sizeof seen[0]; k++)
            structural = structural || strcmp(expected, seen[k]) == 0;
        if (!structural)
            continue;
        struct bytes message = vectors_message(&v, object);
        struct header header;
        assert_int_equal(header_parse(message, &header, NULL), ERR_OK);
        struct validator validator;
        validator_init(&validator, header.frame_length);
        enum envelope_reason reason = ENVELOPE_REASON_NONE;
        uint64_t n;
        enum err e =
            validator_push(&validator, bytes_slice(message, header.length, SIZE_MAX), &reason);
        if (e == ERR_OK)
            e = validator_finish(&validator, &n, &reason);
        assert_string_equal(envelope_reason_text(reason), expected);
        assert_int_equal(e, ERR_SEALED_INVALID);
        checked++;
    }
    assert_int_equal(checked, 15);
    vectors_fini(&v);
}

static enum err read_kms(struct vectors *v, const json_t *negative, const json_t *base,
                         enum envelope_reason *reason)
{
    const json_t *override = json_object_get(negative, "reply_override");
    const json_t *reply = json_object_get(base, "decrypt_response");
    struct header header;
    assert_int_equal(header_parse(vectors_message(v, base), &header, reason), ERR_OK);
    struct bytes arn = bytes_of_str(vectors_string(negative, "key_arn"));
    size_t index = 0;
    struct edk edk;
    if (!keyring_kms_find(&header, arn, &index, &edk))
        return envelope_reason_set(reason, ENVELOPE_REASON_NO_MATCHING_EDK);
    bool other_id = json_object_get(override, "KeyId") != NULL;
    bool other_key = json_object_get(override, "Plaintext") != NULL;
    struct bytes key_id = bytes_of_str(vectors_string(other_id ? override : reply, "KeyId"));
    struct bytes plaintext =
        other_key ? vectors_hex(v, override, "Plaintext") : vectors_hex(v, reply, "Plaintext_hex");
    struct secret data_key;
    enum err e = keyring_kms_accept(arn, key_id, plaintext, &data_key, reason);
    if (e != ERR_OK)
        return e;
    struct opener opener;
    e = opener_init(&opener, &header, &data_key, reason);
    opener_fini(&opener);
    return e;
}

static void refuses_kms_answers(void **state)
{
    (void)state;
    struct vectors v;
    vectors_init(&v, "aws-kms");
    size_t i;
    json_t *object;
    json_array_foreach(json_object_get(v.root, "negative"), i, object)
    {
        const json_t *base = vectors_case(&v, vectors_string(object, "based_on"));
        enum envelope_reason reason = ENVELOPE_REASON_NONE;
        assert_int_not_equal(read_kms(&v, object, base, &reason), ERR_OK);
        assert_string_equal(envelope_reason_text(reason), vectors_string(object, "reason"));
    }
    assert_int_equal(i, 4);
    vectors_fini(&v);
}

static void refuses_recipient_keys(void **state)
{
    (void)state;
    struct vectors v;
    vectors_init(&v, "negative");
    size_t i;
    json_t *object;
    json_array_foreach(json_object_get(v.root, "recipient_keys"), i, object)
    {
        struct bytes raw = vectors_hex(&v, object, "hex");
        struct ecdh_public public;
        bool compressed = ecdh_public_from_bytes(raw, &public) == ERR_OK;
        bool uncompressed = ecdh_public_from_uncompressed(raw, &public) == ERR_OK;
        assert_int_equal(compressed || uncompressed,
                         json_is_true(json_object_get(object, "valid")));
    }
    assert_int_equal(i, 6);
    vectors_fini(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_negative_cases),
        cmocka_unit_test(validator_refuses_structure),
        cmocka_unit_test(refuses_kms_answers),
        cmocka_unit_test(refuses_recipient_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
