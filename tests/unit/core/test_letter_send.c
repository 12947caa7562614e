#include "office.h"

#include "base/threads.h"
#include "core/letter_reader.h"
#include "core/letters.h"
#include "core/people.h"
#include "core/unread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define MIB ((int64_t)1 << 20)

static struct letter_draft text_to(const char *to, const char *text)
{
    return (struct letter_draft){.to = bytes_of_str(to), .text = bytes_of_str(text), .copy = true};
}

static struct letter_draft file_to(const char *to)
{
    return (struct letter_draft){.to = bytes_of_str(to),
                                 .has_file = true,
                                 .file_name = BYTES_LIT("data.bin"),
                                 .media_type = BYTES_LIT("image/png"),
                                 .copy = true};
}

static enum err open_letter(struct office *office, enum office_user user, const struct uuid *id,
                            struct letter_opened *opened)
{
    struct letter_reader *reader = NULL;
    enum err e = letter_reader_open(&office->core, office_as(office, user), id, &reader, opened);
    letter_reader_close(reader);
    return e;
}

static uint64_t unread_of(struct office *office, enum office_user user)
{
    struct unread_summary summary;
    assert_int_equal(unread_get(&office->core, office_as(office, user), &summary), ERR_OK);
    return summary.count;
}

static void test_text_reaches_recipient_and_sender(void **state)
{
    struct office *office = *state;
    struct letter_draft draft = text_to("BOB", "hello \xe2\x9c\x89");
    struct message_record letter;
    assert_int_equal(office_send(office, ALICE, &draft, -1, &letter, NULL), ERR_OK);
    assert_string_equal(letter.recipient_username, "bob");
    assert_true(letter.sender_can_open);
    assert_true(letter.inline_frames);
    assert_int_equal(uuid_version(&letter.id), 7);
    assert_int_equal(unread_of(office, BOB), 1);
    assert_int_equal(unread_of(office, ALICE), 0);
    assert_int_equal(atomic_load(&office->notices), 1);
    for (int user = ALICE; user <= BOB; user++) {
        struct letter_opened opened;
        assert_int_equal(open_letter(office, (enum office_user)user, &letter.id, &opened), ERR_OK);
        assert_true(bytes_equal(opened.manifest.text, draft.text));
        assert_false(opened.manifest.has_file);
        assert_true(opened.sender_verified);
        assert_int_equal(opened.content_bytes, draft.text.n);
    }
}

static void test_without_copy_the_sender_cannot_open(void **state)
{
    struct office *office = *state;
    struct letter_draft draft = text_to("bob", "for you alone");
    draft.copy = false;
    struct message_record letter;
    struct letter_opened opened;
    assert_int_equal(office_send(office, ALICE, &draft, -1, &letter, NULL), ERR_OK);
    assert_false(letter.sender_can_open);
    assert_int_equal(open_letter(office, ALICE, &letter.id, &opened), ERR_NOT_FOR_US);
    assert_int_equal(open_letter(office, BOB, &letter.id, &opened), ERR_OK);
    assert_false(opened.sender_verified);
}

