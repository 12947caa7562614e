/* Letters that clients seal by themselves: what is taken, and everything that is not. */
#include "office.h"

#include "core/letter_context.h"
#include "core/letter_reader.h"
#include "envelope/keyring_ecdh.h"
#include "envelope/manifest.h"
#include "envelope/sealer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* What a client does, right by default. */
struct client {
    struct office *office;
    struct uuid id;
    enum office_user context_recipient;
    enum office_user context_sender;
    enum office_user key_of; /* whose key it is sealed to */
    bool extra_pair;
    uint32_t frame_length;
    int64_t file_n;
    struct buffer message;
    size_t header_n;
};

static struct client client_of(struct office *office)
{
    struct client c = {
        .office = office,
        .id = uuid_at(office_as(office, ALICE)->now_unix_ms),
        .context_recipient = BOB,
        .context_sender = ALICE,
        .key_of = BOB,
        .frame_length = 4096,
        .file_n = 100,
    };
    buffer_init(&c.message, 4u << 20);
    return c;
}

static void write_plaintext(const struct client *c, struct buffer *out)
{
    const struct manifest manifest = {
        .has_file = true, .file_name = BYTES_LIT("../evil"), .media_type = BYTES_LIT("text/html")};
    assert_int_equal(manifest_write(&manifest, out), ERR_OK);
    for (int64_t i = 0; i < c->file_n; i++)
        buffer_append_u8(out, office_byte((uint64_t)i));
}

static void seal(struct client *c)
{
    struct office *office = c->office;
    struct letter_context context;
    struct keyring_ecdh_edk edk;
    struct secret data_key;
    struct secret z;
    struct sealer sealer;
    struct buffer plaintext;
    struct buffer aad;
    letter_context_init(&context, &c->id, &office->actors[c->context_recipient].user_id,
                        &office->actors[c->context_sender].user_id);
    if (c->extra_pair)
        assert_int_equal(encryption_context_add(&context.pairs, BYTES_LIT("x"), BYTES_LIT("y")),
                         ERR_OK);
    buffer_init(&plaintext, 4u << 20);
    buffer_init(&aad, 1024);
    encryption_context_write(&context.pairs, &aad);
    write_plaintext(c, &plaintext);
    secret_random(&data_key);
    ecdh_key_agree(&office->keys[ALICE], &office->keys[c->key_of].public, &z);
    keyring_ecdh_wrap(&z, &office->keys[ALICE].public.point, &office->keys[c->key_of].public.point,
                      buffer_bytes(&aad), &data_key, &edk);
    struct edk view = keyring_ecdh_edk_view(&edk);
    const struct sealer_message message = {
        .aad = buffer_bytes(&aad), .edks = &view, .edk_count = 1, .frame_length = c->frame_length};
    assert_int_equal(sealer_init(&sealer, &message, &data_key, &c->message), ERR_OK);
    c->header_n = c->message.n;
    assert_int_equal(sealer_finish(&sealer, buffer_bytes(&plaintext), &c->message), ERR_OK);
    sealer_fini(&sealer);
    secret_fini(&data_key);
    secret_fini(&z);
    buffer_fini(&plaintext);
    buffer_fini(&aad);
}

/* Posts what is in c->message, in pieces. */
static enum err post(struct client *c, size_t piece_n, struct message_record *letter,
                     bool *duplicate)
{
    struct ctx *ctx = office_as(c->office, ALICE);
    struct letter_send *send = NULL;
    const struct letter_draft draft = {.to = BYTES_LIT("bob")};
    assert_int_equal(letter_send_begin_sealed(&c->office->core, ctx, &draft, &send), ERR_OK);
    struct bytes rest = buffer_bytes(&c->message);
    while (rest.n > 0) {
        struct bytes piece = bytes_slice(rest, 0, piece_n);
        rest = bytes_slice(rest, piece.n, SIZE_MAX);
        enum err e = letter_send_write(send, ctx, piece);
        if (e != ERR_OK) {
            letter_send_abort(send);
            return e;
        }
    }
    return office_store(send, ctx, letter, duplicate);
}

static enum err seal_and_post(struct client *c)
{
    seal(c);
    enum err e = post(c, 1000, NULL, NULL);
    buffer_fini(&c->message);
    return e;
}

static void test_sealed_letters_arrive(void **state)
{
    struct office *office = *state;
    static const int64_t sizes[] = {0, 100, 20000, 700000};
    static const size_t pieces[] = {1, 333, 1u << 20};
    for (size_t i = 0; i < 4; i++) {
        for (size_t k = 0; k < 3; k++) {
            struct client c = client_of(office);
            struct message_record letter;
            c.file_n = sizes[i];
            seal(&c);
            assert_int_equal(post(&c, pieces[k], &letter, NULL), ERR_OK);
            assert_true(uuid_equal(&letter.id, &c.id));
            assert_true(letter.sender_verified);
            assert_int_equal(letter.sealed_size, c.message.n);
            assert_int_equal(office_check_file(office, BOB, &letter.id, 0, (uint64_t)sizes[i]),
                             ERR_OK);
            buffer_fini(&c.message);
        }
    }
}

