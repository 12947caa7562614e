/* The chain of credential sources, against peers that stand for the metadata services. */
#include "aws/client/aws_credentials.h"
#include "base/clock.h"
#include "loopback.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const variables[] = {
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_EC2_METADATA_DISABLED",
};

struct rig {
    struct loopback peer;
    struct aws_chain *chain;
    struct aws_credentials got;
};

static int set_up(void **state)
{
    static struct rig rig;
    rig = (struct rig){0};
    loopback_init(&rig.peer);
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        unsetenv(variables[i]);
    *state = &rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;
    aws_chain_destroy(rig->chain);
    aws_credentials_fini(&rig->got);
    loopback_fini(&rig->peer);
    return 0;
}

static void set(const char *name, const char *value)
{
    assert_int_equal(setenv(name, value, 1), 0);
}

static enum err get(struct rig *rig)
{
    if (rig->chain == NULL)
        rig->chain = aws_chain_create();
    return aws_chain_get(rig->chain, &rig->peer.ctx, &rig->got);
}

static char *document(struct rig *rig, const char *id, int64_t lifetime_s)
{
    char expires[CLOCK_RFC3339_BYTES];
    clock_rfc3339(clock_unix_ms() + lifetime_s * 1000, expires);
    return arena_printf(&rig->peer.arena,
                        "{\"Code\":\"Success\",\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"s\","
                        "\"Token\":\"t\",\"Expiration\":\"%.19sZ\"}",
                        id, expires);
}

/* --- environment --- */

static void test_the_environment_comes_first(void **state)
{
    struct rig *rig = *state;
    set("AWS_ACCESS_KEY_ID", "AKID");
    set("AWS_SECRET_ACCESS_KEY", "secret");
    set("AWS_SESSION_TOKEN", "token");
    set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/");
    assert_int_equal(get(rig), ERR_OK);
    assert_string_equal(rig->got.access_key_id, "AKID");
    assert_string_equal(rig->got.secret_access_key, "secret");
    assert_string_equal(rig->got.session_token, "token");
    assert_int_equal(rig->got.expires_unix_ms, INT64_MAX);
    /* There is no use in asking the environment again. */
    assert_false(aws_chain_refused(rig->chain, &rig->got));
    assert_int_equal(get(rig), ERR_OK);
}

static void test_half_an_environment_is_none(void **state)
{
    struct rig *rig = *state;
    set("AWS_ACCESS_KEY_ID", "AKID");
    set("AWS_EC2_METADATA_DISABLED", "true");
    assert_int_equal(get(rig), ERR_UNAVAILABLE);
}

static void test_a_malformed_environment_does_not_fall_through(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "200 OK", "", document(rig, "OTHER", 3600));
    loopback_start(&rig->peer);
    set("AWS_ACCESS_KEY_ID", "AKID\nX: y");
    set("AWS_SECRET_ACCESS_KEY", "secret");
    set("AWS_CONTAINER_CREDENTIALS_FULL_URI", rig->peer.server.url);
    assert_int_equal(get(rig), ERR_UNAVAILABLE);
    scripted_server_finish(&rig->peer.server);
    assert_int_equal(rig->peer.server.served, 0);
}

/* --- container --- */

static void start_container(struct rig *rig)
{
    loopback_start(&rig->peer);
    set("AWS_CONTAINER_CREDENTIALS_FULL_URI",
        arena_printf(&rig->peer.arena, "%s/v2/credentials", rig->peer.server.url));
}

static void test_a_container_is_asked_with_its_token(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "200 OK", "", document(rig, "CONTAINER", 3600));
    start_container(rig);
    set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic abc");
    assert_int_equal(get(rig), ERR_OK);
    assert_string_equal(rig->got.access_key_id, "CONTAINER");
    assert_in_range(rig->got.expires_unix_ms - clock_unix_ms(), 3500000, 3600000);
    assert_int_equal(get(rig), ERR_OK); /* kept */
    assert_true(loopback_request_has(&rig->peer, 0, "GET /v2/credentials HTTP/1.1\r\n"));
    assert_true(loopback_request_has(&rig->peer, 0, "\r\nAuthorization: Basic abc\r\n"));
    assert_int_equal(rig->peer.server.served, 1);
}

