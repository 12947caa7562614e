/* Whole calls against a peer that answers as told: what is signed and sent, what is repeated. */
#include "aws/client/aws_client.h"
#include "base/clock.h"
#include "loopback.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define HOUR_MS (INT64_C(3600) * 1000)
#define THROTTLED "{\"__type\":\"ThrottlingException\",\"message\":\"slower\"}"

struct rig {
    struct loopback peer;
    struct aws_config config;
    struct aws_client *client;
    struct aws_call call;
    struct aws_answer answer;
    json_t *out;
};

static int set_up(void **state)
{
    static struct rig rig;
    rig = (struct rig){0};
    loopback_init(&rig.peer);
    setenv("AWS_ACCESS_KEY_ID", "AKIDSERVER", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    setenv("AWS_SESSION_TOKEN", "session", 1);
    unsetenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    rig.call = (struct aws_call){
        .service = AWS_KMS, .operation = "Decrypt", .signing = AWS_SIGN_SERVER, .repeatable = true};
    *state = &rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;
    aws_client_destroy(rig->client);
    json_decref(rig->out);
    loopback_fini(&rig->peer);
    return 0;
}

static void create_client(struct rig *rig)
{
    rig->config = (struct aws_config){.region = "us-east-1",
                                      .endpoint = rig->peer.server.url,
                                      .s3_endpoint = "",
                                      .ca_file = "",
                                      .bucket = "letters"};
    assert_int_equal(aws_client_create(&rig->peer.ctx, &rig->config, &rig->client), ERR_OK);
}

static void start(struct rig *rig)
{
    loopback_start(&rig->peer);
    create_client(rig);
}

static enum err call_json(struct rig *rig)
{
    json_t *in = json_pack("{s:s}", "KeyId", "k");
    json_decref(rig->out);
    enum err e =
        aws_client_json(rig->client, &rig->peer.ctx, &rig->call, in, &rig->out, &rig->answer);
    json_decref(in);
    return e;
}

static enum err call(struct rig *rig)
{
    return aws_client_call(rig->client, &rig->peer.ctx, &rig->call, &rig->answer);
}

static void end(struct rig *rig)
{
    aws_client_destroy(rig->client);
    rig->client = NULL;
    scripted_server_finish(&rig->peer.server);
}

static bool sent(struct rig *rig, size_t i, const char *text)
{
    return loopback_request_has(&rig->peer, i, text);
}

/* --- what is sent --- */

static void test_a_json_call(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "200 OK", "", "{\"Plaintext\":\"cA==\"}");
    start(rig);
    assert_int_equal(call_json(rig), ERR_OK);
    assert_string_equal(json_string_value(json_object_get(rig->out, "Plaintext")), "cA==");
    assert_int_equal(rig->answer.status, 200);
    assert_false(rig->answer.repeated);
    assert_int_equal(aws_client_count(rig->client, AWS_KMS), 1);
    assert_int_equal(aws_client_count(rig->client, AWS_S3), 0);
    end(rig);
    assert_true(sent(rig, 0, "POST / HTTP/1.1\r\n"));
    assert_true(sent(rig, 0, "\r\nx-amz-target: TrentService.Decrypt\r\n"));
    assert_true(sent(rig, 0, "\r\ncontent-type: application/x-amz-json-1.1\r\n"));
    assert_true(sent(rig, 0, "\r\nx-amz-security-token: session\r\n"));
    assert_true(sent(rig, 0, "Credential=AKIDSERVER/"));
    assert_true(sent(rig, 0,
                     "/us-east-1/kms/aws4_request, SignedHeaders=content-type;host;"
                     "x-amz-date;x-amz-security-token;x-amz-target, Signature="));
    assert_true(sent(rig, 0, "\r\n\r\n{\"KeyId\":\"k\"}"));
}

static void test_an_operation_without_a_result(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "200 OK", "", "");
    start(rig);
    assert_int_equal(call_json(rig), ERR_OK);
    assert_true(json_is_object(rig->out));
}

static void test_a_result_that_is_not_json(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "200 OK", "", "<html>");
    start(rig);
    assert_int_equal(call_json(rig), ERR_UNAVAILABLE);
    assert_null(rig->out);
}

