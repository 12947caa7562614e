/* The pool's key set: kept, asked for by its tag, and never made up. */
#include "aws/cognito/cognito_jwks.h"
#include "base/ctx.h"
#include "scripted_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define TIMEOUT_MS 10000
#define LONG_MS 3600000
#define OLD "{\"keys\":[{\"kid\":\"old\"}]}"
#define NEW "{\"keys\":[{\"kid\":\"new\"}]}"

#define ANSWER(line, headers, text)                                                                \
    {                                                                                              \
        .head = BYTES_LIT("HTTP/1.1 " line "\r\n" headers "Connection: close\r\n\r\n"),            \
        .body = BYTES_LIT(text)                                                                    \
    }

struct desk {
    struct scripted_server server;
    struct aws_config config;
    struct arena arena;
    struct ctx ctx;
    struct cognito_jwks *jwks;
};

static void open_desk(struct desk *desk, const struct scripted_answer *answers, size_t count,
                      int64_t kept_ms)
{
    *desk = (struct desk){0};
    scripted_server_start(&desk->server, answers, count);
    desk->config.ca_file = "";
    desk->config.jwks_url = desk->server.url;
    ctx_init(&desk->ctx, &desk->arena, TIMEOUT_MS);
    desk->jwks = cognito_jwks_create(&desk->config, kept_ms);
}

static void close_desk(struct desk *desk)
{
    cognito_jwks_destroy(desk->jwks);
    scripted_server_stop(&desk->server);
    arena_fini(&desk->arena);
}

static void expect(struct desk *desk, const char *set)
{
    struct bytes json;
    assert_int_equal(cognito_jwks_get(desk->jwks, &desk->ctx, &json), ERR_OK);
    assert_true(bytes_equal_str(json, set));
}

static void refuse(struct desk *desk)
{
    struct bytes json;
    assert_int_equal(cognito_jwks_get(desk->jwks, &desk->ctx, &json), ERR_UNAVAILABLE);
}

static bool asked_by(const struct desk *desk, size_t request, const char *tag)
{
    struct bytes text = buffer_bytes(&desk->server.requests[request]);
    return bytes_find_str(text, tag, 0) != SIZE_MAX;
}

static void test_set_is_kept(void **state)
{
    (void)state;
    const struct scripted_answer answers[] = {
        ANSWER("200 OK", "Content-Length: 24\r\n", OLD),
        ANSWER("200 OK", "Content-Length: 24\r\n", NEW),
    };
    struct desk desk;
    open_desk(&desk, answers, 2, LONG_MS);
    expect(&desk, OLD);
    expect(&desk, OLD);
    close_desk(&desk);
}

static void test_new_keys_come_in(void **state)
{
    (void)state;
    const struct scripted_answer answers[] = {
        ANSWER("200 OK", "Content-Length: 24\r\nETag: \"a\"\r\n", OLD),
        ANSWER("304 Not Modified", "", ""),
        ANSWER("200 OK", "Content-Length: 24\r\nETag: \"b\"\r\n", NEW),
        ANSWER("304 Not Modified", "", ""),
    };
    struct desk desk;
    open_desk(&desk, answers, 4, 0);
    expect(&desk, OLD);
    expect(&desk, OLD);
    expect(&desk, NEW);
    expect(&desk, NEW);
    scripted_server_finish(&desk.server);
    assert_false(asked_by(&desk, 0, "if-none-match"));
    assert_true(asked_by(&desk, 1, "if-none-match: \"a\""));
    assert_true(asked_by(&desk, 2, "if-none-match: \"a\""));
    assert_true(asked_by(&desk, 3, "if-none-match: \"b\""));
    close_desk(&desk);
}

/* A set that cannot be had is no empty set: that would end everybody's session. */
static void test_failures(void **state)
{
    (void)state;
    const struct scripted_answer answers[] = {
        ANSWER("304 Not Modified", "", ""),
        ANSWER("500 Internal Server Error", "Content-Length: 2\r\n", "{}"),
        ANSWER("200 OK", "Content-Length: 2\r\n", "{}"),
        ANSWER("200 OK", "Content-Length: 9\r\n", "no object"),
        {.close_unanswered = true},
        ANSWER("200 OK", "Content-Length: 24\r\n", NEW),
    };
    struct desk desk;
    open_desk(&desk, answers, 6, LONG_MS);
    for (int i = 0; i < 5; i++)
        refuse(&desk);
    expect(&desk, NEW);
    close_desk(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_is_kept),
        cmocka_unit_test(test_new_keys_come_in),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests_name("the pool's key set", tests, NULL, NULL);
}
