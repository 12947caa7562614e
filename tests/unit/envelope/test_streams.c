/* Sealer and opener together: sizes around the frame length, every cut, ranges, misuse. */
#include "cmocka_all.h"

#include "base/mem.h"
#include "base/random.h"
#include "envelope/keyring_ecdh.h"
#include "envelope/opener.h"
#include "envelope/sealer.h"
#include "envelope/validator.h"

#include <string.h>

#define FRAME ((size_t)128)
#define MAX_MESSAGE 4096u

static const struct edk any_edk = {{(const uint8_t *)"p", 1}, {0}, {0}};

static const struct sealer_message message = {
    .edks = &any_edk, .edk_count = 1, .frame_length = FRAME};

static void seal(struct bytes plaintext, size_t piece, const struct secret *data_key,
                 struct buffer *out)
{
    struct sealer sealer;
    buffer_clear(out);
    assert_int_equal(sealer_init(&sealer, &message, data_key, out), ERR_OK);
    size_t header = out->n;
    size_t at = 0;
    for (; plaintext.n - at > piece; at += piece) {
        size_t before = out->n;
        size_t most = sealer_max_output(&sealer, piece);
        assert_int_equal(sealer_push(&sealer, bytes_slice(plaintext, at, piece), out), ERR_OK);
        assert_true(out->n - before <= most);
    }
    size_t before = out->n;
    size_t most = sealer_max_output(&sealer, plaintext.n - at);
    assert_int_equal(sealer_finish(&sealer, bytes_slice(plaintext, at, SIZE_MAX), out), ERR_OK);
    assert_true(out->n - before <= most);
    assert_int_equal(sealer.plaintext_bytes, plaintext.n);
    assert_int_equal(sealer_push(&sealer, BYTES_LIT("x"), out), ERR_INTERNAL);
    assert_int_equal(sealer_finish(&sealer, (struct bytes){0}, out), ERR_INTERNAL);
    struct frame_layout layout;
    assert_int_equal(frame_layout_of_plaintext(plaintext.n, header, FRAME, &layout), ERR_OK);
    assert_int_equal(out->n, layout.message_length);
    sealer_fini(&sealer);
}

static void open_and_compare(struct bytes sealed, size_t piece, const struct secret *data_key,
                             struct bytes plaintext)
{
    struct header header;
    struct opener opener;
    struct buffer out;
    buffer_init(&out, MAX_MESSAGE);
    assert_int_equal(header_parse(sealed, &header, NULL), ERR_OK);
    assert_int_equal(opener_init(&opener, &header, data_key, NULL), ERR_OK);
    for (size_t at = header.length; at < sealed.n; at += piece)
        assert_int_equal(opener_push(&opener, bytes_slice(sealed, at, piece), &out, NULL), ERR_OK);
    assert_int_equal(opener_finish(&opener, NULL), ERR_OK);
    assert_true(bytes_equal(buffer_bytes(&out), plaintext));
    opener_fini(&opener);
    buffer_fini(&out);
}

static void round_trips_in_pieces(void **state)
{
    (void)state;
    static const size_t sizes[] = {0,         1,         FRAME - 1,     FRAME,        FRAME + 1,
                                   2 * FRAME, 3 * FRAME, 3 * FRAME + 7, 7 * FRAME - 1};
    static const size_t pieces[] = {1, 7, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME, 300, 100000};
    uint8_t plaintext[MAX_MESSAGE];
    random_bytes(plaintext, sizeof plaintext);
    struct secret data_key;
    secret_random(&data_key);
    struct buffer sealed;
    buffer_init(&sealed, MAX_MESSAGE);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (size_t k = 0; k < sizeof pieces / sizeof pieces[0]; k++) {
            struct bytes text = bytes_of(plaintext, sizes[i]);
            seal(text, pieces[k], &data_key, &sealed);
            for (size_t m = 0; m < sizeof pieces / sizeof pieces[0]; m++)
                open_and_compare(buffer_bytes(&sealed), pieces[m], &data_key, text);
        }
    }
    buffer_fini(&sealed);
}

/* Whatever bit of header or frames is turned, the message is refused and no byte of a wrong frame
 * comes out. */
