/* AWS's own suite for Signature Version 4, in both forms, and the examples of S3's documentation.
 */
#include "aws/client/signer.h"
#include "base/clock.h"
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define OUT_MAX (64u << 10)

/* A request of the suite, taken apart. */
struct parsed {
    char *text;
    const char *method;
    struct signer_header headers[SIGNER_HEADERS_MAX];
    size_t header_count;
    struct signer_request request;
};

static const char *get(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    assert_non_null(text);
    return text;
}

static void add_header(struct parsed *p, const char *name, const char *value)
{
    assert_true(p->header_count < SIGNER_HEADERS_MAX);
    p->headers[p->header_count++] = (struct signer_header){name, bytes_of_str(value)};
}

/* The suite's requests have raw spaces in targets: the last one of the line ends the target. */
static char *parse_line(struct parsed *p)
{
    char *end = strchr(p->text, '\n');
    assert_non_null(end);
    *end = '\0';
    char *target = strchr(p->text, ' ');
    *target++ = '\0';
    *strrchr(target, ' ') = '\0';
    char *query = strchr(target, '?');
    if (query != NULL)
        *query++ = '\0';
    p->request.method = p->text;
    p->request.path = bytes_of_str(target);
    p->request.query = bytes_of_str(query == NULL ? "" : query);
    return end + 1;
}

/* Folded lines of old HTTP belong to the header before them. */
static void parse_headers(struct parsed *p, char *line)
{
    while (*line != '\0' && *line != '\n') {
        char *end = strchr(line, '\n');
        while (end != NULL && (end[1] == ' ' || end[1] == '\t')) {
            *end = ' ';
            end = strchr(end, '\n');
        }
        if (end != NULL)
            *end = '\0';
        char *colon = strchr(line, ':');
        assert_non_null(colon);
        *colon = '\0';
        add_header(p, line, colon + 1);
        if (end == NULL)
            return;
        line = end + 1;
    }
    if (*line == '\n')
        p->request.body = bytes_of_str(line + 1);
}

static void parse(struct parsed *p, const char *text)
{
    *p = (struct parsed){.text = strdup(text)};
    parse_headers(p, parse_line(p));
    p->request.headers = p->headers;
}

struct setting {
    struct aws_credentials credentials;
    struct signer_scope scope;
    char date[SIGNER_DATE_BYTES];
};

static struct setting setting_of(const json_t *context)
{
    struct setting s = {0};
    const json_t *credentials = json_object_get(context, "credentials");
    (void)snprintf(s.credentials.access_key_id, sizeof s.credentials.access_key_id, "%s",
                   get(credentials, "access_key_id"));
    (void)snprintf(s.credentials.secret_access_key, sizeof s.credentials.secret_access_key, "%s",
                   get(credentials, "secret_access_key"));
    const char *token = json_string_value(json_object_get(credentials, "token"));
    bool omitted = json_is_true(json_object_get(context, "omit_session_token"));
    (void)snprintf(s.credentials.session_token, sizeof s.credentials.session_token, "%s",
                   token == NULL || omitted ? "" : token);
    s.scope.region = get(context, "region");
    s.scope.service = get(context, "service");
    s.scope.normalize_path = json_is_true(json_object_get(context, "normalize"));
    char time[CLOCK_RFC3339_BYTES];
    (void)snprintf(time, sizeof time, "%.19s.000Z", get(context, "timestamp"));
    assert_true(clock_from_rfc3339(time, &s.scope.unix_ms));
    signer_date(s.scope.unix_ms, s.date);
    return s;
}

