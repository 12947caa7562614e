#include "aws/kms/key_policy.h"
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ROLE "arn:aws:iam::123456789012:role/"
#define SUB "5f0c1a52-8a0e-4f2c-9f5b-0d7a3a6a1c11"

static const struct aws_config settings = {
    .account = "123456789012",
    .owner_role = ROLE "owner",
    .server_roles = ROLE "server," ROLE "lambda",
    .provisioner_role = ROLE "maker",
    .admin_role = ROLE "admin",
};

static enum err write_policy(const struct aws_config *config, bool shared, struct buffer *out)
{
    struct uuid user_id;
    assert_true(uuid_parse(BYTES_LIT(SUB), &user_id));
    buffer_init(out, KEY_POLICY_MAX_BYTES);
    return shared ? key_policy_write_shared(config, out)
                  : key_policy_write_user(config, &user_id, out);
}

/* The policy as JSON, a new reference. */
static json_t *policy_of(const struct aws_config *config, bool shared)
{
    struct buffer out;
    assert_int_equal(write_policy(config, shared, &out), ERR_OK);
    json_t *policy = json_parse_object(buffer_bytes(&out));
    buffer_fini(&out);
    assert_non_null(policy);
    return policy;
}

static const json_t *statement(const json_t *policy, const char *sid)
{
    size_t i;
    const json_t *each;
    json_array_foreach(json_object_get(policy, "Statement"), i, each)
    {
        if (strcmp(json_string_value(json_object_get(each, "Sid")), sid) == 0)
            return each;
    }
    return NULL;
}

/* What the statement says, in single quotes. */
static void assert_says(const json_t *policy, const char *sid, const char *member,
                        const char *expected)
{
    struct buffer text;
    buffer_init(&text, KEY_POLICY_MAX_BYTES);
    json_write(&text, json_object_get(statement(policy, sid), member));
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"')
            text.p[i] = '\'';
    }
    buffer_append_u8(&text, '\0');
    assert_string_equal((const char *)text.p, expected);
    buffer_fini(&text);
}

static void test_user_policy(void **state)
{
    (void)state;
    json_t *policy = policy_of(&settings, false);
    assert_string_equal(json_string_value(json_object_get(policy, "Version")), "2012-10-17");
    assert_int_equal(json_array_size(json_object_get(policy, "Statement")), 10);
    assert_says(policy, "AdminNoUse", "Principal", "{'AWS':'" ROLE "admin'}");
    assert_says(policy, "ProvisionerNoUse", "Action",
                "['kms:DescribeKey','kms:CreateAlias','kms:TagResource','kms:EnableKeyRotation',"
                "'kms:ScheduleKeyDeletion']");
    assert_says(policy, "ServerEncryptOnly", "Principal",
                "{'AWS':['" ROLE "server','" ROLE "lambda']}");
    assert_says(policy, "ServerEncryptOnly", "Condition",
                "{'StringEquals':{'kms:EncryptionContext:recipient':'" SUB "'},"
                "'Null':{'kms:EncryptionContext:message':'false'}}");
    assert_says(policy, "ServerEncryptCopy", "Action", "'kms:Encrypt'");
    assert_null(json_object_get(statement(policy, "ServerDescribe"), "Condition"));
    assert_says(policy, "OwnerDecrypt", "Condition",
                "{'StringEquals':{'aws:PrincipalTag/sub':'" SUB "',"
                "'kms:EncryptionContext:recipient':'" SUB "'}}");
    assert_says(policy, "OwnerDecryptCopy", "Principal", "{'AWS':'" ROLE "owner'}");
    assert_says(policy, "DenyDecryptToAllOthers", "Principal", "'*'");
    assert_says(policy, "DenyDecryptOtherRole", "Condition",
                "{'ArnNotEquals':{'aws:PrincipalArn':'" ROLE "owner'}}");
    json_decref(policy);
}

static void test_shared_policy(void **state)
{
    (void)state;
    json_t *policy = policy_of(&settings, true);
    assert_int_equal(json_array_size(json_object_get(policy, "Statement")), 7);
    assert_null(statement(policy, "ProvisionerNoUse"));
    assert_null(statement(policy, "ServerErase"));
    assert_says(policy, "OwnerDecrypt", "Condition",
                "{'StringEquals':{'kms:EncryptionContext:recipient':'${aws:PrincipalTag/sub}'},"
                "'Null':{'aws:PrincipalTag/sub':'false'}}");
    assert_says(policy, "DenyDecryptToAllOthers", "Condition",
                "{'StringNotEquals':{"
                "'kms:EncryptionContext:recipient':'${aws:PrincipalTag/sub}',"
                "'kms:EncryptionContext:sender':'${aws:PrincipalTag/sub}'}}");
    assert_says(policy, "DenyDecryptUntagged", "Condition",
                "{'Null':{'aws:PrincipalTag/sub':'true'}}");
    json_decref(policy);
}

