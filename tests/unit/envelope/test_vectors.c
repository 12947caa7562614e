/* Every positive vector: opened whole, in pieces of every kind, in ranges; sealed again byte for
 * byte where the vector tells its random inputs. */
#include "cmocka_all.h"
#include "vectors.h"

#include "base/mem.h"
#include "envelope/derive.h"
#include "envelope/fixed_inputs.h"
#include "envelope/keyring_aes.h"
#include "envelope/keyring_ecdh.h"
#include "envelope/keyring_kms.h"
#include "envelope/opener.h"
#include "envelope/validator.h"

#include <stdio.h>
#include <string.h>

static enum err unwrap_kms(struct vectors *v, const json_t *object, const struct header *header,
                           struct secret *data_key)
{
    struct bytes arn = bytes_of_str(vectors_string(object, "key_arn"));
    const json_t *request = json_object_get(object, "decrypt_request");
    const json_t *response = json_object_get(object, "decrypt_response");
    size_t index = 0;
    struct edk edk;
    assert_true(keyring_kms_find(header, arn, &index, &edk));
    assert_true(bytes_equal(edk.ciphertext, vectors_hex(v, request, "CiphertextBlob")));
    assert_true(bytes_equal(edk.info, bytes_of_str(vectors_string(request, "KeyId"))));
    return keyring_kms_accept(arn, bytes_of_str(vectors_string(response, "KeyId")),
                              vectors_hex(v, response, "Plaintext_hex"), data_key, NULL);
}

/* Unwraps the data key of a case with whatever the case gives for it. */
static struct secret unwrap(struct vectors *v, const json_t *object, const struct header *header)
{
    struct secret data_key;
    if (json_object_get(object, "key_arn") != NULL) {
        assert_int_equal(unwrap_kms(v, object, header, &data_key), ERR_OK);
        return data_key;
    }
    if (json_object_get(object, "wrapping_key_hex") != NULL) {
        struct secret wrapping = vectors_secret(v, object, "wrapping_key_hex");
        struct keyring_aes_key key = {bytes_of_str(vectors_string(object, "provider_id")),
                                      bytes_of_str(vectors_string(object, "key_name")), &wrapping};
        assert_int_equal(keyring_aes_unwrap(header, &key, &data_key, NULL), ERR_OK);
        return data_key;
    }
    bool is_static = json_object_get(object, "sender_private_key_pem") != NULL;
    struct ecdh_key key =
        vectors_key(object, is_static ? "recipient_private_key_pem" : "private_key_pem");
    struct keyring_ecdh_parties parties;
    assert_int_equal(keyring_ecdh_unwrap_with_key(header, &key, &data_key, &parties, NULL), ERR_OK);
    assert_false(parties.as_sender);
    assert_true(ecdh_point_equal(&parties.recipient, &key.public.point));
    ecdh_key_fini(&key);
    return data_key;
}

/* A case whose header was read and whose data key was unwrapped. */
struct opened {
    struct bytes message;
    struct bytes plaintext;
    struct header header;
    struct secret data_key;
};

static struct opened open_header(struct vectors *v, const json_t *object)
{
    struct opened o = {.message = vectors_message(v, object),
                       .plaintext = vectors_plaintext(v, object)};
    assert_int_equal(header_parse(o.message, &o.header, NULL), ERR_OK);
    assert_int_equal(o.header.length, vectors_number(object, "header_length"));
    assert_int_equal(o.header.edk_count, vectors_number(object, "edk_count"));
    assert_int_equal(o.header.frame_length, vectors_number(object, "frame_length"));
    o.data_key = unwrap(v, object, &o.header);
    return o;
}

static struct bytes frames_of(const struct opened *o)
{
    return bytes_slice(o->message, o->header.length, SIZE_MAX);
}

