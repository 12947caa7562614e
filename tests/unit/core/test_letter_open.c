/* What a thief or tamperer with the storage can do to letters, and that none of it is ever taken
 * for a letter. */
#include "office.h"

#include "core/letter_bytes.h"
#include "core/letter_reader.h"
#include "envelope/frame_layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#define FILE_BYTES 300000 /* five frames */
#define REGULAR_FRAME_BYTES (65536u + FRAME_REGULAR_OVERHEAD)

static struct message_record send_file(struct office *office, enum office_user from, const char *to,
                                       int64_t n)
{
    struct letter_draft draft = {
        .to = bytes_of_str(to), .has_file = true, .file_name = BYTES_LIT("f"), .copy = true};
    struct message_record letter;
    assert_int_equal(office_send(office, from, &draft, n, &letter, NULL), ERR_OK);
    return letter;
}

static struct message_record send_text(struct office *office, enum office_user from, const char *to)
{
    struct letter_draft draft = {.to = bytes_of_str(to), .text = BYTES_LIT("a text"), .copy = true};
    struct message_record letter;
    assert_int_equal(office_send(office, from, &draft, -1, &letter, NULL), ERR_OK);
    return letter;
}

static enum err try_open(struct office *office, enum office_user user, const struct uuid *id)
{
    struct letter_reader *reader = NULL;
    struct letter_opened opened;
    enum err e = letter_reader_open(&office->core, office_as(office, user), id, &reader, &opened);
    letter_reader_close(reader);
    return e;
}

/* Changes the size that the record claims, as someone who also owns the database would. */
static void set_sealed_size(struct office *office, const struct uuid *id, uint64_t n)
{
    struct arena arena = {0};
    const char *sql = arena_printf(&arena, "UPDATE messages SET sealed_size = %llu WHERE id = ?1",
                                   (unsigned long long)n);
    office_sql(office, sql, id, NULL);
    arena_fini(&arena);
}

static void flip_byte(const char *path, long at)
{
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, at, SEEK_SET), 0);
    int c = fgetc(f);
    assert_int_equal(fseek(f, at, SEEK_SET), 0);
    assert_int_not_equal(fputc(c ^ 1, f), EOF);
    assert_int_equal(fclose(f), 0);
}

static void test_cut_at_every_frame(void **state)
{
    struct office *office = *state;
    struct message_record letter = send_file(office, ALICE, "bob", FILE_BYTES);
    uint64_t header_n = letter.sealed_size - 4 * REGULAR_FRAME_BYTES -
                        (letter.size - 4 * 65536 + FRAME_FINAL_OVERHEAD);
    const char *path = office_object_path(office, &letter.id);
    for (unsigned frames = 4; frames > 0; frames--) {
        long length = (long)(frames * REGULAR_FRAME_BYTES);
        assert_int_equal(truncate(path, length), 0);
        assert_int_equal(try_open(office, BOB, &letter.id), ERR_LETTER_DAMAGED);
        /* Nothing else tells once the record has the same length. */
        set_sealed_size(office, &letter.id, header_n + (uint64_t)length);
        assert_int_equal(try_open(office, BOB, &letter.id), ERR_LETTER_DAMAGED);
    }
    for (long length = 0; length <= 41; length++) {
        assert_int_equal(truncate(path, length), 0);
        set_sealed_size(office, &letter.id, header_n + (uint64_t)length);
        assert_int_equal(try_open(office, BOB, &letter.id), ERR_LETTER_DAMAGED);
    }
    assert_int_equal(unlink(path), 0);
    assert_int_equal(try_open(office, BOB, &letter.id), ERR_LETTER_DAMAGED);
}