static void test_large_files_stream_and_open_in_ranges(void **state)
{
    struct office *office = *state;
    struct letter_draft draft = file_to("bob");
    draft.text = BYTES_LIT("see attachment");
    const uint64_t n = (uint64_t)(5 * MIB + 77);
    struct message_record letter;
    struct letter_opened opened;
    assert_int_equal(office_send(office, ALICE, &draft, (int64_t)n, &letter, NULL), ERR_OK);
    assert_false(letter.inline_frames);
    assert_true(office_has_object(office, &letter.id));
    assert_int_equal(open_letter(office, BOB, &letter.id, &opened), ERR_OK);
    assert_int_equal(opened.content_bytes, n);
    assert_true(bytes_equal_str(opened.manifest.file_name, "data.bin"));
    assert_true(bytes_equal_str(opened.manifest.media_type, "image/png"));
    static const uint64_t ranges[][2] = {
        {0, 5 * MIB + 77}, {0, 0},           {0, 1},
        {65535, 65537},    {131072, 400000}, {5 * MIB + 76, 5 * MIB + 77},
        {1, 5 * MIB + 76}, {77777, 77778},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        assert_int_equal(office_check_file(office, BOB, &letter.id, ranges[i][0], ranges[i][1]),
                         ERR_OK);
}

static void test_sizes_around_frames_and_the_inline_limit(void **state)
{
    struct office *office = *state;
    static const int64_t sizes[] = {0,     1,     16000,  16384,  65000,  65536,
                                    65537, 70000, 131072, 262144, 262145, 1 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct letter_draft draft = file_to("bob");
        struct message_record letter;
        assert_int_equal(office_send(office, ALICE, &draft, sizes[i], &letter, NULL), ERR_OK);
        assert_int_equal(letter.inline_frames, !office_has_object(office, &letter.id));
        assert_int_equal(office_check_file(office, BOB, &letter.id, 0, (uint64_t)sizes[i]), ERR_OK);
    }
}

static void test_refused_drafts(void **state)
{
    struct office *office = *state;
    static char long_text[(256 << 10) + 2];
    memset(long_text, 'x', sizeof long_text - 1);
    const struct {
        struct letter_draft draft;
        enum err e;
    } cases[] = {
        {text_to("nobody", "x"), ERR_UNKNOWN_RECIPIENT},
        {text_to("00000000-0000-4000-8000-000000000000", "x"), ERR_UNKNOWN_RECIPIENT},
        {text_to("", "x"), ERR_UNKNOWN_RECIPIENT},
        {text_to("bob", ""), ERR_EMPTY_LETTER},
        {text_to("bob", "\xff"), ERR_INVALID_FIELD},
        {text_to("bob", long_text), ERR_TEXT_TOO_LONG},
        {{.to = BYTES_LIT("bob"), .text = BYTES_LIT("a\0b")}, ERR_INVALID_FIELD},
        {{.to = BYTES_LIT("bob"), .text = BYTES_LIT("x"), .expires_in_s = -1}, ERR_INVALID_FIELD},
        {{.to = BYTES_LIT("bob"), .text = BYTES_LIT("x"), .expires_in_s = INT64_MAX},
         ERR_INVALID_FIELD},
        {{.to = BYTES_LIT("bob"), .has_file = true}, ERR_INVALID_FILE_NAME},
        {{.to = BYTES_LIT("bob"), .has_file = true, .file_name = BYTES_LIT("a/b")},
         ERR_INVALID_FILE_NAME},
        {{.to = BYTES_LIT("bob"), .has_file = true, .file_name = BYTES_LIT("..")},
         ERR_INVALID_FILE_NAME},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(office_send(office, ALICE, &cases[i].draft, -1, NULL, NULL), cases[i].e);
    assert_int_equal(unread_of(office, BOB), 0);
}

static void test_letters_above_the_limit_leave_nothing(void **state)
{
    struct office *office = *state;
    office->config.max_letter_bytes = (uint64_t)MIB;
    struct letter_draft draft = file_to("bob");
    assert_int_equal(office_send(office, ALICE, &draft, MIB + 1, NULL, NULL), ERR_LETTER_TOO_LARGE);
    assert_int_equal(office_send(office, ALICE, &draft, MIB, NULL, NULL), ERR_OK);
    assert_int_equal(unread_of(office, BOB), 1);
}

static void test_quota_counts_and_deletion_gives_back(void **state)
{
    struct office *office = *state;
    office->config.quota_bytes = 2 * MIB;
    struct letter_draft draft = file_to("bob");
    struct letter_draft small = text_to("bob", "small");
    struct message_record letter;
    assert_int_equal(office_send(office, ALICE, &draft, 3 * MIB, NULL, NULL), ERR_QUOTA_EXCEEDED);
    assert_int_equal(office_send(office, ALICE, &draft, 2 * MIB - 20000, &letter, NULL), ERR_OK);
    assert_int_equal(office_send(office, ALICE, &draft, 20000, NULL, NULL), ERR_QUOTA_EXCEEDED);
    assert_int_equal(letters_delete(&office->core, office_as(office, BOB), &letter.id), ERR_OK);
    assert_false(office_has_object(office, &letter.id));
    assert_int_equal(office_send(office, ALICE, &draft, 20000, NULL, NULL), ERR_OK);
    assert_int_equal(office_send(office, ALICE, &small, -1, NULL, NULL), ERR_OK);
}

static enum err count_one(void *arg, const struct uuid *id, uint64_t size_bytes,
                          int64_t modified_unix_ms)
{
    (void)id;
    (void)size_bytes;
    (void)modified_unix_ms;
    ++*(int *)arg;
    return ERR_OK;
}

static int count_objects(struct office *office)
{
    int n = 0;
    assert_int_equal(objects_adapter_each(office->objects, office_as(office, BOB), count_one, &n),
                     ERR_OK);
    return n;
}

static void test_repeated_sends_store_once(void **state)
{
    struct office *office = *state;
    struct message_record first;
    struct message_record again;
    bool duplicate = false;
    for (int64_t size = -1; size <= 200000; size += 200001) {
        struct letter_draft draft = size < 0 ? text_to("bob", "once") : file_to("bob");
        draft.idempotency_key = size < 0 ? BYTES_LIT("key-1") : BYTES_LIT("key-2");
        assert_int_equal(office_send(office, ALICE, &draft, size, &first, &duplicate), ERR_OK);
        assert_false(duplicate);
        assert_int_equal(office_send(office, ALICE, &draft, size, &again, &duplicate), ERR_OK);
        assert_true(duplicate);
        assert_true(uuid_equal(&first.id, &again.id));
        assert_string_equal(again.recipient_username, "bob");
        struct letter_draft other = draft;
        other.text = BYTES_LIT("twice");
        assert_int_equal(office_send(office, ALICE, &other, size, NULL, NULL),
                         ERR_IDEMPOTENCY_MISMATCH);
        if (size > 0)
            assert_int_equal(office_send(office, ALICE, &draft, size - 1, NULL, NULL),
                             ERR_IDEMPOTENCY_MISMATCH);
        /* Another sender's key is another key. */
        assert_int_equal(office_send(office, EVE, &draft, size, &again, &duplicate), ERR_OK);
        assert_false(duplicate);
    }
    assert_int_equal(unread_of(office, BOB), 4);
    /* Two of the four have objects; the refused and the repeated ones left none. */
    assert_int_equal(count_objects(office), 2);
}

struct retry {
    struct office *office;
    struct thread thread;
    struct uuid id;
    bool duplicate;
};

static void send_again(void *arg)
{
    struct retry *retry = arg;
    struct arena arena;
    struct ctx ctx;
    arena_init(&arena);
    ctx_init(&ctx, &arena, 30000);
    ctx.actor = &retry->office->actors[ALICE];
    struct letter_draft draft = text_to("bob", "at the same time");
    draft.idempotency_key = BYTES_LIT("8f1c2b7e-concurrent");
    struct letter_send *send = NULL;
    struct message_record letter;
    assert_int_equal(letter_send_begin(&retry->office->core, &ctx, &draft, &send), ERR_OK);
    assert_int_equal(office_store(send, &ctx, &letter, &retry->duplicate), ERR_OK);
    retry->id = letter.id;
    arena_fini(&arena);
}

static void test_concurrent_retries_store_once(void **state)
{
    struct office *office = *state;
    struct retry retries[8];
    int stored = 0;
    for (size_t i = 0; i < 8; i++) {
        retries[i] = (struct retry){.office = office};
        thread_start(&retries[i].thread, "retry", send_again, &retries[i]);
    }
    for (size_t i = 0; i < 8; i++)
        thread_join(&retries[i].thread);
    for (size_t i = 0; i < 8; i++) {
        stored += !retries[i].duplicate;
        assert_true(uuid_equal(&retries[i].id, &retries[0].id));
    }
    assert_int_equal(stored, 1);
    assert_int_equal(unread_of(office, BOB), 1);
    assert_int_equal(atomic_load(&office->notices), 1);
}

static void test_only_the_two_sides_find_a_letter(void **state)
{
    struct office *office = *state;
    struct letter_draft draft = text_to("bob", "between us");
    struct message_record letter;
    struct message_record found;
    struct letter_opened opened;
    struct message_page page;
    assert_int_equal(office_send(office, ALICE, &draft, -1, &letter, NULL), ERR_OK);
    struct core *core = &office->core;
    const struct uuid *id = &letter.id;
    assert_int_equal(letters_get(core, office_as(office, EVE), id, &found), ERR_NOT_FOUND);
    assert_int_equal(letters_mark_read(core, office_as(office, EVE), id), ERR_NOT_FOUND);
    assert_int_equal(letters_mark_read(core, office_as(office, ALICE), id), ERR_NOT_FOUND);
    assert_int_equal(letters_delete(core, office_as(office, EVE), id), ERR_NOT_FOUND);
    assert_int_equal(open_letter(office, EVE, id, &opened), ERR_NOT_FOUND);
    assert_int_equal(letters_since(core, office_as(office, EVE), 0, &page), ERR_OK);
    assert_int_equal(page.count, 0);
    struct letters_filter filter = {.box = BOX_ANY, .limit = 10};
    assert_int_equal(letters_list(core, office_as(office, EVE), &filter, &page), ERR_OK);
    assert_int_equal(page.count, 0);
    filter.with = BYTES_LIT("Alice");
    assert_int_equal(letters_list(core, office_as(office, BOB), &filter, &page), ERR_OK);
    assert_int_equal(page.count, 1);
    filter.with = BYTES_LIT("nobody");
    assert_int_equal(letters_list(core, office_as(office, BOB), &filter, &page), ERR_INVALID_FIELD);
    assert_int_equal(letters_get(core, office_as(office, ALICE), id, &found), ERR_OK);
}

static void test_who_may_delete(void **state)
{
    struct office *office = *state;
    struct core *core = &office->core;
    struct letter_draft draft = text_to("bob", "x");
    struct message_record letter;
    assert_int_equal(office_send(office, ALICE, &draft, -1, &letter, NULL), ERR_OK);
    assert_int_equal(letters_delete(core, office_as(office, ALICE), &letter.id), ERR_OK);
    assert_int_equal(unread_of(office, BOB), 0);
    assert_int_equal(office_send(office, ALICE, &draft, -1, &letter, NULL), ERR_OK);
    assert_int_equal(letters_mark_read(core, office_as(office, BOB), &letter.id), ERR_OK);
    assert_int_equal(letters_mark_read(core, office_as(office, BOB), &letter.id), ERR_OK);
    assert_int_equal(letters_delete(core, office_as(office, ALICE), &letter.id), ERR_ALREADY_READ);
    assert_int_equal(letters_delete(core, office_as(office, BOB), &letter.id), ERR_OK);
    assert_int_equal(letters_delete(core, office_as(office, BOB), &letter.id), ERR_NOT_FOUND);
}

static void test_expired_letters_are_swept(void **state)
{
    struct office *office = *state;
    struct letter_draft draft = file_to("bob");
    draft.expires_in_s = 60;
    struct message_record letter;
    assert_int_equal(office_send(office, ALICE, &draft, 100000, &letter, NULL), ERR_OK);
    struct ctx *ctx = office_as(office, BOB);
    letters_sweep(&office->core, ctx);
    assert_true(office_has_object(office, &letter.id));
    ctx = office_as(office, BOB);
    ctx->now_unix_ms += 61 * 1000;
    letters_sweep(&office->core, ctx);
    assert_false(office_has_object(office, &letter.id));
    assert_int_equal(unread_of(office, BOB), 0);
}

static void test_orphaned_objects_are_swept(void **state)
{
    struct office *office = *state;
    const struct objects *objects = &office->ports.objects;
    struct letter_draft draft = file_to("bob");
    struct message_record letter;
    assert_int_equal(office_send(office, ALICE, &draft, 100000, &letter, NULL), ERR_OK);
    struct uuid orphan = uuid_random();
    struct object_writer *writer = NULL;
    struct ctx *ctx = office_as(office, BOB);
    assert_int_equal(objects->begin(objects->self, ctx, &orphan, &writer), ERR_OK);
    assert_int_equal(objects->write(writer, ctx, BYTES_LIT("left by a crash")), ERR_OK);
    assert_int_equal(objects->commit(writer, ctx), ERR_OK);
    letters_sweep(&office->core, ctx);
    assert_true(office_has_object(office, &orphan));
    office->core.orphans_swept_mono_ms = 0;
    ctx->now_unix_ms += 2 * 60 * 60 * 1000;
    letters_sweep(&office->core, ctx);
    assert_false(office_has_object(office, &orphan));
    assert_true(office_has_object(office, &letter.id));
}

static void test_access_tokens_send_but_do_not_open(void **state)
{
    struct office *office = *state;
    office->actors[ALICE].power = ACTOR_ACCESS;
    office->actors[BOB].power = ACTOR_ACCESS;
    struct letter_draft draft = text_to("bob", "x");
    struct message_record letter;
    struct letter_opened opened;
    assert_int_equal(office_send(office, ALICE, &draft, -1, &letter, NULL), ERR_OK);
    assert_false(letter.sender_can_open);
    assert_int_equal(open_letter(office, BOB, &letter.id, &opened), ERR_ID_TOKEN_REQUIRED);
}

static void test_people_are_found(void **state)
{
    struct office *office = *state;
    struct user_page page;
    struct person person;
    struct ctx *ctx = office_as(office, ALICE);
    assert_int_equal(people_list(&office->core, ctx, BYTES_LIT("B"), 10, (struct bytes){0}, &page),
                     ERR_OK);
    assert_int_equal(page.count, 1);
    assert_string_equal(page.items[0].username, "bob");
    assert_int_equal(people_get(&office->core, ctx, &page.items[0].id, &person), ERR_OK);
    uint8_t fingerprint[32];
    ecdh_public_fingerprint(&office->keys[BOB].public.point, fingerprint);
    assert_memory_equal(person.fingerprint, fingerprint, sizeof fingerprint);
    struct uuid nobody = uuid_random();
    assert_int_equal(people_get(&office->core, ctx, &nobody, &person), ERR_NOT_FOUND);
}

static void test_lost_keys_show(void **state)
{
    struct office *office = *state;
    int64_t lost_before = 0;
    struct letter_draft draft = text_to("bob", "x");
    struct message_record letter;
    assert_int_equal(office_send(office, ALICE, &draft, -1, &letter, NULL), ERR_OK);
    office->lost_before_unix_ms = letter.sent_unix_ms + 1;
    assert_int_equal(letters_lost_before(&office->core, office_as(office, BOB), &lost_before),
                     ERR_OK);
    const struct uuid *bob = &office->actors[BOB].user_id;
    const struct uuid *alice = &office->actors[ALICE].user_id;
    assert_false(letters_can_open(&letter, bob, lost_before));
    assert_true(letters_can_open(&letter, bob, letter.sent_unix_ms));
    assert_true(letters_can_open(&letter, alice, 0));
    letter.sender_can_open = false;
    assert_false(letters_can_open(&letter, alice, 0));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, office_open, office_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_text_reaches_recipient_and_sender),
        TEST(test_without_copy_the_sender_cannot_open),
        TEST(test_large_files_stream_and_open_in_ranges),
        TEST(test_sizes_around_frames_and_the_inline_limit),
        TEST(test_refused_drafts),
        TEST(test_letters_above_the_limit_leave_nothing),
        TEST(test_quota_counts_and_deletion_gives_back),
        TEST(test_repeated_sends_store_once),
        TEST(test_concurrent_retries_store_once),
        TEST(test_only_the_two_sides_find_a_letter),
        TEST(test_who_may_delete),
        TEST(test_expired_letters_are_swept),
        TEST(test_orphaned_objects_are_swept),
        TEST(test_access_tokens_send_but_do_not_open),
        TEST(test_people_are_found),
        TEST(test_lost_keys_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