/* Opens all frames from pushes of the given size; piece 0 means everything at once. */
static void open_in_pieces(const struct opened *o, size_t piece)
{
    struct opener opener;
    struct buffer out;
    buffer_init(&out, o->message.n);
    assert_int_equal(opener_init(&opener, &o->header, &o->data_key, NULL), ERR_OK);
    struct bytes stored = frames_of(o);
    for (size_t at = 0; at < stored.n; at += piece == 0 ? stored.n : piece) {
        struct bytes part = bytes_slice(stored, at, piece == 0 ? stored.n : piece);
        size_t before = out.n;
        size_t most = opener_max_output(&opener, part.n);
        assert_int_equal(opener_push(&opener, part, &out, NULL), ERR_OK);
        assert_true(out.n - before <= most);
    }
    assert_int_equal(opener_finish(&opener, NULL), ERR_OK);
    assert_true(bytes_equal(buffer_bytes(&out), o->plaintext));
    assert_int_equal(opener.plaintext_bytes, o->plaintext.n);
    opener_fini(&opener);
    buffer_fini(&out);
}

static void validate_in_pieces(const struct opened *o, size_t piece)
{
    struct validator validator;
    validator_init(&validator, o->header.frame_length);
    struct bytes stored = frames_of(o);
    for (size_t at = 0; at < stored.n; at += piece)
        assert_int_equal(validator_push(&validator, bytes_slice(stored, at, piece), NULL), ERR_OK);
    uint64_t n = 0;
    assert_int_equal(validator_finish(&validator, &n, NULL), ERR_OK);
    assert_int_equal(n, o->plaintext.n);
}

static struct frame_layout layout_of(const json_t *object, const struct opened *o)
{
    struct frame_layout layout;
    assert_int_equal(frame_layout_of_message(o->message.n, o->header.length, o->header.frame_length,
                                             &layout, NULL),
                     ERR_OK);
    assert_int_equal(layout.plaintext_length, o->plaintext.n);
    if (json_object_get(object, "regular_frames") != NULL) {
        assert_int_equal(layout.regular_frames, vectors_number(object, "regular_frames"));
        assert_int_equal(layout.final_length, vectors_number(object, "final_frame_length"));
    }
    return layout;
}

/* Opens just the frames of a range and gives their plaintext. */
static void open_range(const struct opened *o, const struct frame_layout *layout,
                       const struct frame_range *range, struct buffer *out)
{
    struct opener opener;
    assert_int_equal(opener_init(&opener, &o->header, &o->data_key, NULL), ERR_OK);
    opener_set_range(&opener, layout, range);
    struct bytes stored =
        bytes_slice(o->message, range->message_from, range->message_to - range->message_from);
    assert_int_equal(opener_push(&opener, stored, out, NULL), ERR_OK);
    assert_int_equal(opener_finish(&opener, NULL), ERR_OK);
    opener_fini(&opener);
}

static void check_range(struct vectors *v, const json_t *range_json, const struct opened *o,
                        const struct frame_layout *layout)
{
    uint64_t from = vectors_number(range_json, "offset");
    uint64_t n = vectors_number(range_json, "length");
    struct frame_range range;
    assert_int_equal(frame_layout_range(layout, from, from + n, &range), ERR_OK);
    assert_int_equal(range.first_frame, vectors_number(range_json, "first_frame"));
    assert_int_equal(range.last_frame, vectors_number(range_json, "last_frame"));
    assert_int_equal(range.message_from, vectors_number(range_json, "message_from"));
    assert_int_equal(range.message_to, vectors_number(range_json, "message_to"));
    struct buffer out;
    buffer_init(&out, o->message.n);
    open_range(o, layout, &range, &out);
    vectors_check_sha256(v, range_json, "sha256", bytes_slice(buffer_bytes(&out), range.skip, n));
    buffer_fini(&out);
}

static void check_ranges(struct vectors *v, const json_t *object, const struct opened *o)
{
    struct frame_layout layout = layout_of(object, o);
    size_t i;
    json_t *range_json;
    json_array_foreach(json_object_get(object, "ranges"), i, range_json)
        check_range(v, range_json, o, &layout);
    struct buffer out;
    buffer_init(&out, o->message.n);
    struct frame_range final = frame_layout_final(&layout);
    open_range(o, &layout, &final, &out);
    assert_int_equal(out.n, layout.final_length);
    buffer_fini(&out);
}

