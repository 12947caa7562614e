#include "deployment.h"

#include <stdlib.h>
#include <string.h>

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value == NULL ? "" : value;
}

struct aws_config deployment_config(void)
{
    return (struct aws_config){
        .region = setting("LETTERLOCK_AWS_REGION"),
        .account = setting("LETTERLOCK_AWS_ACCOUNT"),
        .endpoint = setting("LETTERLOCK_AWS_ENDPOINT"),
        .s3_endpoint = setting("LETTERLOCK_AWS_S3_ENDPOINT"),
        .jwks_url = setting("LETTERLOCK_AWS_JWKS_URL"),
        .ca_file = setting("LETTERLOCK_AWS_CA_FILE"),
        .user_pool_id = setting("LETTERLOCK_AWS_USER_POOL"),
        .client_id = setting("LETTERLOCK_AWS_CLIENT_ID"),
        .identity_pool_id = setting("LETTERLOCK_AWS_IDENTITY_POOL"),
        .users_table = setting("LETTERLOCK_AWS_USERS_TABLE"),
        .messages_table = setting("LETTERLOCK_AWS_MESSAGES_TABLE"),
        .bucket = setting("LETTERLOCK_AWS_BUCKET"),
        .shared_key = strcmp(setting("LETTERLOCK_AWS_KEYS"), "shared") == 0,
        .shared_key_arn = setting("LETTERLOCK_AWS_SHARED_KEY"),
        .user_keys_max = (uint32_t)strtoul(setting("LETTERLOCK_AWS_USER_KEYS_MAX"), NULL, 10),
        .owner_role = setting("LETTERLOCK_AWS_OWNER_ROLE"),
        .server_roles = setting("LETTERLOCK_AWS_SERVER_ROLES"),
        .provisioner_role = setting("LETTERLOCK_AWS_PROVISIONER_ROLE"),
        .admin_role = setting("LETTERLOCK_AWS_ADMIN_ROLE"),
        .notices = "none",
        .topic_prefix = "",
        .mail_from = "",
        .public_url = "",
    };
}
