/* The sources that the server's own credentials can come from (see aws_credentials.h). */
#ifndef LETTERLOCK_AWS_CLIENT_AWS_SOURCES_H
#define LETTERLOCK_AWS_CLIENT_AWS_SOURCES_H

#include "aws/client/aws_credentials.h"
#include "aws/client/transport.h"

enum aws_source { AWS_SOURCE_NONE, AWS_SOURCE_FIXED, AWS_SOURCE_CONTAINER, AWS_SOURCE_INSTANCE };

/* What the environment says; owned texts, NULL for those that the source does not need. */
struct aws_sources {
    enum aws_source source;
    struct aws_credentials fixed;
    char *url; /* of the container's answer, or scheme://host of the instance's service */
    char *authorization;
    char *authorization_file;
    struct transport *transport; /* to that host */
};

void aws_sources_init(struct aws_sources *sources);
void aws_sources_fini(struct aws_sources *sources);

/* Fetches credentials, in few seconds and within the deadline. ERR_UNAVAILABLE with a logged
 * cause. */
enum err aws_sources_fetch(const struct aws_sources *sources, struct ctx *ctx,
                           struct aws_credentials *out) MUST_CHECK;

#endif
