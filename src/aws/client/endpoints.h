/* Where each service is, how it is signed, and how it is spoken to. Pure. */
#ifndef LETTERLOCK_AWS_CLIENT_ENDPOINTS_H
#define LETTERLOCK_AWS_CLIENT_ENDPOINTS_H

#include "aws/client/aws_client.h"

struct endpoint {
    const char *base;          /* "https://kms.eu-central-1.amazonaws.com" */
    const char *host;          /* of the Host header, with a port that is not the scheme's own */
    const char *path_prefix;   /* "/bucket" for path-style S3, else "" */
    const char *signing_name;  /* of the credential scope */
    const char *target_prefix; /* of X-Amz-Target; "" for services without */
    const char *content_type;  /* of JSON calls; "" for services without */
};

/* Fills all endpoints in; texts live in the arena. ERR_UNAVAILABLE with ctx->detail when an
 * override is not scheme://host[:port], or the region or the bucket's name cannot be one. */
enum err endpoints_init(struct ctx *ctx, struct arena *arena, const struct aws_config *config,
                        struct endpoint endpoints[AWS_SERVICE_COUNT]) MUST_CHECK;

#endif
