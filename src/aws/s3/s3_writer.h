/* Writing one object: a single PUT when it is small, else a multipart upload. Constant memory: one
 * part. Create-only by If-None-Match (S3 API Reference, PutObject, CompleteMultipartUpload). */
#ifndef LETTERLOCK_AWS_S3_WRITER_H
#define LETTERLOCK_AWS_S3_WRITER_H

#include "aws/s3/s3_call.h"
#include "ports/objects.h"

/* Nothing is sent before a part is full. client outlives the writer. */
struct object_writer *s3_writer_create(struct aws_client *client, const struct uuid *id)
    __attribute__((returns_nonnull));

/* As the port has them. */
enum err s3_writer_write(struct object_writer *writer, struct ctx *ctx,
                         struct bytes data) MUST_CHECK;
enum err s3_writer_commit(struct object_writer *writer, struct ctx *ctx) MUST_CHECK;
void s3_writer_abort(struct object_writer *writer);

/* Removes the object at path; ERR_OK when there is none. */
enum err s3_remove(struct aws_client *client, struct ctx *ctx, const char *path) MUST_CHECK;

#endif
