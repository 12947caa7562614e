/* Temporary credentials: the server's own, from the standard chain, refreshed ahead of expiry. */
#ifndef LETTERLOCK_AWS_CLIENT_AWS_CREDENTIALS_H
#define LETTERLOCK_AWS_CLIENT_AWS_CREDENTIALS_H

#include "base/ctx.h"

#define AWS_ACCESS_KEY_ID_BYTES 129u /* STS AccessKeyId: at most 128, and the NUL */
#define AWS_SECRET_KEY_BYTES 129u
#define AWS_SESSION_TOKEN_BYTES 4097u

/* A value that is copied; cleansed with aws_credentials_fini. */
struct aws_credentials {
    char access_key_id[AWS_ACCESS_KEY_ID_BYTES];
    char secret_access_key[AWS_SECRET_KEY_BYTES];
    char session_token[AWS_SESSION_TOKEN_BYTES]; /* "" for none */
    int64_t expires_unix_ms;                     /* INT64_MAX: do not expire */
};

/* Cleanses. A zeroed struct is legal. */
void aws_credentials_fini(struct aws_credentials *credentials);

struct aws_chain;

/* The chain, in this order, the first source that is configured: environment (AWS_ACCESS_KEY_ID,
 * AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN), container (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or
 * _FULL_URI, with AWS_CONTAINER_AUTHORIZATION_TOKEN or _TOKEN_FILE), instance metadata version 2
 * (AWS_EC2_METADATA_SERVICE_ENDPOINT overrides its address; AWS_EC2_METADATA_DISABLED turns it
 * off). Reads the environment once; makes no request yet. */
struct aws_chain *aws_chain_create(void) __attribute__((returns_nonnull));
void aws_chain_destroy(struct aws_chain *chain);

/* Copies the server's credentials to *out. They are fetched when there are none, and renewed by one
 * caller when five minutes or less remain while the others go on with those there are. When the
 * source fails, those there are stay in use, expired or not: the service decides (see
 * aws_chain_refused), and AWS's own metadata service hands out such when it is in trouble.
 * Thread-safe. ERR_UNAVAILABLE with a logged cause when no source gives any. */
enum err aws_chain_get(struct aws_chain *chain, struct ctx *ctx,
                       struct aws_credentials *out) MUST_CHECK;

/* The service refused these as expired: they are dropped unless newer ones are there already. False
 * when the source can give no others. */
bool aws_chain_refused(struct aws_chain *chain,
                       const struct aws_credentials *credentials) MUST_CHECK;

#endif