static void test_a_long_token_comes_from_a_file(void **state)
{
    struct rig *rig = *state;
    char path[] = "/tmp/letterlock-token-XXXXXX";
    char token[2001] = "";
    memset(token, 'j', sizeof token - 1);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(dprintf(fd, "%s\n", token), sizeof token);
    (void)close(fd);
    loopback_answer(&rig->peer, "200 OK", "", document(rig, "POD", 3600));
    start_container(rig);
    set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path);
    enum err e = get(rig);
    (void)unlink(path);
    assert_int_equal(e, ERR_OK);
    assert_true(loopback_request_has(
        &rig->peer, 0, arena_printf(&rig->peer.arena, "\r\nAuthorization: %s\r\n", token)));
}

static void test_a_missing_token_file_asks_nobody(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "200 OK", "", document(rig, "POD", 3600));
    start_container(rig);
    set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/nonexistent/token");
    assert_int_equal(get(rig), ERR_UNAVAILABLE);
    scripted_server_finish(&rig->peer.server);
    assert_int_equal(rig->peer.server.served, 0);
}

/* The token would go to whoever answers there. */
static void test_a_container_elsewhere_is_not_asked(void **state)
{
    struct rig *rig = *state;
    static const char *const elsewhere[] = {"http://192.0.2.1/", "http://127.0.0.1.example/",
                                            "ftp://127.0.0.1/", "http://", "127"};
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
        set("AWS_CONTAINER_CREDENTIALS_FULL_URI", elsewhere[i]);
        int64_t began_ms = clock_mono_ms();
        assert_int_equal(get(rig), ERR_UNAVAILABLE);
        assert_in_range(clock_mono_ms() - began_ms, 0, 500);
        aws_chain_destroy(rig->chain);
        rig->chain = NULL;
    }
}

static void test_malformed_documents_give_nothing(void **state)
{
    struct rig *rig = *state;
    static const char *const documents[] = {
        "",
        "[]",
        "{\"Code\":\"Failed\",\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"s\"}",
        "{\"AccessKeyId\":\"a\"}",
        "{\"AccessKeyId\":\"\",\"SecretAccessKey\":\"s\"}",
        "{\"AccessKeyId\":\"a\\nb\",\"SecretAccessKey\":\"s\"}",
        "{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"s\",\"Expiration\":\"soon\"}",
    };
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++)
        loopback_answer(&rig->peer, "200 OK", "", documents[i]);
    start_container(rig);
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        assert_int_equal(get(rig), ERR_UNAVAILABLE);
        aws_chain_destroy(rig->chain);
        rig->chain = NULL;
    }
}

static void test_a_fault_is_asked_about_twice(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "500 Fault", "", "");
    loopback_answer(&rig->peer, "200 OK", "", document(rig, "SECOND", 3600));
    start_container(rig);
    assert_int_equal(get(rig), ERR_OK);
    assert_string_equal(rig->got.access_key_id, "SECOND");
}

/* --- instance --- */

static void test_an_instance_is_asked_by_version_2(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "200 OK", "", "session-token");
    loopback_answer(&rig->peer, "200 OK", "", "app server\nother");
    loopback_answer(&rig->peer, "200 OK", "", document(rig, "INSTANCE", 3600));
    loopback_start(&rig->peer);
    set("AWS_EC2_METADATA_SERVICE_ENDPOINT",
        arena_printf(&rig->peer.arena, "%s/", rig->peer.server.url));
    assert_int_equal(get(rig), ERR_OK);
    assert_string_equal(rig->got.access_key_id, "INSTANCE");
    struct loopback *peer = &rig->peer;
    assert_true(loopback_request_has(peer, 0, "PUT /latest/api/token HTTP/1.1\r\n"));
    assert_true(loopback_request_has(peer, 0, "X-aws-ec2-metadata-token-ttl-seconds: "));
    assert_true(loopback_request_has(
        peer, 1, "GET /latest/meta-data/iam/security-credentials/ HTTP/1.1\r\n"));
    assert_true(loopback_request_has(
        peer, 2, "GET /latest/meta-data/iam/security-credentials/app%20server HTTP/1.1\r\n"));
    for (size_t i = 1; i < 3; i++)
        assert_true(loopback_request_has(peer, i, "X-aws-ec2-metadata-token: session-token\r\n"));
}

