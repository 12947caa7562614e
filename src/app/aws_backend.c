#include "app/aws_backend.h"

#include "aws/cognito/cognito_identity.h"
#include "aws/cognito/owner_credentials.h"
#include "aws/dynamo/dynamo_records.h"
#include "aws/dynamo/dynamo_uploads.h"
#include "aws/kms/kms_keys.h"
#include "aws/s3/s3_objects.h"
#include "aws/sns/sns_notices.h"
#include "base/mem.h"

#include <string.h>

struct aws_backend {
    struct aws_config config;
    struct aws_client *client;
    struct owner_credentials *owners;
    struct cognito_identity *identity;
    struct kms_keys *keys;
    struct dynamo_records *records;
    struct s3_objects *objects;
    struct sns_notices *notices;
    struct ports ports;
};

static struct aws_config aws_config_of(const struct config *config)
{
    return (struct aws_config){
        .region = config->aws_region,
        .account = config->aws_account,
        .endpoint = config->aws_endpoint,
        .s3_endpoint = config->aws_s3_endpoint,
        .jwks_url = config->aws_jwks_url,
        .ca_file = config->aws_ca_file,
        .user_pool_id = config->aws_user_pool,
        .client_id = config->aws_client,
        .identity_pool_id = config->aws_identity_pool,
        .users_table = config->aws_users_table,
        .messages_table = config->aws_messages_table,
        .bucket = config->aws_bucket,
        .shared_key = strcmp(config->aws_keys, "shared") == 0,
        .shared_key_arn = config->aws_shared_key,
        .user_keys_max = config->aws_user_keys,
        .owner_role = config->aws_owner_role,
        .server_roles = config->aws_server_roles,
        .provisioner_role = config->aws_provisioner_role,
        .admin_role = config->aws_admin_role,
        .notices = config->aws_notices,
        .topic_prefix = config->aws_topic_prefix,
        .mail_from = config->mail_from,
        .public_url = config->public_url,
        .token_lifetime_s = config->token_lifetime,
        .session_lifetime_s = config->session_lifetime,
    };
}

enum err aws_backend_open(struct ctx *ctx, const struct config *config, struct aws_backend **out)
{
    struct aws_backend *aws = mem_alloc(sizeof *aws);
    aws->config = aws_config_of(config);
    enum err e = aws_client_create(ctx, &aws->config, &aws->client);
    if (e != ERR_OK) {
        mem_free(aws);
        return e;
    }
    aws->owners = owner_credentials_create(aws->client);
    aws->identity = cognito_identity_create(aws->client);
    aws->keys = kms_keys_create(aws->client, aws->owners);
    aws->records = dynamo_records_create(aws->client);
    aws->objects = s3_objects_create(aws->client);
    aws->notices = sns_notices_create(aws->client);
    aws->ports = (struct ports){
        .identity = cognito_identity_port(aws->identity),
        .keys = kms_keys_port(aws->keys),
        .records = dynamo_records_port(aws->records),
        .objects = s3_objects_port(aws->objects),
        .notices = sns_notices_port(aws->notices),
        .uploads = dynamo_uploads_port(aws->client),
    };
    *out = aws;
    return ERR_OK;
}

struct ports *aws_backend_ports(struct aws_backend *aws)
{
    return &aws->ports;
}

struct aws_client *aws_backend_client(struct aws_backend *aws)
{
    return aws->client;
}

struct cognito_identity *aws_backend_identity(struct aws_backend *aws)
{
    return aws->identity;
}

void aws_backend_settle(struct aws_backend *aws, struct ctx *ctx)
{
    sns_notices_flush(aws->notices, ctx);
}

void aws_backend_close(struct aws_backend *aws)
{
    if (aws == NULL)
        return;
    sns_notices_destroy(aws->notices);
    s3_objects_destroy(aws->objects);
    dynamo_records_destroy(aws->records);
    kms_keys_destroy(aws->keys);
    cognito_identity_destroy(aws->identity);
    owner_credentials_destroy(aws->owners);
    aws_client_destroy(aws->client);
    mem_free(aws);
}