static void test_given_credentials_sign(void **state)
{
    struct rig *rig = *state;
    static const struct aws_credentials user = {.access_key_id = "AKIDUSER",
                                                .secret_access_key = "s"};
    loopback_answer(&rig->peer, "200 OK", "", "{}");
    start(rig);
    rig->call.signing = AWS_SIGN_GIVEN;
    rig->call.credentials = &user;
    assert_int_equal(call_json(rig), ERR_OK);
    end(rig);
    assert_true(sent(rig, 0, "Credential=AKIDUSER/"));
    assert_false(sent(rig, 0, "x-amz-security-token"));
}

static void test_public_operations_go_unsigned(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "200 OK", "", "{}");
    start(rig);
    rig->call.service = AWS_COGNITO_IDP;
    rig->call.operation = "InitiateAuth";
    rig->call.signing = AWS_SIGN_NONE;
    assert_int_equal(call_json(rig), ERR_OK);
    end(rig);
    assert_true(sent(rig, 0, "AWSCognitoIdentityProviderService.InitiateAuth\r\n"));
    assert_false(sent(rig, 0, "Authorization"));
    assert_false(sent(rig, 0, "AKIDSERVER"));
}

static void test_an_s3_range(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "206 Partial Content",
                    "ETag: \"e\"\r\nContent-Range: bytes 0-3/5000000000\r\n", "data");
    start(rig);
    rig->call = (struct aws_call){.service = AWS_S3,
                                  .operation = "GetObject",
                                  .method = "GET",
                                  .path = "/a//b%20c",
                                  .query = "versionId=1",
                                  .headers = {{"range", "bytes=0-3"}},
                                  .header_count = 1,
                                  .payload_hash = "UNSIGNED-PAYLOAD"};
    assert_int_equal(call(rig), ERR_OK);
    assert_int_equal(rig->answer.object_size, 5000000000);
    assert_string_equal(rig->answer.etag, "\"e\"");
    assert_true(bytes_equal_str(rig->answer.body, "data"));
    end(rig);
    assert_true(sent(rig, 0, "GET /letters/a//b%20c?versionId=1 HTTP/1.1\r\n"));
    assert_true(sent(rig, 0, "\r\nx-amz-content-sha256: UNSIGNED-PAYLOAD\r\n"));
    assert_true(sent(rig, 0, "SignedHeaders=host;range;x-amz-content-sha256;"));
}

static void test_header_values_are_not_smuggled(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->call = (struct aws_call){.service = AWS_S3,
                                  .operation = "PutObject",
                                  .method = "PUT",
                                  .path = "/a",
                                  .headers = {{"x-amz-meta-a", "1\r\nx-amz-acl: public-read"}},
                                  .header_count = 1};
    assert_int_equal(call(rig), ERR_UNAVAILABLE);
}

static void test_a_presigned_address(void **state)
{
    struct rig *rig = *state;
    struct buffer url;
    start(rig);
    buffer_init(&url, 8192);
    assert_int_equal(aws_client_presign(rig->client, &rig->peer.ctx, "GET", "/a", "", 600, &url),
                     ERR_OK);
    const char *text = arena_str(&rig->peer.arena, buffer_bytes(&url));
    const char *expected =
        arena_printf(&rig->peer.arena,
                     "%s/letters/a?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="
                     "AKIDSERVER%%2F",
                     rig->peer.server.url);
    assert_memory_equal(text, expected, strlen(expected));
    assert_non_null(strstr(text, "&X-Amz-Expires=600&"));
    assert_non_null(strstr(text, "&X-Amz-Security-Token=session&"));
    buffer_fini(&url);
}

/* --- what is repeated --- */

static void test_throttles_are_repeated_though_nothing_else_may_be(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "400 Bad Request", "", THROTTLED);
    loopback_answer(&rig->peer, "200 OK", "", "{}");
    start(rig);
    rig->call.repeatable = false;
    assert_int_equal(call_json(rig), ERR_OK);
    assert_int_equal(rig->answer.status, 200);
    assert_false(rig->answer.repeated); /* the first attempt was not carried out */
    assert_int_equal(aws_client_count(rig->client, AWS_KMS), 2);
}

