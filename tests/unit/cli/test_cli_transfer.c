#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "cli/cli_download.h"
#include "cli/commands.h"
#include "scripted_server.h"
#include "temporary_directory.h"

#include <string.h>
#include <unistd.h>

#define ANSWER(status, more, content)                                                              \
    {                                                                                              \
        .head = BYTES_LIT("HTTP/1.1 " status "\r\nConnection: close\r\n" more "\r\n"),             \
        .body = BYTES_LIT(content),                                                                \
    }
#define PROBLEM(status, code) ANSWER(status, "", "{\"title\":\"No.\",\"code\":\"" code "\"}")

struct fixture {
    struct arena arena;
    struct temporary_directory directory;
    struct scripted_server server;
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){0};
    *state = &f;
    return temporary_directory_enter(&f.directory) ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    scripted_server_stop(&f->server);
    arena_fini(&f->arena);
    temporary_directory_leave(&f->directory);
    return 0;
}

static void start(struct fixture *f, const struct scripted_answer *answers, size_t count,
                  int64_t expires_in_ms)
{
    scripted_server_start(&f->server, answers, count);
    struct cli_session session = {
        .url = f->server.url,
        .user_id = "0b0c8b1e-8c57-4f2b-9d3e-0f6f6a5f0001",
        .username = "alice",
        .id_token = "id1",
        .access_token = "access1",
        .refresh_token = "refresh1",
        .expires_unix_ms = clock_unix_ms() + expires_in_ms,
    };
    assert_int_equal(cli_session_save(&f->arena, &session), CLI_OK);
}

static void start_signed_in(struct fixture *f, const struct scripted_answer *answers, size_t count)
{
    start(f, answers, count, 3600 * 1000);
}

static bool was_asked(struct fixture *f, size_t request, const char *what)
{
    scripted_server_finish(&f->server);
    return bytes_find_str(buffer_bytes(&f->server.requests[request]), what, 0) != SIZE_MAX;
}

/* --- downloads --- */

static enum cli_exit fetch(struct fixture *f, int64_t size)
{
    struct cli cli = {0};
    struct cli_file file;
    struct cli_download download = {
        .path = "/v1/letters/x/content", .size = size, .label = BYTES_LIT("x"), .file = &file};
    assert_int_equal(cli_client_resume(&cli), CLI_OK);
    assert_int_equal(cli_file_create(&file, &f->arena, "target", 0644, false), CLI_OK);
    enum cli_exit exit = cli_download_fetch(&cli, &download);
    if (exit == CLI_OK)
        exit = cli_file_commit(&file);
    cli_file_discard(&file);
    cli_http_fini(&cli.http);
    arena_fini(&cli.arena);
    return exit;
}

static void assert_target(const char *expected)
{
    struct buffer content;
    buffer_init(&content, 4096);
    assert_int_equal(cli_file_load("target", 4096, false, &content), CLI_OK);
    assert_true(bytes_equal_str(buffer_bytes(&content), expected));
    buffer_fini(&content);
}

/* Nor a temporary file: nothing is there but the session. */
static void assert_no_target(void)
{
    assert_int_equal(temporary_directory_count("."), 1);
}

static void test_download(void **state)
{
    struct fixture *f = *state;
    const struct scripted_answer answers[] = {
        ANSWER("200 OK", "Content-Length: 10\r\nETag: \"e\"\r\n", "0123456789")};
    start_signed_in(f, answers, 1);
    assert_int_equal(fetch(f, 10), CLI_OK);
    assert_target("0123456789");
    assert_true(was_asked(f, 0, "Authorization: Bearer id1\r\n"));
    assert_false(was_asked(f, 0, "Range:"));
}

static void test_download_of_nothing(void **state)
{
    struct fixture *f = *state;
    const struct scripted_answer answers[] = {ANSWER("200 OK", "Content-Length: 0\r\n", "")};
    start_signed_in(f, answers, 1);
    assert_int_equal(fetch(f, 0), CLI_OK);
    assert_target("");
}

static void test_download_resumes(void **state)
{
    struct fixture *f = *state;
    const struct scripted_answer answers[] = {
        ANSWER("200 OK", "Content-Length: 10\r\nETag: \"e\"\r\n", "0123"),
        {.close_unanswered = true},
        ANSWER("206 Partial Content",
               "Content-Length: 6\r\nContent-Range: bytes 4-9/10\r\nETag: \"e\"\r\n", "456789")};
    start_signed_in(f, answers, 3);
    assert_int_equal(fetch(f, 10), CLI_OK);
    assert_target("0123456789");
    assert_true(was_asked(f, 2, "Range: bytes=4-\r\n"));
    assert_true(was_asked(f, 2, "If-Range: \"e\"\r\n"));
}

