/* The identity port on an Amazon Cognito user pool, with the list of sessions in DynamoDB's Users
 * table (Cognito itself cannot list or end single sessions). */
#ifndef LETTERLOCK_AWS_COGNITO_IDENTITY_H
#define LETTERLOCK_AWS_COGNITO_IDENTITY_H

#include "aws/client/aws_client.h"
#include "ports/identity.h"

struct cognito_identity;

/* client outlives it. */
struct cognito_identity *cognito_identity_create(struct aws_client *client)
    __attribute__((returns_nonnull));
struct identity cognito_identity_port(struct cognito_identity *identity);
void cognito_identity_destroy(struct cognito_identity *identity); /* NULL is legal */

#endif