static void test_a_throttle_that_lasts_is_the_answer(void **state)
{
    struct rig *rig = *state;
    for (int i = 0; i < 3; i++)
        loopback_answer(&rig->peer, "400 Bad Request", "", THROTTLED);
    start(rig);
    assert_int_equal(call_json(rig), ERR_OK);
    assert_int_equal(rig->answer.status, 400);
    assert_string_equal(rig->answer.code, "ThrottlingException");
    assert_string_equal(rig->answer.message, "slower");
    assert_int_equal(aws_client_count(rig->client, AWS_KMS), 3);
    assert_int_equal(aws_answer_error(&rig->peer.ctx, &rig->call, &rig->answer), ERR_UNAVAILABLE);
}

static void test_a_limit_of_tries_is_not_repeated(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "400 Bad Request", "", "{\"__type\":\"LimitExceededException\"}");
    start(rig);
    rig->call.service = AWS_COGNITO_IDP;
    rig->call.signing = AWS_SIGN_NONE;
    assert_int_equal(call_json(rig), ERR_OK);
    assert_string_equal(rig->answer.code, "LimitExceededException");
    assert_int_equal(aws_client_count(rig->client, AWS_COGNITO_IDP), 1);
    assert_int_equal(aws_answer_error(&rig->peer.ctx, &rig->call, &rig->answer), ERR_INTERNAL);
}

static void start_with_a_second_try(struct rig *rig, bool repeatable)
{
    loopback_answer(&rig->peer, "200 OK", "", "{}");
    start(rig);
    rig->call.repeatable = repeatable;
}

static void test_server_errors_are_repeated_when_that_is_safe(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "500 Oops", "x-amzn-ErrorType: KMSInternalException\r\n", "");
    start_with_a_second_try(rig, true);
    assert_int_equal(call_json(rig), ERR_OK);
    assert_int_equal(rig->answer.status, 200);
    assert_true(rig->answer.repeated);
}

static void test_server_errors_are_not_repeated_otherwise(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "500 Oops", "x-amzn-ErrorType: KMSInternalException\r\n", "");
    start_with_a_second_try(rig, false);
    assert_int_equal(call_json(rig), ERR_OK);
    assert_int_equal(rig->answer.status, 500);
    assert_string_equal(rig->answer.code, "KMSInternalException");
}

static void test_lost_answers_are_repeated_when_that_is_safe(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "200 OK", "", "{}")->close_unanswered = true;
    start_with_a_second_try(rig, true);
    assert_int_equal(call_json(rig), ERR_OK);
    assert_true(rig->answer.repeated);
}

static void test_lost_answers_are_not_repeated_otherwise(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "200 OK", "", "{}")->close_unanswered = true;
    start_with_a_second_try(rig, false);
    assert_int_equal(call_json(rig), ERR_UNAVAILABLE);
    assert_int_equal(aws_client_count(rig->client, AWS_KMS), 1);
}

static void test_nothing_listens(void **state)
{
    struct rig *rig = *state;
    start(rig);
    scripted_server_stop(&rig->peer.server);
    rig->peer.started = false;
    rig->call.repeatable = false;
    assert_int_equal(call_json(rig), ERR_UNAVAILABLE);
    assert_int_equal(aws_client_count(rig->client, AWS_KMS), 3); /* nothing had been sent */
}

static void test_a_hung_connection_leaves_time_for_another_try(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "200 OK", "", "")->hang = true;
    start_with_a_second_try(rig, true);
    ctx_init(&rig->peer.ctx, &rig->peer.arena, 2000);
    int64_t began_ms = clock_mono_ms();
    assert_int_equal(call_json(rig), ERR_OK);
    assert_in_range(clock_mono_ms() - began_ms, 900, 2000);
}

static void test_the_deadline_holds(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "200 OK", "", "")->hang = true;
    start(rig);
    ctx_init(&rig->peer.ctx, &rig->peer.arena, 200);
    int64_t began_ms = clock_mono_ms();
    assert_int_equal(call_json(rig), ERR_DEADLINE);
    assert_in_range(clock_mono_ms() - began_ms, 190, 1500);
}

