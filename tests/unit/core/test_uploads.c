/* Letters that come in several requests, with every call that can fail failing once. */
#include "office.h"

#include "base/mem.h"
#include "core/letters.h"
#include "core/uploads.h"
#include "embedded/uploads_adapter.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MIB ((uint64_t)1 << 20)
#define ATTEMPTS_MAX 20

/* --- calls that fail --- */

/* The call of that number, from 1, fails with ERR_UNAVAILABLE: before it did anything, or after it
 * did everything. */
static struct {
    struct ports real;
    unsigned at;
    bool after;
    unsigned calls;
} fault;

static bool fails_now(void)
{
    return ++fault.calls == fault.at;
}

/* Runs the call, or not. */
#define FAULTY(call)                                                                               \
    do {                                                                                           \
        bool fails = fails_now();                                                                  \
        if (fails && !fault.after)                                                                 \
            return ERR_UNAVAILABLE;                                                                \
        enum err faulty_e = (call);                                                                \
        return fails && faulty_e == ERR_OK ? ERR_UNAVAILABLE : faulty_e;                           \
    } while (false)

static enum err create(void *self, struct ctx *ctx, const struct upload_record *in,
                       const struct upload_limits *limits)
{
    FAULTY(fault.real.uploads.create(self, ctx, in, limits));
}

static enum err put(void *self, struct ctx *ctx, const struct upload_record *in)
{
    FAULTY(fault.real.uploads.put(self, ctx, in));
}

static enum err draft_write(struct object_draft *draft, struct ctx *ctx, struct bytes data)
{
    FAULTY(fault.real.objects.draft_write(draft, ctx, data));
}

static enum err draft_sync(struct object_draft *draft, struct ctx *ctx,
                           struct object_draft_place *place)
{
    FAULTY(fault.real.objects.draft_sync(draft, ctx, place));
}

static enum err draft_commit(void *self, struct ctx *ctx, const struct object_draft_place *place)
{
    FAULTY(fault.real.objects.draft_commit(self, ctx, place));
}

struct put_fault {
    message_put_done done;
    void *arg;
};

static void put_done(void *arg, const struct message_put_result *result)
{
    const struct put_fault *call = arg;
    (void)result;
    call->done(call->arg, &(struct message_put_result){.e = ERR_UNAVAILABLE});
}

static void message_put(void *self, struct ctx *ctx, const struct message_put *in,
                        message_put_done done, void *arg)
{
    bool fails = fails_now();
    if (fails && !fault.after) {
        done(arg, &(struct message_put_result){.e = ERR_UNAVAILABLE});
        return;
    }
    struct put_fault *call = arena_alloc(ctx->arena, sizeof *call);
    *call = (struct put_fault){done, arg};
    fault.real.records.message_put(self, ctx, in, fails ? put_done : done, fails ? call : arg);
}

static int open_office(void **state)
{
    if (office_open(state) != 0)
        return 1;
    struct office *office = *state;
    struct ports *ports = &office->ports;
    ports->uploads = uploads_adapter_port(office->store);
    memset(&fault, 0, sizeof fault);
    fault.real = *ports;
    ports->uploads.create = create;
    ports->uploads.put = put;
    ports->objects.draft_write = draft_write;
    ports->objects.draft_sync = draft_sync;
    ports->objects.draft_commit = draft_commit;
    ports->records.message_put = message_put;
    return 0;
}

/* --- helpers --- */

static struct letter_draft file_to_bob(void)
{
    return (struct letter_draft){.to = BYTES_LIT("bob"),
                                 .has_file = true,
                                 .file_name = BYTES_LIT("data.bin"),
                                 .media_type = BYTES_LIT("image/png"),
                                 .copy = true};
}

static size_t drafts(struct office *office)
{
    size_t count = 0;
    DIR *dir = opendir(scratch_path(&office->scratch, "objects/drafts"));
    struct dirent *entry;
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL)
        count += entry->d_name[0] != '.';
    (void)closedir(dir);
    return count;
}

static size_t letters_of_bob(struct office *office, struct uuid *newest)
{
    const struct letters_filter filter = {.box = BOX_INBOX, .limit = RECORDS_PAGE_MAX};
    struct message_page page;
    assert_int_equal(letters_list(&office->core, office_as(office, BOB), &filter, &page), ERR_OK);
    if (page.count > 0)
        *newest = page.items[0].id;
    return page.count;
}

static enum err begin(struct office *office, const struct letter_draft *draft, uint64_t length,
                      char name[UPLOAD_NAME_BYTES])
{
    struct upload *upload = NULL;
    enum err e = uploads_create(&office->core, office_as(office, ALICE), draft, length, &upload);
    if (e != ERR_OK)
        return e;
    struct upload_view view = upload_view(upload);
    memcpy(name, view.name, sizeof view.name);
    upload_close(upload);
    return ERR_OK;
}

static enum err open_upload(struct office *office, const char *name, struct upload **out)
{
    return uploads_open(&office->core, office_as(office, ALICE), bytes_of_str(name), out);
}