static void check_header_form(const json_t *item)
{
    struct parsed p;
    struct buffer out;
    const json_t *context = json_object_get(item, "context");
    struct setting s = setting_of(context);
    parse(&p, get(item, "request"));
    add_header(&p, "X-Amz-Date", s.date);
    if (s.credentials.session_token[0] != '\0')
        add_header(&p, "X-Amz-Security-Token", s.credentials.session_token);
    char hash[65] = "";
    if (json_is_true(json_object_get(context, "sign_body"))) {
        const char *canonical = get(item, "header_canonical_request");
        (void)snprintf(hash, sizeof hash, "%s", canonical + strlen(canonical) - 64);
        add_header(&p, "x-amz-content-sha256", hash);
    }
    p.request.header_count = p.header_count;
    buffer_init(&out, OUT_MAX);
    assert_int_equal(signer_authorization(&p.request, &s.scope, &s.credentials, &out), ERR_OK);
    buffer_append_u8(&out, '\0');
    const char *signature = strstr((const char *)out.p, "Signature=");
    assert_string_equal(signature + strlen("Signature="), get(item, "header_signature"));
    assert_non_null(strstr(get(item, "header_signed_request"), (const char *)out.p));
    buffer_fini(&out);
    free(p.text);
}

static void check_query_form(const json_t *item)
{
    struct parsed p;
    struct buffer out;
    const json_t *context = json_object_get(item, "context");
    struct setting s = setting_of(context);
    parse(&p, get(item, "request"));
    p.request.header_count = p.header_count;
    char hash[65] = "";
    if (json_is_true(json_object_get(context, "sign_body"))) {
        const char *canonical = get(item, "query_canonical_request");
        (void)snprintf(hash, sizeof hash, "%s", canonical + strlen(canonical) - 64);
        if (strstr(canonical, "x-amz-content-sha256") != NULL) {
            add_header(&p, "x-amz-content-sha256", hash);
            p.request.header_count = p.header_count;
        }
    }
    buffer_init(&out, OUT_MAX);
    int64_t expires = json_integer_value(json_object_get(context, "expiration_in_seconds"));
    assert_int_equal(signer_presign(&p.request, &s.scope, &s.credentials, expires, &out), ERR_OK);
    buffer_append_u8(&out, '\0');
    const char *signature = strstr((const char *)out.p, "X-Amz-Signature=");
    assert_string_equal(signature + strlen("X-Amz-Signature="), get(item, "query_signature"));
    buffer_fini(&out);
    free(p.text);
}

static json_t *load_cases(void)
{
    json_error_t fault;
    json_t *document = json_load_file(VECTORS "/sigv4/v4.json", 0, &fault);
    assert_non_null(document);
    assert_int_equal(json_array_size(json_object_get(document, "cases")), 38);
    return document;
}

static void test_the_suite_in_header_form(void **state)
{
    (void)state;
    json_t *document = load_cases();
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(document, "cases"), i, item)
    {
        print_message("%s\n", get(item, "name"));
        check_header_form(item);
    }
    json_decref(document);
}

static void test_the_suite_in_query_form(void **state)
{
    (void)state;
    json_t *document = load_cases();
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(document, "cases"), i, item)
    {
        print_message("%s\n", get(item, "name"));
        check_query_form(item);
    }
    json_decref(document);
}

/* --- S3 (Amazon S3 API Reference, "Signature Calculations", 2013-05-24) --- */

#define EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const struct aws_credentials s3_credentials = {
    .access_key_id = "AKIAIOSFODNN7EXAMPLE",
    .secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};
static const struct signer_scope s3_scope = {
    .region = "us-east-1",
    .service = "s3",
    .encode_path_once = true,
    .unix_ms = INT64_C(1369353600000),
};

static void check_s3(const struct signer_request *request, const char *signature)
{
    struct buffer out;
    buffer_init(&out, OUT_MAX);
    assert_int_equal(signer_authorization(request, &s3_scope, &s3_credentials, &out), ERR_OK);
    buffer_append_u8(&out, '\0');
    assert_string_equal(strstr((const char *)out.p, "Signature=") + strlen("Signature="),
                        signature);
    buffer_fini(&out);
}

