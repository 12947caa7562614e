/* Replies as API Gateway takes them, of either payload. */
#include "events.h"
#include "lambda/lambda_reply.h"
#include "lambda/lambda_runtime.h"

#include "base/encode.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;
static struct buffer out;

static int setup(void **state)
{
    (void)state;
    buffer_init(&out, LAMBDA_PAYLOAD_MAX);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    buffer_fini(&out);
    arena_fini(&arena);
    return 0;
}

static struct api_reply reply_of(const char *type)
{
    return (struct api_reply){
        .status = 200,
        .headers = {{"Content-Type", type}, {"Set-Cookie", "a=1; Path=/"}, {"Set-Cookie", "b=2"}},
        .header_count = 3};
}

static void expect_json(const char *text)
{
    struct bytes expected = events_text(&arena, text);
    assert_true(buffer_ok(&out));
    assert_string_equal(arena_str(&arena, buffer_bytes(&out)), arena_str(&arena, expected));
}

static void test_payload_1(void **state)
{
    (void)state;
    const struct api_reply reply = reply_of("application/json");
    lambda_reply_write(&out, LAMBDA_PAYLOAD_1, &reply, BYTES_LIT("[\n]"));
    expect_json("{'statusCode':200,'multiValueHeaders':{'Content-Type':['application/json'],"
                "'Set-Cookie':['a=1; Path=/','b=2']},'isBase64Encoded':false,'body':'[\\n]'}");
}

static void test_payload_2(void **state)
{
    (void)state;
    const struct api_reply reply = reply_of("Text/plain; charset=utf-8");
    lambda_reply_write(&out, LAMBDA_PAYLOAD_2, &reply, BYTES_LIT("gr\xc3\xbc\xc3\x9f"));
    expect_json(
        "{'statusCode':200,'headers':{'Content-Type':'Text/plain; charset=utf-8'},"
        "'cookies':['a=1; Path=/','b=2'],'isBase64Encoded':false,'body':'gr\xc3\xbc\xc3\x9f'}");
}

static void test_replies_without_a_body(void **state)
{
    (void)state;
    const struct api_reply reply = {.status = 204};
    lambda_reply_write(&out, LAMBDA_PAYLOAD_2, &reply, (struct bytes){0});
    expect_json("{'statusCode':204,'headers':{},'isBase64Encoded':false,'body':''}");
}

static bool is_base64(const char *type, struct bytes body)
{
    const struct api_reply reply = reply_of(type);
    buffer_clear(&out);
    lambda_reply_write(&out, LAMBDA_PAYLOAD_1, &reply, body);
    assert_true(buffer_ok(&out));
    json_t *answer = json_parse_object(buffer_bytes(&out));
    const json_t *text = json_object_get(answer, "body");
    struct bytes got = bytes_of(json_string_value(text), json_string_length(text));
    bool encoded = json_is_true(json_object_get(answer, "isBase64Encoded"));
    if (encoded)
        assert_true(encode_base64_decode(&arena, got, &got));
    assert_true(bytes_equal(got, body));
    json_decref(answer);
    return encoded;
}

static void test_what_is_not_text_is_base64(void **state)
{
    (void)state;
    assert_true(is_base64("application/octet-stream", BYTES_LIT("text")));
    assert_true(is_base64("image/png", BYTES_LIT("\x89PNG\r\n")));
    assert_true(is_base64("text/plain", BYTES_LIT("\xff")));
    assert_false(is_base64("text/plain", BYTES_LIT("\"\\\x01\x7f")));
    assert_false(is_base64("application/problem+json", BYTES_LIT("{}")));
    assert_false(is_base64("application/jwk-set+json", BYTES_LIT("{}")));
}

/* Six bytes for one is too much of a large text. */
static void test_every_body_of_the_largest_size_fits(void **state)
{
    (void)state;
    uint8_t *data = mem_alloc(LAMBDA_REPLY_BODY_MAX);
    struct bytes body = bytes_of(data, LAMBDA_REPLY_BODY_MAX);
    memset(data, 'a', body.n);
    assert_false(is_base64("text/plain", body));
    memset(data, '"', body.n);
    assert_true(is_base64("text/plain", body));
    memset(data, 1, body.n);
    assert_true(is_base64("text/plain", body));
    assert_true(is_base64("image/png", body));
    mem_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_payload_1, setup, teardown),
        cmocka_unit_test_setup_teardown(test_payload_2, setup, teardown),
        cmocka_unit_test_setup_teardown(test_replies_without_a_body, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_not_text_is_base64, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_body_of_the_largest_size_fits, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