/* Writes n bytes of the file from where it is; change is added to each. */
static enum err write_bytes(struct upload *upload, struct ctx *ctx, uint64_t n, uint8_t change)
{
    static uint8_t piece[100003];
    uint64_t at = upload_view(upload).offset;
    enum err e = ERR_OK;
    for (uint64_t end = at + n; e == ERR_OK && at < end;) {
        size_t size = end - at < sizeof piece ? (size_t)(end - at) : sizeof piece;
        for (size_t i = 0; i < size; i++)
            piece[i] = (uint8_t)(office_byte(at + i) + change);
        e = upload_write(upload, ctx, bytes_of(piece, size));
        at += size;
    }
    return e;
}

/* One request of at most n bytes. *done tells whether there is a letter, and which. */
static enum err send_part(struct office *office, const char *name, uint64_t n,
                          struct upload_view *view)
{
    struct upload *upload = NULL;
    enum err e = open_upload(office, name, &upload);
    if (e != ERR_OK)
        return e;
    struct ctx *ctx = &office->scratch.ctx;
    *view = upload_view(upload);
    uint64_t left = view->length - view->offset;
    e = write_bytes(upload, ctx, left < n ? left : n, 0);
    if (e == ERR_OK)
        e = upload_settle(upload, ctx);
    *view = upload_view(upload);
    upload_close(upload);
    return e;
}

/* --- tests --- */

/* A whole upload with the fault that is set; the number of letters is one. */
static void upload_once(struct office *office, uint64_t length, uint64_t part)
{
    const struct letter_draft draft = file_to_bob();
    char name[UPLOAD_NAME_BYTES] = "";
    struct upload_view view = {0};
    struct uuid id;
    size_t before = letters_of_bob(office, &id);
    for (int i = 0; i < ATTEMPTS_MAX && !view.done; i++) {
        if (name[0] == '\0')
            (void)begin(office, &draft, length, name);
        else
            (void)send_part(office, name, part, &view);
    }
    assert_true(view.done);
    assert_int_equal(letters_of_bob(office, &id), before + 1);
    assert_true(uuid_equal(&id, &view.letter_id));
    assert_int_equal(office_check_file(office, BOB, &id, 0, length), ERR_OK);
    assert_int_equal(office_check_file(office, ALICE, &id, 0, length), ERR_OK);
    assert_int_equal(drafts(office), 0);
    assert_int_equal(send_part(office, name, 1, &view), ERR_OK);
    assert_true(view.done);
    assert_int_equal(letters_of_bob(office, &id), before + 1);
}

static void test_every_call_may_fail(void **state)
{
    struct office *office = *state;
    static const uint64_t cases[][2] = {{400077, 210000}, {130000, 70000}, {10, 4}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        for (int after = 0; after <= 1; after++) {
            fault.at = 0;
            do {
                fault.at++;
                fault.after = after == 1;
                fault.calls = 0;
                upload_once(office, cases[c][0], cases[c][1]);
            } while (fault.calls >= fault.at);
            assert_true(fault.at > 8);
        }
    }
}

/* A crash that came after frames were written and before their end was noted. */
static void test_frames_are_never_sealed_from_other_bytes(void **state)
{
    struct office *office = *state;
    const struct letter_draft draft = file_to_bob();
    const uint64_t length = 6 * MIB;
    char name[UPLOAD_NAME_BYTES];
    struct upload *upload = NULL;
    struct upload_view view;
    struct uuid id;
    assert_int_equal(begin(office, &draft, length, name), ERR_OK);
    assert_int_equal(open_upload(office, name, &upload), ERR_OK);
    assert_int_equal(write_bytes(upload, &office->scratch.ctx, 5 * MIB, 0), ERR_OK);
    upload_close(upload);

    assert_int_equal(open_upload(office, name, &upload), ERR_OK);
    view = upload_view(upload);
    assert_true(view.offset > 0 && view.offset < MIB);
    enum err e = write_bytes(upload, &office->scratch.ctx, 2 * MIB, 1);
    if (e == ERR_OK)
        e = upload_settle(upload, &office->scratch.ctx);
    assert_int_equal(e, ERR_UPLOAD_CHANGED);
    upload_close(upload);

    while (!view.done)
        assert_int_equal(send_part(office, name, 100000, &view), ERR_OK);
    assert_int_equal(letters_of_bob(office, &id), 1);
    assert_int_equal(office_check_file(office, BOB, &id, 0, length), ERR_OK);
}

static void test_the_last_frame_keeps_its_promise_too(void **state)
{
    struct office *office = *state;
    const struct letter_draft draft = file_to_bob();
    char name[UPLOAD_NAME_BYTES];
    struct upload *upload = NULL;
    struct upload_view view;
    assert_int_equal(begin(office, &draft, 1000, name), ERR_OK);
    office->config.quota_bytes = 10;
    assert_int_equal(send_part(office, name, 1000, &view), ERR_QUOTA_EXCEEDED);
    assert_int_equal(open_upload(office, name, &upload), ERR_OK);
    assert_int_equal(upload_view(upload).offset, 999);
    assert_int_equal(write_bytes(upload, &office->scratch.ctx, 1, 1), ERR_OK);
    assert_int_equal(upload_settle(upload, &office->scratch.ctx), ERR_UPLOAD_CHANGED);
    upload_close(upload);
    office->config.quota_bytes = 1 << 20;
    assert_int_equal(send_part(office, name, 1, &view), ERR_OK);
    assert_true(view.done);
}