static void test_the_same_message_twice_is_one_letter(void **state)
{
    struct office *office = *state;
    for (int64_t size = 100; size <= 700100; size += 700000) {
        struct client c = client_of(office);
        struct message_record letter;
        bool duplicate = false;
        c.file_n = size;
        seal(&c);
        assert_int_equal(post(&c, 5000, &letter, &duplicate), ERR_OK);
        assert_false(duplicate);
        assert_int_equal(post(&c, 777, &letter, &duplicate), ERR_OK);
        assert_true(duplicate);
        assert_int_equal(office_check_file(office, BOB, &c.id, 0, (uint64_t)size), ERR_OK);
        /* another message under the same id */
        buffer_clear(&c.message);
        seal(&c);
        enum err e = post(&c, 5000, NULL, NULL);
        assert_true(e == ERR_CONFLICT || e == ERR_IDEMPOTENCY_MISMATCH);
        assert_int_equal(office_check_file(office, BOB, &c.id, 0, (uint64_t)size), ERR_OK);
        buffer_fini(&c.message);
    }
}

static void test_contexts_that_are_not_this_letter(void **state)
{
    struct office *office = *state;
    int64_t now = office_as(office, ALICE)->now_unix_ms;
    struct client c = client_of(office);
    c.context_recipient = EVE;
    assert_int_equal(seal_and_post(&c), ERR_SEALED_INVALID);
    c = client_of(office);
    c.context_sender = EVE;
    assert_int_equal(seal_and_post(&c), ERR_SEALED_INVALID);
    c = client_of(office);
    c.key_of = EVE;
    assert_int_equal(seal_and_post(&c), ERR_SEALED_INVALID);
    c = client_of(office);
    c.extra_pair = true;
    assert_int_equal(seal_and_post(&c), ERR_SEALED_INVALID);
    c = client_of(office);
    c.id = uuid_random();
    assert_int_equal(seal_and_post(&c), ERR_SEALED_INVALID);
    c = client_of(office);
    c.id = uuid_at(now - 3600 * 1000);
    assert_int_equal(seal_and_post(&c), ERR_SEALED_INVALID);
    c = client_of(office);
    c.id = uuid_at(now + 3600 * 1000);
    assert_int_equal(seal_and_post(&c), ERR_SEALED_INVALID);
}

static void test_every_cut_is_refused(void **state)
{
    struct client c = client_of(*state);
    c.file_n = 9000;
    seal(&c);
    size_t whole = c.message.n;
    for (size_t n = 0; n < whole; n += n < c.header_n + 100 ? 1 : 131) {
        c.message.n = n;
        assert_int_equal(post(&c, 4096, NULL, NULL), ERR_SEALED_INVALID);
    }
    c.message.n = whole;
    buffer_append_u8(&c.message, 0);
    assert_int_equal(post(&c, 4096, NULL, NULL), ERR_SEALED_INVALID);
    c.message.n = whole;
    assert_int_equal(post(&c, 4096, NULL, NULL), ERR_OK);
    buffer_fini(&c.message);
}

static void test_malformed_frames_are_refused(void **state)
{
    struct client c = client_of(*state);
    c.file_n = 9000;
    seal(&c);
    /* sequence number and IV of the first frame */
    for (size_t at = 0; at < 16; at++) {
        c.message.p[c.header_n + at] ^= 0x40;
        assert_int_equal(post(&c, 4096, NULL, NULL), ERR_SEALED_INVALID);
        c.message.p[c.header_n + at] ^= 0x40;
    }
    buffer_fini(&c.message);
}

static void test_limits_hold(void **state)
{
    struct office *office = *state;
    office->config.max_letter_bytes = 100000;
    struct client c = client_of(office);
    c.file_n = 1000000;
    assert_int_equal(seal_and_post(&c), ERR_LETTER_TOO_LARGE);
    c = client_of(office);
    c.file_n = 100000;
    assert_int_equal(seal_and_post(&c), ERR_OK);
    office->config.quota_bytes = 200000;
    c = client_of(office);
    c.file_n = 120000;
    assert_int_equal(seal_and_post(&c), ERR_QUOTA_EXCEEDED);
    c = client_of(office);
    c.file_n = 40000;
    assert_int_equal(seal_and_post(&c), ERR_OK);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, office_open, office_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sealed_letters_arrive),
        TEST(test_the_same_message_twice_is_one_letter),
        TEST(test_contexts_that_are_not_this_letter),
        TEST(test_every_cut_is_refused),
        TEST(test_malformed_frames_are_refused),
        TEST(test_limits_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
