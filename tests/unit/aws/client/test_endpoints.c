/* Where services are found, from the configuration. */
#include "aws/client/endpoints.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct rig {
    struct arena arena;
    struct ctx ctx;
    struct endpoint endpoints[AWS_SERVICE_COUNT];
};

static int set_up(void **state)
{
    static struct rig rig;
    rig = (struct rig){0};
    ctx_init(&rig.ctx, &rig.arena, 1000);
    *state = &rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;
    arena_fini(&rig->arena);
    return 0;
}

static struct aws_config plain(void)
{
    return (struct aws_config){
        .region = "eu-central-1", .endpoint = "", .s3_endpoint = "", .bucket = "letters"};
}

static enum err init(struct rig *rig, const struct aws_config *config)
{
    return endpoints_init(&rig->ctx, &rig->arena, config, rig->endpoints);
}

static void check(const struct endpoint *endpoint, const char *base, const char *host,
                  const char *prefix)
{
    assert_string_equal(endpoint->base, base);
    assert_string_equal(endpoint->host, host);
    assert_string_equal(endpoint->path_prefix, prefix);
}

static void test_own_hosts(void **state)
{
    struct rig *rig = *state;
    struct aws_config config = plain();
    assert_int_equal(init(rig, &config), ERR_OK);
    check(&rig->endpoints[AWS_KMS], "https://kms.eu-central-1.amazonaws.com",
          "kms.eu-central-1.amazonaws.com", "");
    check(&rig->endpoints[AWS_S3], "https://letters.s3.eu-central-1.amazonaws.com",
          "letters.s3.eu-central-1.amazonaws.com", "");
    check(&rig->endpoints[AWS_SES], "https://email.eu-central-1.amazonaws.com",
          "email.eu-central-1.amazonaws.com", "");
    assert_string_equal(rig->endpoints[AWS_SES].signing_name, "ses");
}

static void test_china_has_a_domain_of_its_own(void **state)
{
    struct rig *rig = *state;
    struct aws_config config = plain();
    config.region = "cn-north-1";
    assert_int_equal(init(rig, &config), ERR_OK);
    assert_string_equal(rig->endpoints[AWS_SNS].host, "sns.cn-north-1.amazonaws.com.cn");
}

static void test_a_bucket_with_dots_goes_into_the_path(void **state)
{
    struct rig *rig = *state;
    struct aws_config config = plain();
    config.bucket = "letters.example.org";
    assert_int_equal(init(rig, &config), ERR_OK);
    check(&rig->endpoints[AWS_S3], "https://s3.eu-central-1.amazonaws.com",
          "s3.eu-central-1.amazonaws.com", "/letters.example.org");
}

static void test_overrides(void **state)
{
    struct rig *rig = *state;
    struct aws_config config = plain();
    config.endpoint = "http://127.0.0.1:4566";
    config.s3_endpoint = "https://minio.internal:443";
    assert_int_equal(init(rig, &config), ERR_OK);
    check(&rig->endpoints[AWS_DYNAMODB], "http://127.0.0.1:4566", "127.0.0.1:4566", "");
    /* libcurl leaves the scheme's own port out of Host, so it is signed without. */
    check(&rig->endpoints[AWS_S3], "https://minio.internal:443", "minio.internal", "/letters");
    config.s3_endpoint = "";
    assert_int_equal(init(rig, &config), ERR_OK);
    check(&rig->endpoints[AWS_S3], "http://127.0.0.1:4566", "127.0.0.1:4566", "/letters");
}

static void test_a_backend_without_a_bucket(void **state)
{
    struct rig *rig = *state;
    struct aws_config config = plain();
    config.bucket = NULL;
    assert_int_equal(init(rig, &config), ERR_OK);
    check(&rig->endpoints[AWS_S3], "https://s3.eu-central-1.amazonaws.com",
          "s3.eu-central-1.amazonaws.com", "");
    config.endpoint = "http://127.0.0.1:4566";
    assert_int_equal(init(rig, &config), ERR_OK);
    check(&rig->endpoints[AWS_S3], "http://127.0.0.1:4566", "127.0.0.1:4566", "");
}

static void test_what_is_no_address_is_refused(void **state)
{
    struct rig *rig = *state;
    static const char *const bad[] = {
        "127.0.0.1:4566",   "ftp://host", "http://",    "http://host/path", "http://host/",
        "http://user@host", "http://h?q", "http://h#f", "http://a b",       "http://h\r\nX: y"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct aws_config config = plain();
        config.endpoint = bad[i];
        assert_int_equal(init(rig, &config), ERR_UNAVAILABLE);
        assert_string_not_equal(rig->ctx.detail, "");
    }
}

static void test_names_that_would_lead_elsewhere_are_refused(void **state)
{
    struct rig *rig = *state;
    static const char *const bad[] = {"", "evil.example/", "a@b", "A", "a b", "eu.central"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct aws_config config = plain();
        config.region = bad[i];
        assert_int_equal(init(rig, &config), ERR_UNAVAILABLE);
    }
    struct aws_config config = plain();
    config.bucket = "a/../b";
    assert_int_equal(init(rig, &config), ERR_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_hosts),
        cmocka_unit_test(test_china_has_a_domain_of_its_own),
        cmocka_unit_test(test_a_bucket_with_dots_goes_into_the_path),
        cmocka_unit_test(test_overrides),
        cmocka_unit_test(test_a_backend_without_a_bucket),
        cmocka_unit_test(test_what_is_no_address_is_refused),
        cmocka_unit_test(test_names_that_would_lead_elsewhere_are_refused),
    };
    return cmocka_run_group_tests_name("aws_endpoints", tests, set_up, tear_down);
}