static void test_download_starts_over_when_the_letter_is_another(void **state)
{
    struct fixture *f = *state;
    const struct scripted_answer answers[] = {
        ANSWER("200 OK", "Content-Length: 10\r\nETag: \"e\"\r\n", "0123456"),
        ANSWER("200 OK", "Content-Length: 10\r\nETag: \"f\"\r\n", "abcdefghij")};
    start_signed_in(f, answers, 2);
    assert_int_equal(fetch(f, 10), CLI_OK);
    assert_target("abcdefghij");
}

/* What the server does when a frame does not verify: it cuts the connection; asked for the rest, it
 * says why. */
static void test_download_of_a_damaged_letter(void **state)
{
    struct fixture *f = *state;
    const struct scripted_answer answers[] = {
        ANSWER("200 OK", "Content-Length: 10\r\nETag: \"e\"\r\n", "0123"),
        PROBLEM("422 Unprocessable Content", "letter_damaged")};
    start_signed_in(f, answers, 2);
    assert_int_equal(fetch(f, 10), CLI_INTEGRITY);
    assert_no_target();
}

/* Cut in chunked coding after what looks like the last byte: the end was not confirmed. */
static void test_download_cut_before_the_last_chunk(void **state)
{
    struct fixture *f = *state;
    const struct scripted_answer answers[] = {
        ANSWER("200 OK", "Transfer-Encoding: chunked\r\nETag: \"e\"\r\n", "4\r\n0123\r\n"),
        PROBLEM("422 Unprocessable Content", "letter_damaged")};
    start_signed_in(f, answers, 2);
    assert_int_equal(fetch(f, 4), CLI_INTEGRITY);
    assert_no_target();
    assert_false(was_asked(f, 1, "Range:"));
}

static void test_download_of_another_length(void **state)
{
    struct fixture *f = *state;
    const struct scripted_answer answers[] = {
        ANSWER("200 OK", "Content-Length: 4\r\nETag: \"e\"\r\n", "0123"),
        ANSWER("200 OK", "Content-Length: 4\r\nETag: \"e\"\r\n", "0123")};
    start_signed_in(f, answers, 2);
    assert_int_equal(fetch(f, 5), CLI_INTEGRITY);
    assert_int_equal(fetch(f, 3), CLI_INTEGRITY);
    assert_no_target();
}

static void test_download_without_etag_is_not_resumed(void **state)
{
    struct fixture *f = *state;
    const struct scripted_answer answers[] = {ANSWER("200 OK", "Content-Length: 10\r\n", "0123")};
    start_signed_in(f, answers, 1);
    assert_int_equal(fetch(f, 10), CLI_NETWORK);
    assert_no_target();
}