static void test_an_instance_without_a_role_gives_nothing(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "200 OK", "", "session-token");
    loopback_answer(&rig->peer, "404 Not Found", "", "");
    loopback_start(&rig->peer);
    set("AWS_EC2_METADATA_SERVICE_ENDPOINT", rig->peer.server.url);
    assert_int_equal(get(rig), ERR_UNAVAILABLE);
    assert_int_equal(get(rig), ERR_UNAVAILABLE); /* at once: it was asked a moment ago */
    scripted_server_finish(&rig->peer.server);
    assert_int_equal(rig->peer.server.served, 2);
}

/* --- renewal --- */

static void test_refused_credentials_are_fetched_anew(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "200 OK", "", document(rig, "FIRST", 3600));
    loopback_answer(&rig->peer, "200 OK", "", document(rig, "SECOND", 3600));
    start_container(rig);
    assert_int_equal(get(rig), ERR_OK);
    struct aws_credentials first = rig->got;
    assert_true(aws_chain_refused(rig->chain, &first));
    assert_int_equal(get(rig), ERR_OK);
    assert_string_equal(rig->got.access_key_id, "SECOND");
    assert_true(aws_chain_refused(rig->chain, &first)); /* said late, of the old ones */
    assert_int_equal(get(rig), ERR_OK);
    assert_string_equal(rig->got.access_key_id, "SECOND");
}

/* As AWS's metadata service does when its own source is out; also what a wrong clock looks like. */
static void test_expired_ones_stay_in_use_and_are_not_fetched_by_each_call(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "200 OK", "", document(rig, "EXPIRED", -60));
    start_container(rig);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(get(rig), ERR_OK);
        assert_string_equal(rig->got.access_key_id, "EXPIRED");
    }
    scripted_server_finish(&rig->peer.server);
    assert_int_equal(rig->peer.server.served, 1);
}

#define CALLERS 8

struct caller {
    struct aws_chain *chain;
    struct thread thread;
    struct arena arena;
    struct aws_credentials got;
    enum err e;
};

static void call(void *arg)
{
    struct caller *caller = arg;
    struct ctx ctx;
    ctx_init(&ctx, &caller->arena, 10000);
    caller->e = aws_chain_get(caller->chain, &ctx, &caller->got);
    arena_fini(&caller->arena);
}

static void test_one_caller_fetches_for_all(void **state)
{
    struct rig *rig = *state;
    struct caller callers[CALLERS] = {0};
    loopback_answer(&rig->peer, "200 OK", "", document(rig, "SHARED", 3600));
    start_container(rig);
    rig->chain = aws_chain_create();
    for (int i = 0; i < CALLERS; i++) {
        callers[i].chain = rig->chain;
        thread_start(&callers[i].thread, "caller", call, &callers[i]);
    }
    for (int i = 0; i < CALLERS; i++)
        thread_join(&callers[i].thread);
    for (int i = 0; i < CALLERS; i++) {
        assert_int_equal(callers[i].e, ERR_OK);
        assert_string_equal(callers[i].got.access_key_id, "SHARED");
    }
}

#define CHAIN_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHAIN_TEST(test_the_environment_comes_first),
        CHAIN_TEST(test_half_an_environment_is_none),
        CHAIN_TEST(test_a_malformed_environment_does_not_fall_through),
        CHAIN_TEST(test_a_container_is_asked_with_its_token),
        CHAIN_TEST(test_a_long_token_comes_from_a_file),
        CHAIN_TEST(test_a_missing_token_file_asks_nobody),
        CHAIN_TEST(test_a_container_elsewhere_is_not_asked),
        CHAIN_TEST(test_malformed_documents_give_nothing),
        CHAIN_TEST(test_a_fault_is_asked_about_twice),
        CHAIN_TEST(test_an_instance_is_asked_by_version_2),
        CHAIN_TEST(test_an_instance_without_a_role_gives_nothing),
        CHAIN_TEST(test_refused_credentials_are_fetched_anew),
        CHAIN_TEST(test_expired_ones_stay_in_use_and_are_not_fetched_by_each_call),
        CHAIN_TEST(test_one_caller_fetches_for_all),
    };
    return cmocka_run_group_tests_name("aws_credentials", tests, NULL, NULL);
}
