/* A client of the AWS that the environment names (LETTERLOCK_AWS_…, AWS_…), for test programs that
 * a Python test runs. */
#ifndef LETTERLOCK_TESTS_CLOUD_CLIENT_H
#define LETTERLOCK_TESTS_CLOUD_CLIENT_H

#include "aws/client/aws_client.h"

struct cloud_client {
    struct aws_config config;
    struct aws_client *client;
};

/* Ends the program when there is no client to be had. */
void cloud_client_init(struct cloud_client *c);
void cloud_client_fini(struct cloud_client *c);

#endif