static void test_refusals(void **state)
{
    struct fixture *f = *state;
    const struct scripted_answer answers[] = {
        PROBLEM("404 Not Found", "not_found"),
        PROBLEM("401 Unauthorized", "unauthenticated"),
        PROBLEM("403 Forbidden", "key_lost"),
        ANSWER("500 Internal Server Error", "", "<html>"),
        ANSWER("302 Found", "Location: http://127.0.0.1:1/\r\n", ""),
    };
    static const enum cli_exit expected[] = {CLI_NOT_FOUND, CLI_NOT_SIGNED_IN, CLI_FAILED,
                                             CLI_FAILED, CLI_FAILED};
    start_signed_in(f, answers, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(fetch(f, -1), expected[i]);
    assert_no_target();
}

/* --- uploads --- */

#define CREATED ANSWER("201 Created", "", "{\"id\":\"i\",\"to\":{\"username\":\"bob\"},\"size\":9}")

static int send_source(struct fixture *f, const char *content)
{
    char send[] = "send", to[] = "--to=bob", text[] = "--text=hi", copy[] = "--no-copy";
    char expires[] = "--expires-in=60", source[] = "source";
    char *argv[] = {send, to, text, copy, expires, source, NULL};
    assert_int_equal(cli_file_save(&f->arena, "source", bytes_of_str(content), 0600, true), CLI_OK);
    return cli_send_main(6, argv);
}

static size_t position(struct fixture *f, size_t request, const char *what)
{
    scripted_server_finish(&f->server);
    size_t at = bytes_find_str(buffer_bytes(&f->server.requests[request]), what, 0);
    assert_true(at != SIZE_MAX);
    return at;
}

static void test_upload(void **state)
{
    struct fixture *f = *state;
    const struct scripted_answer answers[] = {CREATED};
    start_signed_in(f, answers, 1);
    assert_int_equal(send_source(f, "the bytes"), CLI_OK);
    assert_true(was_asked(f, 0, "POST /v1/letters HTTP/1.1\r\n"));
    assert_true(was_asked(f, 0, "Authorization: Bearer id1\r\n"));
    size_t file = position(f, 0, "name=\"file\"; filename=\"source\"\r\n");
    assert_true(position(f, 0, "name=\"to\"\r\n\r\nbob\r\n") < file);
    assert_true(position(f, 0, "name=\"text\"\r\n\r\nhi\r\n") < file);
    assert_true(position(f, 0, "name=\"copy\"\r\n\r\nfalse\r\n") < file);
    assert_true(position(f, 0, "name=\"expires_in\"\r\n\r\n60\r\n") < file);
    assert_true(position(f, 0, "\r\n\r\nthe bytes\r\n--") > file);
}

static void test_upload_is_retried_with_the_same_key(void **state)
{
    struct fixture *f = *state;
    const struct scripted_answer answers[] = {
        {.close_unanswered = true}, ANSWER("502 Bad Gateway", "", "x"), CREATED};
    start_signed_in(f, answers, 3);
    assert_int_equal(send_source(f, "the bytes"), CLI_OK);
    char key[64];
    memcpy(key, f->server.requests[0].p + position(f, 0, "Idempotency-Key: "), 17 + 36);
    key[17 + 36] = '\0';
    assert_true(was_asked(f, 1, key));
    assert_true(was_asked(f, 2, key));
    assert_true(was_asked(f, 2, "the bytes"));
}

static void test_text_is_retried_with_the_same_key(void **state)
{
    struct fixture *f = *state;
    const struct scripted_answer answers[] = {{.close_unanswered = true}, CREATED};
    char send[] = "send", to[] = "--to=bob", text[] = "--text=hi";
    char *argv[] = {send, to, text, NULL};
    start_signed_in(f, answers, 2);
    assert_int_equal(cli_send_main(3, argv), CLI_OK);
    char key[64];
    memcpy(key, f->server.requests[0].p + position(f, 0, "Idempotency-Key: "), 17 + 36);
    key[17 + 36] = '\0';
    assert_true(was_asked(f, 1, key));
    assert_true(was_asked(f, 1, "{\"to\":\"bob\",\"text\":\"hi\"}"));
}

static void test_upload_is_refused(void **state)
{
    struct fixture *f = *state;
    const struct scripted_answer answers[] = {PROBLEM("413 Content Too Large", "letter_too_large"),
                                              PROBLEM("404 Not Found", "unknown_recipient")};
    start_signed_in(f, answers, 2);
    assert_int_equal(send_source(f, "the bytes"), CLI_FAILED);
    assert_int_equal(send_source(f, "the bytes"), CLI_NOT_FOUND);
}

/* --- tokens --- */

#define TOKENS                                                                                     \
    ANSWER("200 OK", "",                                                                           \
           "{\"id_token\":\"id2\",\"access_token\":\"access2\","                                   \
           "\"refresh_token\":\"refresh2\",\"expires_in\":900}")

static void assert_stored_refresh_token(struct fixture *f, const char *expected)
{
    struct cli_session session;
    assert_int_equal(cli_session_load(&f->arena, &session), CLI_OK);
    assert_string_equal(session.refresh_token, expected);
}

static void test_refresh_when_the_server_says_so(void **state)
{
    struct fixture *f = *state;
    const struct scripted_answer answers[] = {PROBLEM("401 Unauthorized", "token_expired"), TOKENS,
                                              CREATED};
    start_signed_in(f, answers, 3);
    assert_int_equal(send_source(f, "the bytes"), CLI_OK);
    assert_true(was_asked(f, 1, "POST /v1/sessions/refresh "));
    assert_true(was_asked(f, 1, "{\"refresh_token\":\"refresh1\"}"));
    assert_true(was_asked(f, 2, "Authorization: Bearer id2\r\n"));
    assert_true(was_asked(f, 2, "the bytes"));
    assert_stored_refresh_token(f, "refresh2");
}

static void test_refresh_before_expiry(void **state)
{
    struct fixture *f = *state;
    const struct scripted_answer answers[] = {TOKENS, CREATED};
    start(f, answers, 2, 5 * 1000);
    assert_int_equal(send_source(f, "the bytes"), CLI_OK);
    assert_true(was_asked(f, 1, "Authorization: Bearer id2\r\n"));
    assert_stored_refresh_token(f, "refresh2");
}

static void test_refresh_is_refused(void **state)
{
    struct fixture *f = *state;
    const struct scripted_answer answers[] = {PROBLEM("401 Unauthorized", "refresh_reused")};
    start(f, answers, 1, -1000);
    assert_int_equal(send_source(f, "the bytes"), CLI_NOT_SIGNED_IN);
    assert_int_equal(access("letterlock/session.json", F_OK), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_download),
        TEST(test_download_of_nothing),
        TEST(test_download_resumes),
        TEST(test_download_starts_over_when_the_letter_is_another),
        TEST(test_download_of_a_damaged_letter),
        TEST(test_download_cut_before_the_last_chunk),
        TEST(test_download_of_another_length),
        TEST(test_download_without_etag_is_not_resumed),
        TEST(test_refusals),
        TEST(test_upload),
        TEST(test_upload_is_retried_with_the_same_key),
        TEST(test_text_is_retried_with_the_same_key),
        TEST(test_upload_is_refused),
        TEST(test_refresh_when_the_server_says_so),
        TEST(test_refresh_before_expiry),
        TEST(test_refresh_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
