/* The objects port on one S3 bucket: frames as "m/<letter id>", written create-only, in parts. */
#ifndef LETTERLOCK_AWS_S3_OBJECTS_H
#define LETTERLOCK_AWS_S3_OBJECTS_H

#include "aws/client/aws_client.h"
#include "ports/objects.h"

struct s3_objects;

/* client outlives it. */
struct s3_objects *s3_objects_create(struct aws_client *client) __attribute__((returns_nonnull));
struct objects s3_objects_port(struct s3_objects *objects);
void s3_objects_destroy(struct s3_objects *objects); /* NULL is legal */

#endif