static void test_flipped_bits_in_frames(void **state)
{
    struct office *office = *state;
    struct message_record letter = send_file(office, ALICE, "bob", FILE_BYTES);
    const char *path = office_object_path(office, &letter.id);
    /* prefix, IV, ciphertext and tag of the second frame, which only its reading shows */
    static const long middle[] = {0, 3, 4, 15, 16, 40000, 65551, 65552, 65567};
    for (size_t i = 0; i < sizeof middle / sizeof middle[0]; i++) {
        long at = (long)REGULAR_FRAME_BYTES + middle[i];
        flip_byte(path, at);
        assert_int_equal(try_open(office, BOB, &letter.id), ERR_OK);
        assert_int_equal(office_check_file(office, BOB, &letter.id, 0, FILE_BYTES),
                         ERR_LETTER_DAMAGED);
        assert_int_equal(office_check_file(office, BOB, &letter.id, 70000, 70001),
                         ERR_LETTER_DAMAGED);
        assert_int_equal(office_check_file(office, BOB, &letter.id, 140000, FILE_BYTES), ERR_OK);
        flip_byte(path, at);
    }
    /* the final frame refuses everything */
    for (long back = 1; back < 100; back += 7) {
        long at = (long)(4 * REGULAR_FRAME_BYTES) + back;
        flip_byte(path, at);
        assert_int_equal(try_open(office, BOB, &letter.id), ERR_LETTER_DAMAGED);
        flip_byte(path, at);
    }
    assert_int_equal(office_check_file(office, BOB, &letter.id, 0, FILE_BYTES), ERR_OK);
}

