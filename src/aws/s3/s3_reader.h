/* Reading one object by ranged GETs, with read-ahead for those who read on. */
#ifndef LETTERLOCK_AWS_S3_READER_H
#define LETTERLOCK_AWS_S3_READER_H

#include "aws/s3/s3_call.h"
#include "ports/objects.h"

/* Fetches the object's beginning, and with it the size. ERR_NOT_FOUND. */
enum err s3_reader_open(struct aws_client *client, struct ctx *ctx, const struct uuid *id,
                        struct object_reader **out, uint64_t *size) MUST_CHECK;

/* As the port has them. */
enum err s3_reader_read(struct object_reader *reader, struct ctx *ctx, uint64_t offset,
                        uint8_t *data, size_t n, size_t *got) MUST_CHECK;
void s3_reader_close(struct object_reader *reader);

#endif