static void check_context(struct vectors *v, const json_t *object, const struct header *header)
{
    struct encryption_context expected = vectors_context(object);
    assert_int_equal(encryption_context_require(header->aad, &expected, NULL), ERR_OK);
    if (json_object_get(object, "context_serialized_hex") == NULL)
        return;
    assert_true(bytes_equal(vectors_hex(v, object, "context_serialized_hex"), header->aad));
    assert_true(bytes_equal(vectors_aad(v, &expected), header->aad));
}

static void check_case(struct vectors *v, const json_t *object)
{
    static const size_t odd_pieces[] = {7, 4095, 4129, 65569, 100003};
    struct opened o = open_header(v, object);
    check_context(v, object, &o.header);
    open_in_pieces(&o, 0);
    for (size_t i = 0; i < sizeof odd_pieces / sizeof odd_pieces[0]; i++) {
        open_in_pieces(&o, odd_pieces[i]);
        validate_in_pieces(&o, odd_pieces[i]);
    }
    if (o.message.n < 70000) {
        open_in_pieces(&o, 1);
        validate_in_pieces(&o, 1);
    }
    check_ranges(v, object, &o);
    secret_fini(&o.data_key);
}

static void check_file(const char *name, size_t expected_count)
{
    struct vectors v;
    vectors_init(&v, name);
    size_t i;
    json_t *object;
    json_array_foreach(json_object_get(v.root, "cases"), i, object) check_case(&v, object);
    assert_int_equal(i, expected_count);
    vectors_fini(&v);
}

static void opens_raw_ecdh(void **state)
{
    (void)state;
    check_file("raw-ecdh", 26);
}

static void opens_raw_ecdh_static(void **state)
{
    (void)state;
    check_file("raw-ecdh-static", 6);
}

static void opens_raw_aes(void **state)
{
    (void)state;
    check_file("raw-aes", 12);
}

static void opens_aws_kms(void **state)
{
    (void)state;
    check_file("aws-kms", 3);
}

/* The sender's own copy: their key against the recipient field. */
static void sender_opens_own_copy(void **state)
{
    (void)state;
    struct vectors v;
    vectors_init(&v, "raw-ecdh-static");
    size_t i;
    json_t *object;
    json_array_foreach(json_object_get(v.root, "cases"), i, object)
    {
        struct opened o = open_header(&v, object);
        struct ecdh_key sender = vectors_key(object, "sender_private_key_pem");
        struct secret data_key;
        struct keyring_ecdh_parties parties;
        assert_int_equal(
            keyring_ecdh_unwrap_with_key(&o.header, &sender, &data_key, &parties, NULL), ERR_OK);
        assert_true(parties.as_sender);
        assert_true(ecdh_point_equal(&parties.sender, &sender.public.point));
        assert_true(secret_equal(&data_key, &o.data_key));
    }
    vectors_fini(&v);
}

static void reproduce_ecdh_edk(struct vectors *v, const json_t *object, const json_t *fixed,
                               struct bytes aad, const struct secret *data_key,
                               struct keyring_ecdh_edk *out)
{
    struct secret scalar = vectors_secret(v, fixed, "ephemeral_private_key");
    struct ecdh_key ephemeral;
    assert_int_equal(ecdh_key_from_scalar(&scalar, &ephemeral), ERR_OK);
    struct ecdh_public recipient;
    struct bytes point = vectors_hex(v, object, "recipient_public_key_compressed");
    assert_int_equal(ecdh_public_from_bytes(point, &recipient), ERR_OK);
    struct secret z;
    ecdh_key_agree(&ephemeral, &recipient, &z);
    struct secret expected_z =
        vectors_secret(v, json_object_get(object, "intermediate"), "shared_secret");
    assert_true(secret_equal(&z, &expected_z));
    struct bytes nonce = vectors_hex(v, fixed, "derivation_nonce");
    memcpy(out->ciphertext, nonce.p, nonce.n);
    keyring_ecdh_wrap_fixed(&z, &ephemeral.public.point, &recipient.point, aad, data_key, out);
}

