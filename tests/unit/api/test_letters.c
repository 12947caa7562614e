#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define NO_BODY ((struct bytes){0})

static const char *const boundary_type = "multipart/form-data; boundary=XX";

static const char *send_text(struct desk *desk, enum office_user from, const char *json)
{
    assert_int_equal(desk_json(desk, from, "/v1/letters", json), 201);
    return arena_str(&desk->office->scratch.arena, bytes_of_str(desk_member(desk, "id")));
}

static const char *address(struct desk *desk, const char *id, const char *rest)
{
    return arena_printf(&desk->office->scratch.arena, "/v1/letters/%s%s", id, rest);
}

static unsigned post_form(struct desk *desk, const char *form)
{
    desk_header(desk, "content-type", boundary_type);
    return desk_call(desk, ALICE, API_POST, "/v1/letters", bytes_of_str(form));
}

#define FIELD(name, value)                                                                         \
    "--XX\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define FILE_PART(name, type, data)                                                                \
    "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" name                      \
    "\"\r\nContent-Type: " type "\r\n\r\n" data "\r\n"
#define END "--XX--\r\n"

static void test_a_text_letter_lives_its_life(void **state)
{
    struct desk *desk = *state;
    const char *id = send_text(desk, ALICE, "{'to':'bob','text':'hello'}");
    assert_string_equal(rig_reply_header(&desk->rig, "Location"), address(desk, id, ""));
    json_t *letter = desk_object(desk);
    static const char *const members[] = {"id",       "from",           "to",          "sent_at",
                                          "read_at",  "size",           "sealed_size", "expires_at",
                                          "can_open", "sender_verified"};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        assert_non_null(json_object_get(letter, members[i]));
    assert_int_equal(json_object_size(letter), sizeof members / sizeof members[0]);
    assert_true(json_is_true(json_object_get(letter, "can_open")));
    json_decref(letter);

    assert_int_equal(desk_call(desk, BOB, API_GET, "/v1/letters?box=inbox&unread=true", NO_BODY),
                     200);
    json_t *list = desk_object(desk);
    assert_int_equal(json_array_size(json_object_get(list, "items")), 1);
    assert_true(json_is_null(json_object_get(list, "next_cursor")));
    json_decref(list);
    assert_int_equal(desk_call(desk, BOB, API_GET, "/v1/letters/unread", NO_BODY), 200);
    json_t *unread = desk_object(desk);
    assert_int_equal(json_integer_value(json_object_get(unread, "count")), 1);
    assert_int_equal(json_array_size(json_object_get(unread, "senders")), 1);
    json_decref(unread);

    assert_int_equal(desk_call(desk, BOB, API_GET, address(desk, id, "/manifest"), NO_BODY), 200);
    assert_string_equal(desk_member(desk, "text"), "hello");
    assert_int_equal(desk_call(desk, BOB, API_GET, address(desk, id, "/content"), NO_BODY), 200);
    assert_true(bytes_equal_str(buffer_bytes(&desk->body), "hello"));
    assert_string_equal(rig_reply_header(&desk->rig, "Content-Type"), "text/plain; charset=utf-8");
    assert_int_equal(desk_call(desk, BOB, API_POST, address(desk, id, "/read"), NO_BODY), 204);
    assert_int_equal(desk_call(desk, ALICE, API_GET, address(desk, id, ""), NO_BODY), 200);
    assert_string_not_equal(desk_member(desk, "read_at"), "");
    assert_int_equal(desk_call(desk, ALICE, API_DELETE, address(desk, id, ""), NO_BODY), 409);
    assert_int_equal(desk_call(desk, BOB, API_DELETE, address(desk, id, ""), NO_BODY), 204);
    assert_int_equal(desk_call(desk, BOB, API_GET, address(desk, id, ""), NO_BODY), 404);
}