static void test_a_long_wait_that_is_asked_for_does_not_fit(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "400 Bad Request", "x-amz-retry-after: 3000\r\n", THROTTLED);
    start(rig);
    ctx_init(&rig->peer.ctx, &rig->peer.arena, 2000);
    assert_int_equal(call_json(rig), ERR_OK);
    assert_string_equal(rig->answer.code, "ThrottlingException");
    assert_int_equal(aws_client_count(rig->client, AWS_KMS), 1);
}

/* --- DynamoDB's checksum --- */

static void test_a_wrong_checksum_is_a_lost_answer(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "200 OK", "x-amz-crc32: 1\r\n", "123456789");
    loopback_answer(&rig->peer, "200 OK", "x-amz-crc32: 2745614147\r\n", "{}");
    start(rig);
    rig->call.service = AWS_DYNAMODB;
    rig->call.operation = "GetItem";
    assert_int_equal(call_json(rig), ERR_OK);
    assert_true(json_is_object(rig->out));
    assert_true(rig->answer.repeated);
}

/* --- S3's errors behind a 200 --- */

static void test_a_disguised_error_is_a_failure(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "200 OK", "",
                    "<?xml version=\"1.0\"?>\n<Error><Code>NoSuchUpload</Code></Error>");
    start(rig);
    rig->call = (struct aws_call){.service = AWS_S3,
                                  .operation = "CompleteMultipartUpload",
                                  .method = "POST",
                                  .path = "/a",
                                  .query = "uploadId=u"};
    assert_int_equal(call(rig), ERR_OK);
    assert_int_equal(rig->answer.status, 500);
    assert_string_equal(rig->answer.code, "NoSuchUpload");
    assert_int_equal(aws_answer_error(&rig->peer.ctx, &rig->call, &rig->answer), ERR_UNAVAILABLE);
}

static void test_an_object_may_look_like_an_error(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "200 OK", "", "<Error><Code>Mine</Code></Error>");
    start(rig);
    rig->call = (struct aws_call){
        .service = AWS_S3, .operation = "GetObject", .method = "GET", .path = "/a"};
    assert_int_equal(call(rig), ERR_OK);
    assert_int_equal(rig->answer.status, 200);
    assert_string_equal(rig->answer.code, "");
}

/* --- clock and credentials --- */

static const char *date_header(struct rig *rig, int64_t offset_ms)
{
    char text[64];
    time_t then = (time_t)((clock_unix_ms() + offset_ms) / 1000);
    struct tm utc;
    assert_non_null(gmtime_r(&then, &utc));
    assert_true(strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc) > 0);
    return arena_printf(&rig->peer.arena, "Date: %s\r\n", text);
}

static void test_a_wrong_clock_is_corrected(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "403 Forbidden", date_header(rig, 2 * HOUR_MS),
                    "{\"__type\":\"InvalidSignatureException\",\"message\":\"expired\"}");
    start_with_a_second_try(rig, false);
    assert_int_equal(call_json(rig), ERR_OK);
    assert_int_equal(rig->answer.status, 200);
    assert_false(rig->answer.repeated);
    assert_in_range(aws_client_now(rig->client) - clock_unix_ms(), 2 * HOUR_MS - 3000,
                    2 * HOUR_MS + 3000);
}

static void test_a_clock_is_corrected_once_a_call(void **state)
{
    struct rig *rig = *state;
    for (int i = 1; i <= 2; i++)
        loopback_answer(&rig->peer, "403 Forbidden", date_header(rig, 2 * i * HOUR_MS),
                        "{\"__type\":\"RequestTimeTooSkewed\"}");
    start(rig);
    assert_int_equal(call_json(rig), ERR_OK);
    assert_int_equal(rig->answer.status, 403);
    assert_int_equal(aws_client_count(rig->client, AWS_KMS), 2);
}

