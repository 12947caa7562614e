/* Writing one object: a single PUT when it fits a part, else a multipart upload. Constant memory:
 * the part that is filled and the one under way. Create-only by If-None-Match (S3 API Reference,
 * PutObject, CompleteMultipartUpload). */
#ifndef LETTERLOCK_AWS_S3_WRITER_H
#define LETTERLOCK_AWS_S3_WRITER_H

#include "aws/s3/s3_upload.h"
#include "ports/objects.h"

/* A writing that lasts longer ends with ERR_DEADLINE. S3 dates an object of several parts by the
 * start of its upload, so the sweep must know how old a fresh one can be. */
#define S3_WRITING_MAX_MS (24 * 3600 * (int64_t)1000)

/* Nothing is sent before a part is full. client and senders (see s3_upload.h) outlive the writer.
 */
struct object_writer *s3_writer_create(struct aws_client *client, atomic_uint *senders,
                                       const struct uuid *id) __attribute__((returns_nonnull));

/* As the port has them. A commit that fails may wait a few seconds past the deadline for the
 * removal of what it left; so may an abort. */
enum err s3_writer_write(struct object_writer *writer, struct ctx *ctx,
                         struct bytes data) MUST_CHECK;
enum err s3_writer_commit(struct object_writer *writer, struct ctx *ctx) MUST_CHECK;
void s3_writer_abort(struct object_writer *writer);

#endif