static void test_bad_json_letters(void **state)
{
    struct desk *desk = *state;
    static const struct {
        const char *json;
        unsigned status;
        const char *code;
    } cases[] = {
        {"", 400, "invalid_json"},
        {"[]", 400, "invalid_json"},
        {"{'to':'bob','to':'eve','text':'x'}", 400, "invalid_json"},
        {"{'text':'x'}", 400, "missing_field"},
        {"{'to':'bob'}", 400, "empty_letter"},
        {"{'to':'bob','text':''}", 400, "empty_letter"},
        {"{'to':7,'text':'x'}", 400, "invalid_field"},
        {"{'to':'bob','text':7}", 400, "invalid_field"},
        {"{'to':'bob','text':'x','copy':'no'}", 400, "invalid_field"},
        {"{'to':'bob','text':'x','expires_in':0}", 400, "invalid_field"},
        {"{'to':'bob','text':'x','expires_in':99999999999}", 400, "invalid_field"},
        {"{'to':'zoe','text':'x'}", 404, "unknown_recipient"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(desk_json(desk, ALICE, "/v1/letters", cases[i].json), cases[i].status);
        assert_string_equal(desk_member(desk, "code"), cases[i].code);
    }
    desk_header(desk, "content-type", "text/plain");
    assert_int_equal(desk_call(desk, ALICE, API_POST, "/v1/letters", BYTES_LIT("x")), 415);
    assert_int_equal(desk_call(desk, ALICE, API_POST, "/v1/letters", BYTES_LIT("x")), 415);
    struct buffer long_text;
    buffer_init(&long_text, 1u << 20);
    buffer_append_str(&long_text, "{\"to\":\"bob\",\"text\":\"");
    for (int i = 0; i < (256 << 10) + 1; i++)
        buffer_append_u8(&long_text, 'x');
    buffer_append_str(&long_text, "\"}");
    for (desk->piece_n = 0; desk->piece_n <= 4096; desk->piece_n += 4096) {
        desk_header(desk, "content-type", "application/json");
        assert_int_equal(desk_call(desk, ALICE, API_POST, "/v1/letters", buffer_bytes(&long_text)),
                         413);
        assert_string_equal(desk_member(desk, "code"), "text_too_long");
    }
    buffer_fini(&long_text);
}

static void test_idempotency_keys(void **state)
{
    struct desk *desk = *state;
    desk_header(desk, "idempotency-key", "1b0e3c1e-0000-4000-8000-000000000001");
    const char *first = send_text(desk, ALICE, "{'to':'bob','text':'once'}");
    desk_header(desk, "idempotency-key", "1b0e3c1e-0000-4000-8000-000000000001");
    const char *again = send_text(desk, ALICE, "{'to':'bob','text':'once'}");
    assert_string_equal(first, again);
    assert_string_equal(rig_reply_header(&desk->rig, "Location"), address(desk, first, ""));
    desk_header(desk, "idempotency-key", "1b0e3c1e-0000-4000-8000-000000000001");
    assert_int_equal(desk_json(desk, ALICE, "/v1/letters", "{'to':'bob','text':'twice'}"), 409);
    static const char *const bad[] = {
        "", "a b", "\x7f", "12345678901234567890123456789012345678901234567890123456789012345"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        desk_header(desk, "idempotency-key", bad[i]);
        assert_int_equal(desk_json(desk, ALICE, "/v1/letters", "{'to':'bob','text':'x'}"), 400);
        assert_string_equal(desk_member(desk, "code"), "invalid_field");
    }
}

static void test_forms_in_pieces(void **state)
{
    struct desk *desk = *state;
    static const size_t pieces[] = {0, 1, 7, 64};
    static const char form[] = FIELD("to", "bob") FIELD("x", "ignored") FIELD("text", "see")
        FIELD("copy", "false") FIELD("expires_in", "3600")
            FILE_PART("n\xc3\xa4me.txt", "text/plain", "file content") END;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        desk->piece_n = pieces[i];
        assert_int_equal(post_form(desk, form), 201);
        const char *id =
            arena_str(&desk->office->scratch.arena, bytes_of_str(desk_member(desk, "id")));
        assert_string_not_equal(desk_member(desk, "expires_at"), "");
        assert_int_equal(desk_call(desk, BOB, API_GET, address(desk, id, "/manifest"), NO_BODY),
                         200);
        assert_string_equal(desk_member(desk, "text"), "see");
        assert_int_equal(desk_call(desk, BOB, API_GET, address(desk, id, "/content"), NO_BODY),
                         200);
        assert_true(bytes_equal_str(buffer_bytes(&desk->body), "file content"));
        assert_string_equal(rig_reply_header(&desk->rig, "Content-Disposition"),
                            "attachment; filename=\"n_me.txt\"; filename*=UTF-8''n%C3%A4me.txt");
        assert_int_equal(desk_call(desk, ALICE, API_GET, address(desk, id, "/content"), NO_BODY),
                         403);
    }
    assert_int_equal(post_form(desk, FIELD("to", "bob") FIELD("text", "no file") END), 201);
    assert_int_equal(post_form(desk, FIELD("to", "bob") FIELD("text", "left empty")
                                         FILE_PART("", "application/octet-stream", "") END),
                     201);
}

