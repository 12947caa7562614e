/* The records port on two DynamoDB tables, Users and Messages (dynamo_schema.h describes them). */
#ifndef LETTERLOCK_AWS_DYNAMO_RECORDS_H
#define LETTERLOCK_AWS_DYNAMO_RECORDS_H

#include "aws/client/aws_client.h"
#include "ports/records.h"

struct dynamo_records;

/* client outlives it. */
struct dynamo_records *dynamo_records_create(struct aws_client *client)
    __attribute__((returns_nonnull));
struct records dynamo_records_port(struct dynamo_records *records);
void dynamo_records_destroy(struct dynamo_records *records); /* NULL is legal */

#endif