static void test_s3_examples(void **state)
{
    (void)state;
    const char *put_hash = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
    const struct signer_header get_headers[] = {
        {"Host", BYTES_LIT("examplebucket.s3.amazonaws.com")},
        {"Range", BYTES_LIT("bytes=0-9")},
        {"x-amz-content-sha256", BYTES_LIT(EMPTY_HASH)},
        {"x-amz-date", BYTES_LIT("20130524T000000Z")},
    };
    const struct signer_header put_headers[] = {
        {"Date", BYTES_LIT("Fri, 24 May 2013 00:00:00 GMT")},
        {"Host", BYTES_LIT("examplebucket.s3.amazonaws.com")},
        {"x-amz-content-sha256", bytes_of_str(put_hash)},
        {"x-amz-date", BYTES_LIT("20130524T000000Z")},
        {"x-amz-storage-class", BYTES_LIT("REDUCED_REDUNDANCY")},
    };
    const struct signer_header list_headers[] = {
        {"Host", BYTES_LIT("examplebucket.s3.amazonaws.com")},
        {"x-amz-content-sha256", BYTES_LIT(EMPTY_HASH)},
        {"x-amz-date", BYTES_LIT("20130524T000000Z")},
    };
    check_s3(&(struct signer_request){.method = "GET",
                                      .path = BYTES_LIT("/test.txt"),
                                      .headers = get_headers,
                                      .header_count = 4,
                                      .payload_hash = EMPTY_HASH},
             "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    check_s3(&(struct signer_request){.method = "PUT",
                                      .path = BYTES_LIT("/test%24file.text"),
                                      .headers = put_headers,
                                      .header_count = 5,
                                      .payload_hash = put_hash},
             "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
    check_s3(&(struct signer_request){.method = "GET",
                                      .path = BYTES_LIT("/"),
                                      .query = BYTES_LIT("lifecycle"),
                                      .headers = list_headers,
                                      .header_count = 3,
                                      .payload_hash = EMPTY_HASH},
             "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
    check_s3(&(struct signer_request){.method = "GET",
                                      .path = BYTES_LIT("/"),
                                      .query = BYTES_LIT("max-keys=2&prefix=J"),
                                      .headers = list_headers,
                                      .header_count = 3,
                                      .payload_hash = EMPTY_HASH},
             "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

static void test_an_s3_presigned_address(void **state)
{
    (void)state;
    struct buffer out;
    const struct signer_header host = {"host", BYTES_LIT("examplebucket.s3.amazonaws.com")};
    const struct signer_request request = {.method = "GET",
                                           .path = BYTES_LIT("/test.txt"),
                                           .headers = &host,
                                           .header_count = 1,
                                           .payload_hash = "UNSIGNED-PAYLOAD"};
    buffer_init(&out, OUT_MAX);
    assert_int_equal(signer_presign(&request, &s3_scope, &s3_credentials, 86400, &out), ERR_OK);
    buffer_append_u8(&out, '\0');
    assert_string_equal(
        (const char *)out.p,
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2F"
        "us-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&"
        "X-Amz-SignedHeaders=host&X-Amz-Signature="
        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
    buffer_fini(&out);
}

static void test_too_much_is_refused(void **state)
{
    (void)state;
    struct buffer query;
    struct buffer out;
    const struct signer_header host = {"host", BYTES_LIT("h")};
    struct signer_request request = {
        .method = "GET", .headers = &host, .header_count = SIGNER_HEADERS_MAX + 1};
    buffer_init(&out, OUT_MAX);
    buffer_init(&query, OUT_MAX);
    assert_int_equal(signer_authorization(&request, &s3_scope, &s3_credentials, &out),
                     ERR_INVALID_FIELD);
    for (int i = 0; i < 100; i++)
        buffer_append_str(&query, "a=b&");
    request.header_count = 1;
    request.query = buffer_bytes(&query);
    assert_int_equal(signer_authorization(&request, &s3_scope, &s3_credentials, &out),
                     ERR_INVALID_FIELD);
    assert_int_equal(signer_presign(&request, &s3_scope, &s3_credentials, 60, &out),
                     ERR_INVALID_FIELD);
    buffer_fini(&query);
    buffer_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_suite_in_header_form),
        cmocka_unit_test(test_the_suite_in_query_form),
        cmocka_unit_test(test_s3_examples),
        cmocka_unit_test(test_an_s3_presigned_address),
        cmocka_unit_test(test_too_much_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