static void test_frames_in_another_order(void **state)
{
    struct office *office = *state;
    struct message_record letter = send_file(office, ALICE, "bob", FILE_BYTES);
    static uint8_t frames[2][REGULAR_FRAME_BYTES];
    FILE *f = fopen(office_object_path(office, &letter.id), "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, REGULAR_FRAME_BYTES, SEEK_SET), 0);
    assert_int_equal(fread(frames, sizeof frames, 1, f), 1);
    assert_int_equal(fseek(f, REGULAR_FRAME_BYTES, SEEK_SET), 0);
    assert_int_equal(fwrite(frames[1], sizeof frames[1], 1, f), 1);
    assert_int_equal(fwrite(frames[0], sizeof frames[0], 1, f), 1);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(office_check_file(office, BOB, &letter.id, 0, FILE_BYTES), ERR_LETTER_DAMAGED);
}

static void test_payloads_of_another_letter(void **state)
{
    struct office *office = *state;
    struct message_record a = send_text(office, ALICE, "bob");
    struct message_record b = send_text(office, ALICE, "bob");
    /* all of it: a fine message of the same two people, but another letter */
    office_sql(office,
               "UPDATE messages SET (header, frames) ="
               " (SELECT header, frames FROM messages WHERE id = ?2) WHERE id = ?1",
               &a.id, &b.id);
    assert_int_equal(try_open(office, BOB, &a.id), ERR_LETTER_DAMAGED);
    assert_int_equal(try_open(office, ALICE, &a.id), ERR_LETTER_DAMAGED);
    /* the frames alone */
    struct message_record c = send_text(office, ALICE, "bob");
    office_sql(office,
               "UPDATE messages SET frames = (SELECT frames FROM messages WHERE id = ?2)"
               " WHERE id = ?1",
               &c.id, &b.id);
    assert_int_equal(try_open(office, BOB, &c.id), ERR_LETTER_DAMAGED);
    assert_int_equal(try_open(office, BOB, &b.id), ERR_OK);
}

static void test_a_letter_given_to_somebody_else(void **state)
{
    struct office *office = *state;
    struct message_record letter = send_text(office, ALICE, "bob");
    struct message_record others = send_text(office, ALICE, "eve");
    office_sql(office,
               "UPDATE messages SET recipient_no ="
               " (SELECT recipient_no FROM messages WHERE id = ?2) WHERE id = ?1",
               &letter.id, &others.id);
    assert_int_equal(try_open(office, EVE, &letter.id), ERR_LETTER_DAMAGED);
    /* a false sender */
    struct message_record from_eve = send_text(office, EVE, "bob");
    struct message_record from_alice = send_text(office, ALICE, "bob");
    office_sql(office,
               "UPDATE messages SET sender_no ="
               " (SELECT sender_no FROM messages WHERE id = ?2) WHERE id = ?1",
               &from_eve.id, &from_alice.id);
    assert_int_equal(try_open(office, BOB, &from_eve.id), ERR_LETTER_DAMAGED);
}

static void test_flipped_bits_in_headers(void **state)
{
    struct office *office = *state;
    for (int at = 1; at <= 420; at += 11) {
        struct message_record letter = send_text(office, ALICE, "bob");
        struct arena arena = {0};
        const char *sql = arena_printf(
            &arena,
            "UPDATE messages SET header = CAST(substr(header, 1, %d) || CASE substr(header, %d, 1)"
            " WHEN x'00' THEN x'01' ELSE x'00' END || substr(header, %d) AS BLOB) WHERE id = ?1",
            at - 1, at, at + 1);
        office_sql(office, sql, &letter.id, NULL);
        arena_fini(&arena);
        enum err e = try_open(office, BOB, &letter.id);
        assert_true(e == ERR_LETTER_DAMAGED || e == ERR_NOT_FOR_US);
    }
}

static void test_trailing_bytes(void **state)
{
    struct office *office = *state;
    struct message_record letter = send_file(office, ALICE, "bob", FILE_BYTES);
    FILE *f = fopen(office_object_path(office, &letter.id), "ab");
    assert_non_null(f);
    assert_int_not_equal(fputc(0, f), EOF);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(try_open(office, BOB, &letter.id), ERR_LETTER_DAMAGED);
    set_sealed_size(office, &letter.id, letter.sealed_size + 1);
    assert_int_equal(try_open(office, BOB, &letter.id), ERR_LETTER_DAMAGED);
}

static void test_stored_bytes_are_one_message(void **state)
{
    struct office *office = *state;
    struct message_record letters[] = {send_text(office, ALICE, "bob"),
                                       send_file(office, ALICE, "bob", FILE_BYTES)};
    for (size_t i = 0; i < 2; i++) {
        struct letter_bytes stored;
        struct buffer whole;
        struct buffer parts;
        struct buffer scratch;
        struct ctx *ctx = office_as(office, BOB);
        buffer_init(&whole, 1u << 20);
        buffer_init(&parts, 1u << 20);
        buffer_init(&scratch, 1u << 20);
        assert_int_equal(letter_bytes_init(&stored, &office->core, ctx, &letters[i].id), ERR_OK);
        assert_int_equal(stored.size, letters[i].sealed_size);
        struct bytes piece;
        assert_int_equal(letter_bytes_get(&stored, ctx, 0, (size_t)stored.size, &whole, &piece),
                         ERR_OK);
        if (piece.p != whole.p)
            buffer_append(&whole, piece);
        for (uint64_t at = 0; at < stored.size; at += 97) {
            size_t n = stored.size - at < 97 ? (size_t)(stored.size - at) : 97;
            assert_int_equal(letter_bytes_get(&stored, ctx, at, n, &scratch, &piece), ERR_OK);
            assert_int_equal(piece.n, n);
            buffer_append(&parts, piece);
        }
        assert_true(bytes_equal(buffer_bytes(&whole), buffer_bytes(&parts)));
        letter_bytes_fini(&stored);
        buffer_fini(&whole);
        buffer_fini(&parts);
        buffer_fini(&scratch);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, office_open, office_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_cut_at_every_frame),
        TEST(test_flipped_bits_in_frames),
        TEST(test_frames_in_another_order),
        TEST(test_payloads_of_another_letter),
        TEST(test_a_letter_given_to_somebody_else),
        TEST(test_flipped_bits_in_headers),
        TEST(test_trailing_bytes),
        TEST(test_stored_bytes_are_one_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
