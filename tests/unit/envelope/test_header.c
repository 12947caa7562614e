#include "cmocka_all.h"
#include "vectors.h"

#include "base/mem.h"
#include "envelope/header.h"

#include <string.h>

/* Scans a stream as a careful caller does: again only when the bytes asked for are there. */
static void check_scan(struct bytes message)
{
    struct header whole;
    assert_int_equal(header_parse(message, &whole, NULL), ERR_OK);
    size_t need = 1;
    size_t scans = 0;
    struct header header;
    enum envelope_reason reason;
    for (size_t n = 0; n < whole.length; n++) {
        if (n < need)
            continue;
        size_t before = need;
        assert_int_equal(header_scan(bytes_of(message.p, n), &header, &need, &reason),
                         HEADER_NEEDS_MORE);
        assert_true(need > n && need > before && need <= whole.length);
        scans++;
    }
    assert_int_equal(need, whole.length);
    assert_true(scans <= 12 + 6 * whole.edk_count);
    assert_int_equal(header_scan(bytes_of(message.p, whole.length), &header, &need, &reason),
                     HEADER_COMPLETE);
    assert_int_equal(header.length, whole.length);
}

static void scans_in_few_steps(void **state)
{
    (void)state;
    struct vectors v;
    vectors_init(&v, "raw-ecdh");
    size_t i;
    json_t *object;
    json_array_foreach(json_object_get(v.root, "cases"), i, object)
        check_scan(vectors_message(&v, object));
    vectors_fini(&v);
}

static void truncation_is_never_malformed(void **state)
{
    (void)state;
    struct vectors v;
    vectors_init(&v, "raw-ecdh");
    struct bytes message = vectors_message(&v, vectors_case(&v, "ecdh-own-f4096-n4097"));
    struct header header;
    assert_int_equal(header_parse(message, &header, NULL), ERR_OK);
    for (size_t n = 0; n < header.length; n++) {
        struct header cut;
        enum envelope_reason reason;
        /* A copy of its own, so that a sanitizer sees any step past the end. */
        uint8_t *copy = mem_alloc(n + 1);
        memcpy(copy, message.p, n);
        assert_int_equal(header_parse(bytes_of(copy, n), &cut, &reason), ERR_SEALED_INVALID);
        assert_int_equal(reason, ENVELOPE_REASON_TRUNCATED);
        mem_free(copy);
    }
    vectors_fini(&v);
}

static struct header_fields fields_with(const struct edk *edks, size_t count)
{
    return (struct header_fields){.edks = edks, .edk_count = count, .frame_length = 4096};
}

static enum err write(const struct header_fields *fields)
{
    static const uint8_t commitment[HEADER_COMMITMENT_BYTES];
    struct buffer out;
    buffer_init(&out, HEADER_MAX_BYTES);
    enum err e = header_write(fields, commitment, &out);
    assert_int_equal(out.n == 0, e != ERR_OK);
    buffer_fini(&out);
    return e;
}

static void writer_refuses(void **state)
{
    (void)state;
    static uint8_t big[70000];
    struct edk edks[HEADER_MAX_EDKS + 1] = {{BYTES_LIT("p"), BYTES_LIT("i"), BYTES_LIT("c")}};
    struct header_fields fields = fields_with(edks, 0);
    assert_int_equal(write(&fields), ERR_INVALID_FIELD);
    fields.edk_count = HEADER_MAX_EDKS + 1;
    assert_int_equal(write(&fields), ERR_INVALID_FIELD);
    fields.edk_count = HEADER_MAX_EDKS;
    assert_int_equal(write(&fields), ERR_OK);
    fields.frame_length = 0;
    assert_int_equal(write(&fields), ERR_INVALID_FIELD);
    fields.frame_length = HEADER_MAX_FRAME_LENGTH + 1;
    assert_int_equal(write(&fields), ERR_INVALID_FIELD);
    fields.frame_length = HEADER_MAX_FRAME_LENGTH;
    assert_int_equal(write(&fields), ERR_OK);
    fields.aad = bytes_of(big, 65536);
    assert_int_equal(write(&fields), ERR_INVALID_FIELD);
    fields.aad = (struct bytes){0};
    edks[1].ciphertext = bytes_of(big, 65536);
    assert_int_equal(write(&fields), ERR_INVALID_FIELD);
    edks[1].ciphertext = bytes_of(big, 65535);
    assert_int_equal(write(&fields), ERR_OK);
    edks[2].ciphertext = bytes_of(big, 65535);
    assert_int_equal(write(&fields), ERR_INVALID_FIELD);
}

/* Lengths that promise more than a reader ever holds are refused before the bytes come. */
static void reader_has_a_ceiling(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, (size_t)2 * HEADER_MAX_BYTES);
    buffer_append(&out, BYTES_LIT("\x02\x04\x78"));
    for (size_t i = 0; i < HEADER_MESSAGE_ID_BYTES; i++)
        buffer_append_u8(&out, 0);
    buffer_append_u16(&out, 0);
    buffer_append_u16(&out, 16);
    struct header header;
    size_t need = 0;
    enum envelope_reason reason;
    enum header_scan scan = HEADER_NEEDS_MORE;
    while (scan == HEADER_NEEDS_MORE) {
        scan = header_scan(buffer_bytes(&out), &header, &need, &reason);
        while (scan == HEADER_NEEDS_MORE && out.n < need)
            buffer_append_u8(&out, 0xff);
    }
    assert_int_equal(scan, HEADER_MALFORMED);
    assert_int_equal(reason, ENVELOPE_REASON_HEADER_TOO_LARGE);
    assert_true(out.n <= HEADER_MAX_BYTES);
    buffer_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scans_in_few_steps),
        cmocka_unit_test(truncation_is_never_malformed),
        cmocka_unit_test(writer_refuses),
        cmocka_unit_test(reader_has_a_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