static void test_a_wrong_signature_at_the_right_time_is_not_repeated(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "403 Forbidden", date_header(rig, 60 * 1000),
                    "{\"__type\":\"InvalidSignatureException\"}");
    start(rig);
    assert_int_equal(call_json(rig), ERR_OK);
    assert_string_equal(rig->answer.code, "InvalidSignatureException");
    assert_int_equal(aws_client_count(rig->client, AWS_KMS), 1);
    assert_in_range(aws_client_now(rig->client) - clock_unix_ms() + 1000, 0, 2000);
}

static void test_expired_server_credentials_are_renewed(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "200 OK", "",
                    "{\"AccessKeyId\":\"OLD\",\"SecretAccessKey\":\"s\",\"Token\":\"t\"}");
    loopback_answer(&rig->peer, "400 Bad Request", "",
                    "{\"__type\":\"ExpiredTokenException\",\"message\":\"expired\"}");
    loopback_answer(&rig->peer, "200 OK", "",
                    "{\"AccessKeyId\":\"NEW\",\"SecretAccessKey\":\"s\",\"Token\":\"t\"}");
    loopback_answer(&rig->peer, "200 OK", "", "{}");
    unsetenv("AWS_ACCESS_KEY_ID");
    loopback_start(&rig->peer);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", rig->peer.server.url, 1);
    create_client(rig);
    rig->call.repeatable = false;
    assert_int_equal(call_json(rig), ERR_OK);
    assert_int_equal(rig->answer.status, 200);
    end(rig);
    assert_true(sent(rig, 1, "Credential=OLD/"));
    assert_true(sent(rig, 3, "Credential=NEW/"));
}

static void test_a_users_expired_credentials_are_the_callers_matter(void **state)
{
    struct rig *rig = *state;
    static const struct aws_credentials user = {.access_key_id = "U", .secret_access_key = "s"};
    loopback_answer(&rig->peer, "400 Bad Request", "", "{\"__type\":\"ExpiredTokenException\"}");
    start(rig);
    rig->call.signing = AWS_SIGN_GIVEN;
    rig->call.credentials = &user;
    assert_int_equal(call_json(rig), ERR_OK);
    assert_string_equal(rig->answer.code, "ExpiredTokenException");
    assert_int_equal(aws_client_count(rig->client, AWS_KMS), 1);
}

#define CALL_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALL_TEST(test_a_json_call),
        CALL_TEST(test_an_operation_without_a_result),
        CALL_TEST(test_a_result_that_is_not_json),
        CALL_TEST(test_given_credentials_sign),
        CALL_TEST(test_public_operations_go_unsigned),
        CALL_TEST(test_an_s3_range),
        CALL_TEST(test_header_values_are_not_smuggled),
        CALL_TEST(test_a_presigned_address),
        CALL_TEST(test_throttles_are_repeated_though_nothing_else_may_be),
        CALL_TEST(test_a_throttle_that_lasts_is_the_answer),
        CALL_TEST(test_a_limit_of_tries_is_not_repeated),
        CALL_TEST(test_server_errors_are_repeated_when_that_is_safe),
        CALL_TEST(test_server_errors_are_not_repeated_otherwise),
        CALL_TEST(test_lost_answers_are_repeated_when_that_is_safe),
        CALL_TEST(test_lost_answers_are_not_repeated_otherwise),
        CALL_TEST(test_nothing_listens),
        CALL_TEST(test_a_hung_connection_leaves_time_for_another_try),
        CALL_TEST(test_the_deadline_holds),
        CALL_TEST(test_a_long_wait_that_is_asked_for_does_not_fit),
        CALL_TEST(test_a_wrong_checksum_is_a_lost_answer),
        CALL_TEST(test_a_disguised_error_is_a_failure),
        CALL_TEST(test_an_object_may_look_like_an_error),
        CALL_TEST(test_a_wrong_clock_is_corrected),
        CALL_TEST(test_a_clock_is_corrected_once_a_call),
        CALL_TEST(test_a_wrong_signature_at_the_right_time_is_not_repeated),
        CALL_TEST(test_expired_server_credentials_are_renewed),
        CALL_TEST(test_a_users_expired_credentials_are_the_callers_matter),
    };
    return cmocka_run_group_tests_name("aws_client", tests, NULL, NULL);
}
