/* Where the AWS backend lives: what Terraform made, as the environment names it (app/config.h). All
 * texts are borrowed and outlive the backend; "" means not set. */
#ifndef LETTERLOCK_AWS_CONFIG_H
#define LETTERLOCK_AWS_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#define AWS_NO_USER_POOL "none" /* of user_pool_id: this process only provisions users */

struct aws_config {
    const char *region;  /* "eu-central-1" */
    const char *account; /* 12 digits */

    /* Endpoint overrides for tests and private endpoints, scheme://host[:port]; "": AWS's own
     * hosts. With one set, S3 is addressed path-style. */
    const char *endpoint;
    const char *s3_endpoint; /* for S3 alone; "": endpoint */
    const char *jwks_url;    /* whole address of the pool's JWK Set; "": the issuer's */
    const char *ca_file;     /* PEM authorities for endpoints; "": the system's */

    const char *user_pool_id;
    const char *client_id; /* a public app client, without a secret */
    const char *identity_pool_id;

    const char *users_table;
    const char *messages_table;
    const char *bucket;

    bool shared_key; /* all users' data keys under shared_key_arn (scale mode) */
    const char *shared_key_arn;
    uint32_t user_keys_max;       /* per-user mode: sign-ups past it are not provisioned */
    const char *owner_role;       /* ARN: the identity pool's authenticated role */
    const char *server_roles;     /* ARNs with commas between: may only encrypt */
    const char *provisioner_role; /* ARN: makes keys */
    const char *admin_role;       /* ARN: disables and deletes keys, never uses them; may be "" */

    const char *notices;      /* "sns", "ses" or "none" */
    const char *topic_prefix; /* of the names of users' topics: "<prefix><user id>" */
    const char *mail_from;    /* for SES */
    const char *public_url;   /* for the link in a notice */
    int64_t token_lifetime_s; /* what the app client gives, for expires_in of sessions */
    int64_t session_lifetime_s;
};

#endif
