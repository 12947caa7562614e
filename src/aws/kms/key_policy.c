#include "aws/kms/key_policy.h"

#include "base/ascii.h"
#include "base/json.h"

#include <string.h>

#define ROLE_ARN_MAX_BYTES 2048u /* IAM's limit for an ARN */

/* The value of a condition's key that stands for the caller's tag. */
#define CALLERS_TAG "${aws:PrincipalTag/sub}"

#define CONTEXT_MESSAGE "kms:EncryptionContext:message"
#define CONTEXT_RECIPIENT "kms:EncryptionContext:recipient"
#define CONTEXT_SENDER "kms:EncryptionContext:sender"
#define TAG_SUB "aws:PrincipalTag/sub"

/* The parts of a policy that is being written. */
struct policy {
    const struct aws_config *config;
    json_t *statements;
    enum err result;
};

/* --- principals --- */

/* IAM allows commas as well, which stand between roles here. */
static bool is_role_name(struct bytes name)
{
    static const char others[] = "+=.@_-/";
    for (size_t i = 0; i < name.n; i++) {
        uint8_t c = name.p[i];
        if (!ascii_is_alphanumeric(c) && memchr(others, c, sizeof others - 1) == NULL)
            return false;
    }
    return name.n > 0;
}

/* Takes text off the front of *left; false when it is not there. */
static bool skip(struct bytes *left, struct bytes text)
{
    if (!bytes_starts_with(*left, text))
        return false;
    *left = bytes_slice(*left, text.n, SIZE_MAX);
    return true;
}

/* arn:<partition>:iam::<account>:role/<path and name>. The partition is "aws", "aws-cn" … */
static bool is_role_arn(struct bytes arn, const char *account)
{
    struct bytes left = arn;
    if (arn.n > ROLE_ARN_MAX_BYTES || !skip(&left, BYTES_LIT("arn:")) ||
        !bytes_starts_with(left, BYTES_LIT("aws")))
        return false;
    left = bytes_slice(left, bytes_find(left, ':', 0), SIZE_MAX);
    return skip(&left, BYTES_LIT(":iam::")) && skip(&left, bytes_of_str(account)) &&
           skip(&left, BYTES_LIT(":role/")) && is_role_name(left);
}

/* The Principal of one role, or of several with commas between. */
static json_t *roles(struct policy *policy, const char *list)
{
    json_t *arns = json_array();
    struct bytes left = bytes_of_str(list);
    size_t end;
    do {
        end = bytes_find(left, ',', 0);
        struct bytes arn = bytes_trim(bytes_slice(left, 0, end));
        if (!is_role_arn(arn, policy->config->account))
            policy->result = ERR_INVALID_FIELD;
        json_array_append_new(arns, json_from_bytes(arn));
        left = bytes_slice(left, end == SIZE_MAX ? left.n : end + 1, SIZE_MAX);
    } while (end != SIZE_MAX);
    if (json_array_size(arns) > 1)
        return json_pack("{s:o}", "AWS", arns);
    json_t *principal = json_pack("{s:O}", "AWS", json_array_get(arns, 0));
    json_decref(arns);
    return principal;
}

/* --- statements --- */

/* Takes principal, actions and condition (which may be NULL). */
static void allow(struct policy *policy, const char *sid, json_t *principal, json_t *actions,
                  json_t *condition)
{
    json_array_append_new(policy->statements,
                          json_pack("{s:s,s:s,s:o,s:o,s:s,s:o*}", "Sid", sid, "Effect", "Allow",
                                    "Principal", principal, "Action", actions, "Resource", "*",
                                    "Condition", condition));
}

/* Denies to everyone whatever leads to a plaintext: decrypting, re-encrypting to another key, and
 * lending these powers by a grant. Takes condition. */
static void deny_unwrapping(struct policy *policy, const char *sid, json_t *condition)
{
    json_t *actions = json_pack("[s,s,s]", "kms:Decrypt", "kms:ReEncryptFrom", "kms:CreateGrant");
    json_array_append_new(policy->statements,
                          json_pack("{s:s,s:s,s:s,s:o,s:s,s:o}", "Sid", sid, "Effect", "Deny",
                                    "Principal", "*", "Action", actions, "Resource", "*",
                                    "Condition", condition));
}

/* Holds PutKeyPolicy, so this role is what the whole policy rests on. A key whose deletion was
 * cancelled is disabled, hence EnableKey; taking a key's name away asks the key too. */
static void add_administrator(struct policy *policy)
{
    if (policy->config->admin_role[0] == '\0')
        return;
    allow(policy, "AdminNoUse", roles(policy, policy->config->admin_role),
          json_pack("[s,s,s,s,s,s,s,s,s,s,s,s]", "kms:DescribeKey", "kms:GetKeyPolicy",
                    "kms:PutKeyPolicy", "kms:EnableKeyRotation", "kms:GetKeyRotationStatus",
                    "kms:DisableKey", "kms:EnableKey", "kms:ScheduleKeyDeletion",
                    "kms:CancelKeyDeletion", "kms:DeleteAlias", "kms:TagResource",
                    "kms:ListResourceTags"),
          NULL);
}

static void add_provisioner(struct policy *policy)
{
    allow(policy, "ProvisionerNoUse", roles(policy, policy->config->provisioner_role),
          json_pack("[s,s,s,s,s]", "kms:DescribeKey", "kms:CreateAlias", "kms:TagResource",
                    "kms:EnableKeyRotation", "kms:ScheduleKeyDeletion"),
          NULL);
}