/* Without an account's root nothing is delegated to IAM policies, and only denials are for all. */
static void test_nobody_else_is_named(void **state)
{
    (void)state;
    for (int shared = 0; shared < 2; shared++) {
        json_t *policy = policy_of(&settings, shared != 0);
        size_t i;
        const json_t *each;
        json_array_foreach(json_object_get(policy, "Statement"), i, each)
        {
            const char *effect = json_string_value(json_object_get(each, "Effect"));
            const json_t *principal = json_object_get(each, "Principal");
            assert_true((strcmp(effect, "Deny") == 0) == json_is_string(principal));
        }
        json_decref(policy);
    }
}

static void test_no_administrator(void **state)
{
    (void)state;
    struct aws_config config = settings;
    config.admin_role = "";
    json_t *policy = policy_of(&config, false);
    assert_null(statement(policy, "AdminNoUse"));
    assert_int_equal(json_array_size(json_object_get(policy, "Statement")), 9);
    json_decref(policy);
}

/* With paths, and blanks after commas. */
static void test_lists_of_roles(void **state)
{
    (void)state;
    struct aws_config config = settings;
    config.server_roles = " " ROLE "a+b=c@d , " ROLE "path/e";
    config.owner_role = "arn:aws-us-gov:iam::123456789012:role/owner";
    json_t *policy = policy_of(&config, false);
    assert_says(policy, "ServerDescribe", "Principal",
                "{'AWS':['" ROLE "a+b=c@d','" ROLE "path/e']}");
    json_decref(policy);
}

/* A policy that says more than meant, or nothing, is worse than none. */
static void test_refused_roles(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "*",
        ROLE "*",
        ROLE "serve?",
        ROLE "${aws:PrincipalTag/role}",
        ROLE,
        ROLE "server,",
        "," ROLE "server",
        ROLE "a b",
        ROLE "server\"}",
        ROLE "server\n",
        ROLE "server\xff",
        "arn:aws:iam::123456789012:root",
        "arn:aws:iam::123456789012:user/server",
        "arn:aws:iam::210987654321:role/server",
        "arn:aws:sts::123456789012:assumed-role/server/session",
        "arn:*:iam::123456789012:role/server",
        "server",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        for (int place = 0; place < 4; place++) {
            struct aws_config config = settings;
            const char **const places[] = {&config.owner_role, &config.server_roles,
                                           &config.provisioner_role, &config.admin_role};
            *places[place] = bad[i];
            struct buffer out;
            assert_int_equal(write_policy(&config, false, &out), ERR_INVALID_FIELD);
            buffer_fini(&out);
            if (place == 2) /* no provisioner in this one */
                continue;
            assert_int_equal(write_policy(&config, true, &out), ERR_INVALID_FIELD);
            buffer_fini(&out);
        }
    }
    struct aws_config config = settings;
    struct buffer out;
    config.owner_role = ROLE "owner," ROLE "other";
    assert_int_equal(write_policy(&config, false, &out), ERR_INVALID_FIELD);
    buffer_fini(&out);
    config = settings;
    config.server_roles = "";
    assert_int_equal(write_policy(&config, true, &out), ERR_INVALID_FIELD);
    buffer_fini(&out);
}

static void test_too_large(void **state)
{
    (void)state;
    struct aws_config config = settings;
    struct buffer list;
    buffer_init(&list, 2 * KEY_POLICY_MAX_BYTES);
    for (int i = 0; i < 400; i++)
        buffer_printf(&list, "%s" ROLE "server-%d", i == 0 ? "" : ",", i);
    buffer_append_u8(&list, '\0');
    config.server_roles = (const char *)list.p;
    struct buffer out;
    assert_int_equal(write_policy(&config, false, &out), ERR_INVALID_FIELD);
    buffer_fini(&out);
    buffer_fini(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_user_policy),
        cmocka_unit_test(test_shared_policy),
        cmocka_unit_test(test_nobody_else_is_named),
        cmocka_unit_test(test_no_administrator),
        cmocka_unit_test(test_lists_of_roles),
        cmocka_unit_test(test_refused_roles),
        cmocka_unit_test(test_too_large),
    };
    return cmocka_run_group_tests_name("key policy", tests, NULL, NULL);
}