static void reproduce_aes_edk(struct vectors *v, const json_t *object, const json_t *fixed,
                              struct bytes aad, const struct secret *data_key,
                              struct keyring_aes_edk *out)
{
    struct secret wrapping = vectors_secret(v, object, "wrapping_key_hex");
    struct keyring_aes_key key = {bytes_of_str(vectors_string(object, "provider_id")),
                                  bytes_of_str(vectors_string(object, "key_name")), &wrapping};
    struct bytes iv = vectors_hex(v, fixed, "wrap_iv");
    assert_int_equal(iv.n, KEYRING_AES_IV_BYTES);
    assert_int_equal(keyring_aes_wrap_fixed(&key, aad, data_key, iv.p, out), ERR_OK);
}

/* Seals the plaintext in pieces with the inputs of the case; the result must be the message. */
static void seal_and_compare(struct vectors *v, const json_t *fixed, const struct opened *o,
                             const struct sealer_message *message, size_t piece)
{
    struct secret data_key = vectors_secret(v, fixed, "data_key");
    struct bytes id = vectors_hex(v, fixed, "message_id");
    struct buffer out;
    buffer_init(&out, o->message.n + 100);
    struct sealer sealer;
    assert_int_equal(sealer_init_fixed(&sealer, message, &data_key, id.p, &out), ERR_OK);
    size_t at = 0;
    for (; o->plaintext.n - at > piece; at += piece)
        assert_int_equal(sealer_push(&sealer, bytes_slice(o->plaintext, at, piece), &out), ERR_OK);
    assert_int_equal(sealer_finish(&sealer, bytes_slice(o->plaintext, at, piece), &out), ERR_OK);
    assert_int_equal(out.n, o->message.n);
    assert_memory_equal(out.p, o->message.p, out.n);
    sealer_fini(&sealer);
    buffer_fini(&out);
}

/* The EDKs of the message with the last one made again. False for the one form that we do not
 * write and for cases that do not tell their inputs. */
static bool reproduce_case(struct vectors *v, const json_t *object)
{
    static const size_t pieces[] = {1, 100, 4096, 4097, 65536, SIZE_MAX};
    const json_t *fixed = json_object_get(object, "fixed_inputs");
    if (fixed == NULL || strcmp(vectors_string(object, "name"), "ecdh-empty-final-frame") == 0)
        return false;
    struct opened o = open_header(v, object);
    struct keyring_ecdh_edk ecdh;
    struct keyring_aes_edk aes;
    struct edk *last = &o.header.edks[o.header.edk_count - 1];
    if (json_object_get(fixed, "wrap_iv") != NULL) {
        reproduce_aes_edk(v, object, fixed, o.header.aad, &o.data_key, &aes);
        *last = keyring_aes_edk_view(&aes);
    } else {
        reproduce_ecdh_edk(v, object, fixed, o.header.aad, &o.data_key, &ecdh);
        *last = keyring_ecdh_edk_view(&ecdh);
    }
    struct sealer_message message = {o.header.aad, o.header.edks, o.header.edk_count,
                                     o.header.frame_length};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
        seal_and_compare(v, fixed, &o, &message, pieces[i]);
    return true;
}

static size_t reproduce_file(const char *name)
{
    struct vectors v;
    vectors_init(&v, name);
    size_t reproduced = 0;
    size_t i;
    json_t *object;
    json_array_foreach(json_object_get(v.root, "cases"), i, object)
    {
        if (reproduce_case(&v, object))
            reproduced++;
    }
    vectors_fini(&v);
    return reproduced;
}

static void reproduces_independent_cases(void **state)
{
    (void)state;
    assert_int_equal(reproduce_file("raw-ecdh"), 11);
    assert_int_equal(reproduce_file("raw-aes"), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_raw_ecdh),        cmocka_unit_test(opens_raw_ecdh_static),
        cmocka_unit_test(opens_raw_aes),         cmocka_unit_test(opens_aws_kms),
        cmocka_unit_test(sender_opens_own_copy), cmocka_unit_test(reproduces_independent_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