static void test_bad_forms(void **state)
{
    struct desk *desk = *state;
    static const struct {
        const char *form;
        const char *code;
    } cases[] = {
        {"", "invalid_multipart"},
        {FIELD("to", "bob") FIELD("text", "no end"), "invalid_multipart"},
        {FIELD("to", "bob") FIELD("to", "eve") FIELD("text", "x") END, "invalid_multipart"},
        {FIELD("to", "bob") FILE_PART("a", "a/b", "1") FILE_PART("b", "a/b", "2") END,
         "invalid_multipart"},
        {FIELD("to", "bob") FILE_PART("a", "a/b", "1") FIELD("text", "late") END,
         "invalid_multipart"},
        {FILE_PART("a", "a/b", "1") FIELD("to", "bob") END, "missing_field"},
        {FIELD("text", "x") END, "missing_field"},
        {FIELD("to", "bob") END, "empty_letter"},
        {FIELD("to", "bob") FIELD("text", "x") FIELD("copy", "yes") END, "invalid_field"},
        {FIELD("to", "bob") FIELD("text", "x") FIELD("expires_in", "0") END, "invalid_field"},
        {FIELD("to", "bob") FIELD("text", "x") FIELD("expires_in", "-1") END, "invalid_field"},
        {FIELD("to", "zoe") FILE_PART("a", "a/b", "1") END, "unknown_recipient"},
        {FIELD("to", "bob") FILE_PART("a/b", "a/b", "1") END, "invalid_file_name"},
        {FIELD("to", "bob") FILE_PART("", "a/b", "1") END, "invalid_file_name"},
        {FIELD("to", "bob") FIELD("file", "1") END, "invalid_file_name"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (desk->piece_n = 0; desk->piece_n <= 5; desk->piece_n += 5) {
            unsigned status = post_form(desk, cases[i].form);
            assert_true(status >= 400 && status < 500);
            assert_string_equal(desk_member(desk, "code"), cases[i].code);
        }
    }
    desk->piece_n = 0;
    desk_header(desk, "content-type", "multipart/form-data");
    assert_int_equal(desk_call(desk, ALICE, API_POST, "/v1/letters", BYTES_LIT("x")), 400);
}

static void test_bad_queries(void **state)
{
    struct desk *desk = *state;
    static const char *const targets[] = {
        "/v1/letters?box=outbox",  "/v1/letters?unread=maybe", "/v1/letters?limit=0",
        "/v1/letters?limit=201",   "/v1/letters?limit=x",      "/v1/letters?cursor=%25%25",
        "/v1/letters?with=nobody", "/v1/letters?with=",        "/v1/people?limit=-1",
    };
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
        assert_int_equal(desk_call(desk, ALICE, API_GET, targets[i], NO_BODY), 400);
    desk_header(desk, "content-type", "application/vnd.letterlock.sealed");
    assert_int_equal(desk_call(desk, ALICE, API_POST, "/v1/letters", BYTES_LIT("x")), 400);
    desk_header(desk, "content-type", "application/vnd.letterlock.sealed");
    assert_int_equal(desk_call(desk, ALICE, API_POST, "/v1/letters?to=bob", BYTES_LIT("x")), 422);
    desk_header(desk, "content-type", "application/vnd.letterlock.sealed");
    assert_int_equal(desk_call(desk, ALICE, API_POST, "/v1/letters?to=zoe", BYTES_LIT("x")), 404);
    assert_int_equal(desk_call(desk, ALICE, API_GET, "/v1/letters/not-an-id", NO_BODY), 404);
}

static void test_strangers_find_nothing(void **state)
{
    struct desk *desk = *state;
    const char *id = send_text(desk, ALICE, "{'to':'bob','text':'secret'}");
    static const struct {
        enum api_method method;
        const char *rest;
    } routes[] = {{API_GET, ""},        {API_GET, "/manifest"}, {API_GET, "/content"},
                  {API_GET, "/sealed"}, {API_POST, "/read"},    {API_DELETE, ""}};
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        assert_int_equal(
            desk_call(desk, EVE, routes[i].method, address(desk, id, routes[i].rest), NO_BODY),
            404);
    assert_int_equal(desk_call(desk, ALICE, API_POST, address(desk, id, "/read"), NO_BODY), 404);
    desk->office->actors[BOB].power = ACTOR_ACCESS;
    assert_int_equal(desk_call(desk, BOB, API_GET, address(desk, id, "/manifest"), NO_BODY), 403);
    assert_string_equal(desk_member(desk, "code"), "id_token_required");
    assert_int_equal(desk_call(desk, BOB, API_GET, address(desk, id, "/sealed"), NO_BODY), 200);
}

static void test_people(void **state)
{
    struct desk *desk = *state;
    assert_int_equal(desk_call(desk, ALICE, API_GET, "/v1/people", NO_BODY), 200);
    json_t *list = desk_object(desk);
    assert_int_equal(json_array_size(json_object_get(list, "items")), 2);
    json_decref(list);
    char id[UUID_TEXT_BYTES];
    uuid_format(&desk->office->actors[BOB].user_id, id);
    const char *target = arena_printf(&desk->office->scratch.arena, "/v1/people/%s", id);
    assert_int_equal(desk_call(desk, ALICE, API_GET, target, NO_BODY), 200);
    assert_string_equal(desk_member(desk, "username"), "bob");
    assert_int_equal(strlen(desk_member(desk, "public_key")), 44);
    assert_int_equal(strlen(desk_member(desk, "fingerprint")), 64 + 15);
    assert_int_equal(
        desk_call(desk, ALICE, API_GET, "/v1/people/00000000-0000-4000-8000-000000000000", NO_BODY),
        404);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, desk_open, desk_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_text_letter_lives_its_life),
        TEST(test_bad_json_letters),
        TEST(test_idempotency_keys),
        TEST(test_forms_in_pieces),
        TEST(test_bad_forms),
        TEST(test_bad_queries),
        TEST(test_strangers_find_nothing),
        TEST(test_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
