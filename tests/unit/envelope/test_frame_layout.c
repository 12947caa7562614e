#include "cmocka_all.h"

#include "envelope/frame_layout.h"

static struct frame_layout of_plaintext(uint64_t n, uint32_t frame_length)
{
    struct frame_layout layout;
    assert_int_equal(frame_layout_of_plaintext(n, 293, frame_length, &layout), ERR_OK);
    return layout;
}

/* What the sealer will write is what a reader computes from the stored length alone. */
static void both_ways_agree(void **state)
{
    (void)state;
    static const uint32_t frame_lengths[] = {1, 100, 4096, 65536, 1048576};
    for (size_t i = 0; i < sizeof frame_lengths / sizeof frame_lengths[0]; i++) {
        uint32_t f = frame_lengths[i];
        const uint64_t sizes[] = {
            0, 1, f - 1u, f, f + 1u, 2 * (uint64_t)f - 1, 2 * (uint64_t)f, 5 * (uint64_t)f};
        for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
            struct frame_layout written = of_plaintext(sizes[k], f);
            struct frame_layout read;
            assert_int_equal(frame_layout_of_message(written.message_length, 293, f, &read, NULL),
                             ERR_OK);
            assert_int_equal(read.plaintext_length, sizes[k]);
            assert_int_equal(read.regular_frames, written.regular_frames);
            assert_int_equal(read.final_length, written.final_length);
            assert_int_equal(read.message_length, written.message_length);
        }
    }
}

static void refuses_impossible_lengths(void **state)
{
    (void)state;
    struct frame_layout layout;
    enum envelope_reason reason;
    static const uint64_t bodies[] = {0, 39, 40 + 4097, 40 + 4127};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        assert_int_equal(frame_layout_of_message(293 + bodies[i], 293, 4096, &layout, &reason),
                         ERR_SEALED_INVALID);
        assert_int_equal(reason, ENVELOPE_REASON_BODY_LENGTH);
    }
    assert_int_equal(frame_layout_of_message(100, 293, 4096, &layout, NULL), ERR_SEALED_INVALID);
    assert_int_equal(frame_layout_of_message(UINT64_MAX, 293, 1, &layout, NULL),
                     ERR_SEALED_INVALID);
}

static void counts_frames_up_to_the_limit(void **state)
{
    (void)state;
    struct frame_layout layout = of_plaintext(UINT32_MAX, 1);
    assert_int_equal(layout.regular_frames, UINT32_MAX - 1);
    struct frame_range range;
    assert_int_equal(frame_layout_range(&layout, UINT32_MAX - 1u, UINT32_MAX, &range), ERR_OK);
    assert_int_equal(range.first_frame, UINT32_MAX);
    assert_int_equal(range.message_to, layout.message_length);
    struct frame_layout read;
    assert_int_equal(frame_layout_of_message(layout.message_length, 293, 1, &read, NULL), ERR_OK);
    assert_int_equal(frame_layout_of_plaintext((uint64_t)UINT32_MAX + 1, 293, 1, &layout),
                     ERR_LETTER_TOO_LARGE);
    /* Above 4 GiB nothing is cut to 32 bits. */
    layout = of_plaintext((uint64_t)1 << 40, 65536);
    assert_int_equal(
        frame_layout_range(&layout, ((uint64_t)1 << 40) - 1, (uint64_t)1 << 40, &range), ERR_OK);
    assert_int_equal(range.first_frame, 1u << 24);
    assert_int_equal(range.message_from, 293 + ((uint64_t)(1u << 24) - 1) * (65536 + 32));
}

static void refuses_ranges_outside(void **state)
{
    (void)state;
    struct frame_layout layout = of_plaintext(5000, 4096);
    struct frame_range range;
    assert_int_equal(frame_layout_range(&layout, 0, 0, &range), ERR_RANGE_NOT_SATISFIABLE);
    assert_int_equal(frame_layout_range(&layout, 5, 4, &range), ERR_RANGE_NOT_SATISFIABLE);
    assert_int_equal(frame_layout_range(&layout, 0, 5001, &range), ERR_RANGE_NOT_SATISFIABLE);
    assert_int_equal(frame_layout_range(&layout, 5000, 5000, &range), ERR_RANGE_NOT_SATISFIABLE);
    assert_int_equal(frame_layout_range(&layout, 4999, 5000, &range), ERR_OK);
    assert_int_equal(range.skip, 903);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways_agree),
        cmocka_unit_test(refuses_impossible_lengths),
        cmocka_unit_test(counts_frames_up_to_the_limit),
        cmocka_unit_test(refuses_ranges_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