static void test_of_two_requests_one_goes_on(void **state)
{
    struct office *office = *state;
    const struct letter_draft draft = file_to_bob();
    char name[UPLOAD_NAME_BYTES];
    struct upload *slow = NULL;
    struct upload_view view;
    struct uuid id;
    assert_int_equal(begin(office, &draft, 6 * MIB, name), ERR_OK);
    assert_int_equal(open_upload(office, name, &slow), ERR_OK);
    assert_int_equal(write_bytes(slow, &office->scratch.ctx, 5 * MIB, 0), ERR_OK);
    assert_int_equal(send_part(office, name, 2 * MIB, &view), ERR_OK);
    assert_int_equal(upload_settle(slow, office_as(office, ALICE)), ERR_UPLOAD_TAKEN_OVER);
    upload_close(slow);
    assert_int_equal(send_part(office, name, 6 * MIB, &view), ERR_OK);
    assert_true(view.done);
    assert_int_equal(letters_of_bob(office, &id), 1);
    assert_int_equal(office_check_file(office, BOB, &id, 0, 6 * MIB), ERR_OK);
}

static void refuse_put(void *self, struct ctx *ctx, const struct message_put *in,
                       message_put_done done, void *arg)
{
    (void)self;
    (void)ctx;
    (void)in;
    done(arg, &(struct message_put_result){.e = ERR_UNAVAILABLE});
}

static void test_the_letter_of_a_lost_key_is_given_up(void **state)
{
    struct office *office = *state;
    const struct letter_draft draft = file_to_bob();
    char name[UPLOAD_NAME_BYTES];
    struct upload_view view;
    assert_int_equal(begin(office, &draft, 10, name), ERR_OK);
    office->ports.records.message_put = refuse_put;
    assert_int_equal(send_part(office, name, 10, &view), ERR_UNAVAILABLE);
    office->lost_before_unix_ms = office->scratch.ctx.now_unix_ms + 1000;
    assert_int_equal(send_part(office, name, 10, &view), ERR_UPLOAD_EXPIRED);
}

static void test_sweep_takes_what_expired(void **state)
{
    struct office *office = *state;
    const struct letter_draft draft = file_to_bob();
    char name[UPLOAD_NAME_BYTES];
    char other[UPLOAD_NAME_BYTES];
    struct upload_view view;
    struct upload *upload = NULL;
    size_t removed = 0;
    assert_int_equal(begin(office, &draft, MIB, name), ERR_OK);
    assert_int_equal(send_part(office, name, 100000, &view), ERR_OK);
    assert_int_equal(drafts(office), 1);
    assert_int_equal(uploads_sweep(&office->core, office_as(office, ALICE), &removed), ERR_OK);
    assert_int_equal(removed, 0);
    struct ctx *ctx = office_as(office, ALICE);
    ctx->now_unix_ms += (int64_t)UPLOAD_LIFETIME_S * 1000 + 1000;
    assert_int_equal(uploads_open(&office->core, ctx, bytes_of_str(name), &upload),
                     ERR_UPLOAD_EXPIRED);
    ctx->actor = NULL;
    assert_int_equal(uploads_sweep(&office->core, ctx, &removed), ERR_OK);
    assert_int_equal(removed, 1);
    assert_int_equal(drafts(office), 0);
    assert_int_equal(open_upload(office, name, &upload), ERR_NOT_FOUND);
    assert_int_equal(begin(office, &draft, 1, other), ERR_OK);
}

static void test_where_uploads_are_not_offered(void **state)
{
    struct office *office = *state;
    const struct letter_draft draft = file_to_bob();
    char name[UPLOAD_NAME_BYTES] = "x";
    struct upload *upload = NULL;
    size_t removed = 0;
    office->ports.uploads = (struct uploads){0};
    assert_int_equal(begin(office, &draft, 1, name), ERR_NOT_OFFERED);
    assert_int_equal(open_upload(office, name, &upload), ERR_NOT_OFFERED);
    assert_int_equal(uploads_sweep(&office->core, office_as(office, ALICE), &removed), ERR_OK);
}

int main(void)
{
#define CASE(function) cmocka_unit_test_setup_teardown(function, open_office, office_close)
    const struct CMUnitTest tests[] = {
        CASE(test_every_call_may_fail),
        CASE(test_frames_are_never_sealed_from_other_bytes),
        CASE(test_the_last_frame_keeps_its_promise_too),
        CASE(test_of_two_requests_one_goes_on),
        CASE(test_the_letter_of_a_lost_key_is_given_up),
        CASE(test_sweep_takes_what_expired),
        CASE(test_where_uploads_are_not_offered),
    };
    return cmocka_run_group_tests_name("uploads", tests, NULL, NULL);
}