/* DescribeKey and the calls of erasure carry no encryption context: in a statement that asks for
 * one they would never be allowed. */
static void add_server(struct policy *policy, const char *sub)
{
    const char *servers = policy->config->server_roles;
    allow(policy, "ServerEncryptOnly", roles(policy, servers),
          json_pack("[s,s,s]", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext",
                    "kms:Encrypt"),
          json_pack("{s:{s:s},s:{s:s}}", "StringEquals", CONTEXT_RECIPIENT, sub, "Null",
                    CONTEXT_MESSAGE, "false"));
    allow(policy, "ServerEncryptCopy", roles(policy, servers), json_string("kms:Encrypt"),
          json_pack("{s:{s:s},s:{s:s}}", "StringEquals", CONTEXT_SENDER, sub, "Null",
                    CONTEXT_MESSAGE, "false"));
    allow(policy, "ServerDescribe", roles(policy, servers), json_string("kms:DescribeKey"), NULL);
    allow(policy, "ServerErase", roles(policy, servers),
          json_pack("[s,s]", "kms:ScheduleKeyDeletion", "kms:DeleteAlias"), NULL);
}

static void add_owner(struct policy *policy, const char *sid, const char *side, const char *sub)
{
    allow(policy, sid, roles(policy, policy->config->owner_role), json_string("kms:Decrypt"),
          json_pack("{s:{s:s,s:s}}", "StringEquals", TAG_SUB, sub, side, sub));
}

/* Tags can be forged by whoever may tag sessions or roles of the account; the identity pool's role
 * can only be assumed through the pool. */
static void add_other_role_denial(struct policy *policy)
{
    deny_unwrapping(
        policy, "DenyDecryptOtherRole",
        json_pack("{s:{s:s}}", "ArnNotEquals", "aws:PrincipalArn", policy->config->owner_role));
}

/* --- the two policies --- */

static struct policy start(const struct aws_config *config)
{
    struct policy policy = {.config = config, .statements = json_array()};
    /* It stands in a condition too, where a list or blanks would be something else. */
    if (!is_role_arn(bytes_of_str(config->owner_role), config->account))
        policy.result = ERR_INVALID_FIELD;
    return policy;
}

static enum err finish(struct policy *policy, const char *id, struct buffer *out)
{
    json_t *document = json_pack("{s:s,s:s,s:o}", "Version", "2012-10-17", "Id", id, "Statement",
                                 policy->statements);
    size_t before = out->n;
    json_write(out, document);
    json_decref(document);
    if (policy->result != ERR_OK)
        return policy->result;
    return buffer_ok(out) && out->n - before <= KEY_POLICY_MAX_BYTES ? ERR_OK : ERR_INVALID_FIELD;
}

enum err key_policy_write_user(const struct aws_config *config, const struct uuid *user_id,
                               struct buffer *out)
{
    char sub[UUID_TEXT_BYTES];
    uuid_format(user_id, sub);
    struct policy policy = start(config);
    add_administrator(&policy);
    add_provisioner(&policy);
    add_server(&policy, sub);
    add_owner(&policy, "OwnerDecrypt", CONTEXT_RECIPIENT, sub);
    add_owner(&policy, "OwnerDecryptCopy", CONTEXT_SENDER, sub);
    /* Also true of callers without the tag. */
    deny_unwrapping(&policy, "DenyDecryptToAllOthers",
                    json_pack("{s:{s:s}}", "StringNotEquals", TAG_SUB, sub));
    add_other_role_denial(&policy);
    return finish(&policy, "owner-only", out);
}

static void add_shared_owner(struct policy *policy, const char *sid, const char *side)
{
    allow(policy, sid, roles(policy, policy->config->owner_role), json_string("kms:Decrypt"),
          json_pack("{s:{s:s},s:{s:s}}", "StringEquals", side, CALLERS_TAG, "Null", TAG_SUB,
                    "false"));
}

enum err key_policy_write_shared(const struct aws_config *config, struct buffer *out)
{
    struct policy policy = start(config);
    add_administrator(&policy);
    allow(&policy, "ServerEncryptOnly", roles(&policy, config->server_roles),
          json_pack("[s,s,s]", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext",
                    "kms:Encrypt"),
          json_pack("{s:{s:s,s:s}}", "Null", CONTEXT_RECIPIENT, "false", CONTEXT_MESSAGE, "false"));
    add_shared_owner(&policy, "OwnerDecrypt", CONTEXT_RECIPIENT);
    add_shared_owner(&policy, "OwnerDecryptCopy", CONTEXT_SENDER);
    /* Keys of one operator must all hold: denied to who is neither recipient nor sender. */
    deny_unwrapping(&policy, "DenyDecryptToAllOthers",
                    json_pack("{s:{s:s,s:s}}", "StringNotEquals", CONTEXT_RECIPIENT, CALLERS_TAG,
                              CONTEXT_SENDER, CALLERS_TAG));
    /* A variable without a value can void a whole statement, also one that denies. */
    deny_unwrapping(&policy, "DenyDecryptUntagged",
                    json_pack("{s:{s:s}}", "Null", TAG_SUB, "true"));
    add_other_role_denial(&policy);
    return finish(&policy, "owner-only-shared", out);
}
