#include "desk.h"

#include "api/content_disposition.h"
#include "api/range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define NO_BODY ((struct bytes){0})
#define FILE_BYTES 200000

static void test_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        uint64_t size;
        enum range_kind kind;
        uint64_t from;
        uint64_t to;
    } cases[] = {
        {"bytes=0-0", 10, RANGE_PART, 0, 1},
        {"bytes=0-", 10, RANGE_PART, 0, 10},
        {"bytes=3-5", 10, RANGE_PART, 3, 6},
        {"bytes=9-99", 10, RANGE_PART, 9, 10},
        {"bytes=-3", 10, RANGE_PART, 7, 10},
        {"bytes=-99", 10, RANGE_PART, 0, 10},
        {"Bytes= 3-5 ", 10, RANGE_PART, 3, 6},
        {"bytes=5-9223372036854775807", 10, RANGE_PART, 5, 10},
        {"bytes=10-", 10, RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=-0", 10, RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=0-", 0, RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=-5", 0, RANGE_WHOLE, 0, 0},
        {"bytes=5-3", 10, RANGE_WHOLE, 0, 0},
        {"bytes=0-1,3-4", 10, RANGE_WHOLE, 0, 0},
        {"bytes=", 10, RANGE_WHOLE, 0, 0},
        {"bytes=-", 10, RANGE_WHOLE, 0, 0},
        {"bytes=a-b", 10, RANGE_WHOLE, 0, 0},
        {"bytes=1", 10, RANGE_WHOLE, 0, 0},
        {"bytes=+1-2", 10, RANGE_WHOLE, 0, 0},
        {"items=0-1", 10, RANGE_WHOLE, 0, 0},
        {"", 10, RANGE_WHOLE, 0, 0},
        {"bytes=99999999999999999999-", 10, RANGE_WHOLE, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t from = 0;
        uint64_t to = 0;
        assert_int_equal(range_read(bytes_of_str(cases[i].value), cases[i].size, &from, &to),
                         cases[i].kind);
        assert_int_equal(from, cases[i].from);
        assert_int_equal(to, cases[i].to);
    }
}

static void test_dispositions(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *value;
    } cases[] = {
        {"a b.txt", "attachment; filename=\"a b.txt\""},
        {"say \"hi\".txt",
         "attachment; filename=\"say _hi_.txt\"; filename*=UTF-8''say%20%22hi%22.txt"},
        {"\xe2\x82\xac.pdf", "attachment; filename=\"_.pdf\"; filename*=UTF-8''%E2%82%AC.pdf"},
        {"50%41.txt", "attachment; filename=\"50_41.txt\"; filename*=UTF-8''50%2541.txt"},
        {"a\r\nX: y", "attachment; filename=\"a__X: y\"; filename*=UTF-8''a%0D%0AX%3A%20y"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(content_disposition_format(&arena, false, bytes_of_str(cases[i].name)),
                            cases[i].value);
    char longest[256] = {0};
    memset(longest, '\x01', 255);
    const char *value = content_disposition_format(&arena, true, bytes_of_str(longest));
    assert_memory_equal(value, "inline; filename=\"___", 20);
    arena_fini(&arena);
    assert_true(content_disposition_may_inline(BYTES_LIT("IMAGE/PNG")));
    assert_true(content_disposition_may_inline(BYTES_LIT("text/plain; charset=utf-8")));
    assert_true(content_disposition_may_inline(BYTES_LIT("video/mp4")));
    assert_false(content_disposition_may_inline(BYTES_LIT("image/svg+xml")));
    assert_false(content_disposition_may_inline(BYTES_LIT("text/html")));
    assert_false(content_disposition_may_inline(BYTES_LIT("text/plainly")));
    assert_false(content_disposition_may_inline(BYTES_LIT("")));
}

/* Sends a file of FILE_BYTES and gives the address of part of it. */
static const char *send_file(struct desk *desk, const char *type, const char *part)
{
    struct message_record letter;
    struct letter_draft draft = {.to = BYTES_LIT("bob"),
                                 .has_file = true,
                                 .file_name = BYTES_LIT("f.bin"),
                                 .media_type = bytes_of_str(type)};
    assert_int_equal(office_send(desk->office, ALICE, &draft, FILE_BYTES, &letter, NULL), ERR_OK);
    char id[UUID_TEXT_BYTES];
    uuid_format(&letter.id, id);
    return arena_printf(&desk->office->scratch.arena, "/v1/letters/%s/%s", id, part);
}

static void check_body(const struct desk *desk, uint64_t from, uint64_t to)
{
    assert_int_equal(desk->body.n, to - from);
    for (size_t i = 0; i < desk->body.n; i++)
        assert_int_equal(desk->body.p[i], office_byte(from + i));
}

static unsigned get(struct desk *desk, const char *target, const char *name, const char *value)
{
    if (name != NULL)
        desk_header(desk, name, value);
    return desk_call(desk, BOB, API_GET, target, NO_BODY);
}

static void test_partial_content(void **state)
{
    struct desk *desk = *state;
    const char *target = send_file(desk, "image/png", "content");
    assert_int_equal(get(desk, target, NULL, NULL), 200);
    check_body(desk, 0, FILE_BYTES);
    const char *etag =
        arena_str(&desk->office->scratch.arena, bytes_of_str(rig_reply_header(&desk->rig, "ETag")));
    assert_string_equal(rig_reply_header(&desk->rig, "Accept-Ranges"), "bytes");
    assert_string_equal(rig_reply_header(&desk->rig, "X-Content-Type-Options"), "nosniff");
    assert_string_equal(rig_reply_header(&desk->rig, "Cache-Control"), "private, no-store");
    assert_string_equal(rig_reply_header(&desk->rig, "Cross-Origin-Resource-Policy"),
                        "same-origin");
    assert_int_equal(get(desk, target, "range", "bytes=70000-140000"), 206);
    check_body(desk, 70000, 140001);
    assert_string_equal(rig_reply_header(&desk->rig, "Content-Range"), "bytes 70000-140000/200000");
    assert_int_equal(get(desk, target, "range", "bytes=-1"), 206);
    check_body(desk, FILE_BYTES - 1, FILE_BYTES);
    assert_int_equal(get(desk, target, "range", "bytes=200000-"), 416);
    assert_string_equal(rig_reply_header(&desk->rig, "Content-Range"), "bytes */200000");
    assert_int_equal(get(desk, target, "range", "bytes=1-2,4-5"), 200);
    desk_header(desk, "if-range", etag);
    assert_int_equal(get(desk, target, "range", "bytes=1-2"), 206);
    desk_header(desk, "if-range", "\"other\"");
    assert_int_equal(get(desk, target, "range", "bytes=1-2"), 200);
    assert_int_equal(get(desk, target, "if-none-match", etag), 304);
    assert_null(desk->rig.call.reply.source);
    assert_int_equal(get(desk, target, "if-none-match", "\"a\", *"), 304);
    assert_int_equal(get(desk, target, "if-none-match", "\"a\", \"b\""), 200);
}

static void test_what_may_be_shown(void **state)
{
    struct desk *desk = *state;
    static const struct {
        const char *type;
        const char *disposition;
        bool sandbox;
    } cases[] = {{"image/png", "inline", true},
                 {"application/pdf", "inline", false},
                 {"text/html", "attachment", true},
                 {"image/svg+xml", "attachment", true},
                 {"nonsense", "attachment", true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *target = send_file(desk, cases[i].type, "content?inline=1");
        assert_int_equal(get(desk, target, "range", "bytes=0-9"), 206);
        const char *disposition = rig_reply_header(&desk->rig, "Content-Disposition");
        assert_memory_equal(disposition, cases[i].disposition, strlen(cases[i].disposition));
        const char *policy = rig_reply_header(&desk->rig, "Content-Security-Policy");
        assert_int_equal(strstr(policy, "sandbox") != NULL, cases[i].sandbox);
        assert_non_null(strstr(policy, "default-src 'none'"));
    }
    assert_int_equal(get(desk, send_file(desk, "a/b", "content?inline=x"), NULL, NULL), 400);
}

static void test_sealed_ranges(void **state)
{
    struct desk *desk = *state;
    const char *target = send_file(desk, "a/b", "sealed");
    assert_int_equal(get(desk, target, NULL, NULL), 200);
    assert_true(desk->body.n > FILE_BYTES);
    assert_int_equal(desk->body.p[0], 2);
    assert_string_equal(rig_reply_header(&desk->rig, "Content-Type"),
                        "application/vnd.letterlock.sealed");
    struct buffer whole;
    buffer_init(&whole, 1u << 20);
    buffer_append(&whole, buffer_bytes(&desk->body));
    assert_int_equal(get(desk, target, "range", "bytes=300-70000"), 206);
    assert_true(bytes_equal(buffer_bytes(&desk->body),
                            bytes_slice(buffer_bytes(&whole), 300, 70000 - 300 + 1)));
    buffer_fini(&whole);
}

static void test_damage_cuts_the_transfer(void **state)
{
    struct desk *desk = *state;
    const char *target = send_file(desk, "a/b", "content");
    struct uuid id;
    assert_true(uuid_parse(bytes_of(target + strlen("/v1/letters/"), UUID_TEXT_BYTES - 1), &id));
    FILE *f = fopen(office_object_path(desk->office, &id), "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, 100000, SEEK_SET), 0);
    assert_int_not_equal(fputs("damage", f), EOF);
    assert_int_equal(fclose(f), 0);
    desk_header(desk, "range", "bytes=0-9");
    assert_int_equal(get(desk, target, NULL, NULL), 206);
    check_body(desk, 0, 10);
    assert_int_equal(office_check_file(desk->office, BOB, &id, 0, FILE_BYTES), ERR_LETTER_DAMAGED);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, desk_open, desk_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges), cmocka_unit_test(test_dispositions),
        TEST(test_partial_content),    TEST(test_what_may_be_shown),
        TEST(test_sealed_ranges),      TEST(test_damage_cuts_the_transfer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