static void refuses_every_flipped_bit(void **state)
{
    (void)state;
    uint8_t plaintext[2 * FRAME + 5];
    random_bytes(plaintext, sizeof plaintext);
    struct secret data_key;
    secret_random(&data_key);
    struct buffer sealed;
    struct buffer out;
    buffer_init(&sealed, MAX_MESSAGE);
    buffer_init(&out, MAX_MESSAGE);
    seal(bytes_of(plaintext, sizeof plaintext), sizeof plaintext, &data_key, &sealed);
    for (size_t bit = 0; bit < 8 * sealed.n; bit++) {
        sealed.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        struct header header;
        struct opener opener = {0};
        enum err e = header_parse(buffer_bytes(&sealed), &header, NULL);
        if (e == ERR_OK)
            e = opener_init(&opener, &header, &data_key, NULL);
        buffer_clear(&out);
        if (e == ERR_OK) {
            struct bytes frames = bytes_slice(buffer_bytes(&sealed), header.length, SIZE_MAX);
            e = opener_push(&opener, frames, &out, NULL);
            if (e == ERR_OK)
                e = opener_finish(&opener, NULL);
        }
        assert_int_not_equal(e, ERR_OK);
        assert_true(out.n == 0 || (out.n % FRAME == 0 && out.n < sizeof plaintext));
        assert_true(out.n == 0 || memcmp(out.p, plaintext, out.n) == 0);
        opener_fini(&opener);
        sealed.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    buffer_fini(&sealed);
    buffer_fini(&out);
}

static enum err open_range(struct bytes sealed, const struct header *header,
                           const struct secret *data_key, const struct frame_layout *layout,
                           const struct frame_range *range)
{
    struct opener opener;
    struct buffer out;
    buffer_init(&out, MAX_MESSAGE);
    enum err e = opener_init(&opener, header, data_key, NULL);
    assert_int_equal(e, ERR_OK);
    opener_set_range(&opener, layout, range);
    struct bytes stored =
        bytes_slice(sealed, range->message_from, range->message_to - range->message_from);
    e = opener_push(&opener, stored, &out, NULL);
    if (e == ERR_OK)
        e = opener_finish(&opener, NULL);
    opener_fini(&opener);
    buffer_fini(&out);
    return e;
}

/* A message cut at a frame boundary has a layout that fits; the final frame gives it away. */
static void range_reader_notices_a_cut(void **state)
{
    (void)state;
    uint8_t plaintext[3 * FRAME + 5] = {0};
    struct secret data_key;
    secret_random(&data_key);
    struct buffer sealed;
    buffer_init(&sealed, MAX_MESSAGE);
    seal(bytes_of(plaintext, sizeof plaintext), FRAME, &data_key, &sealed);
    struct header header;
    assert_int_equal(header_parse(buffer_bytes(&sealed), &header, NULL), ERR_OK);
    struct bytes cut = bytes_of(sealed.p, header.length + 2 * (FRAME + 32));
    struct frame_layout layout;
    struct frame_range range;
    assert_int_equal(frame_layout_of_message(cut.n, header.length, FRAME, &layout, NULL), ERR_OK);
    assert_int_equal(frame_layout_range(&layout, 0, 10, &range), ERR_OK);
    assert_int_equal(open_range(cut, &header, &data_key, &layout, &range), ERR_OK);
    range = frame_layout_final(&layout);
    assert_int_equal(open_range(cut, &header, &data_key, &layout, &range), ERR_SEALED_INVALID);

    /* Frames in another place, too few of them, or too many. */
    assert_int_equal(frame_layout_of_message(sealed.n, header.length, FRAME, &layout, NULL),
                     ERR_OK);
    assert_int_equal(frame_layout_range(&layout, FRAME, 2 * FRAME, &range), ERR_OK);
    assert_int_equal(open_range(buffer_bytes(&sealed), &header, &data_key, &layout, &range),
                     ERR_OK);
    struct frame_range moved = range;
    moved.message_from -= FRAME + 32;
    moved.message_to -= FRAME + 32;
    assert_int_equal(open_range(buffer_bytes(&sealed), &header, &data_key, &layout, &moved),
                     ERR_SEALED_INVALID);
    moved = range;
    moved.message_to += FRAME + 32;
    assert_int_equal(open_range(buffer_bytes(&sealed), &header, &data_key, &layout, &moved),
                     ERR_SEALED_INVALID);
    moved = range;
    moved.last_frame++;
    assert_int_equal(open_range(buffer_bytes(&sealed), &header, &data_key, &layout, &moved),
                     ERR_SEALED_INVALID);
    buffer_fini(&sealed);
}

/* A full buffer is reported, and nothing is written past it. */
static void reports_a_full_buffer(void **state)
{
    (void)state;
    uint8_t plaintext[3 * FRAME] = {0};
    struct bytes text = bytes_of(plaintext, sizeof plaintext);
    struct secret data_key;
    secret_random(&data_key);
    struct buffer sealed;
    buffer_init(&sealed, MAX_MESSAGE);
    seal(text, sizeof plaintext, &data_key, &sealed);
    for (size_t max = 0; max < sealed.n; max += 50) {
        struct buffer out;
        struct sealer sealer;
        buffer_init(&out, max);
        enum err e = sealer_init(&sealer, &message, &data_key, &out);
        if (e == ERR_OK)
            e = sealer_finish(&sealer, text, &out);
        assert_int_equal(e, ERR_INTERNAL);
        sealer_fini(&sealer);
        buffer_fini(&out);
    }
    struct header header;
    struct opener opener;
    struct buffer out;
    buffer_init(&out, FRAME + 1);
    assert_int_equal(header_parse(buffer_bytes(&sealed), &header, NULL), ERR_OK);
    assert_int_equal(opener_init(&opener, &header, &data_key, NULL), ERR_OK);
    struct bytes frames = bytes_slice(buffer_bytes(&sealed), header.length, SIZE_MAX);
    assert_int_equal(opener_push(&opener, frames, &out, NULL), ERR_INTERNAL);
    assert_int_equal(out.n, FRAME);
    opener_fini(&opener);
    buffer_fini(&out);
    buffer_fini(&sealed);
}

static void refuses_bad_parameters(void **state)
{
    (void)state;
    struct secret data_key;
    secret_random(&data_key);
    struct buffer out;
    struct sealer sealer;
    struct sealer_message bad = message;
    buffer_init(&out, MAX_MESSAGE);
    bad.frame_length = 0;
    assert_int_equal(sealer_init(&sealer, &bad, &data_key, &out), ERR_INVALID_FIELD);
    sealer_fini(&sealer);
    bad = message;
    bad.edk_count = 0;
    assert_int_equal(sealer_init(&sealer, &bad, &data_key, &out), ERR_INVALID_FIELD);
    assert_int_equal(sealer_finish(&sealer, BYTES_LIT("x"), &out), ERR_INTERNAL);
    sealer_fini(&sealer);
    assert_int_equal(out.n, 0);
    buffer_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips_in_pieces),      cmocka_unit_test(refuses_every_flipped_bit),
        cmocka_unit_test(range_reader_notices_a_cut), cmocka_unit_test(reports_a_full_buffer),
        cmocka_unit_test(refuses_bad_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
