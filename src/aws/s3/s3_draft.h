/* Drafts of objects (ports/objects.h): a multipart upload that lasts over several requests. What is
 * less than a part waits in an object of its own, a tail, "m/<id>.<size of the draft>". The token
 * is the upload's id and, behind a space, the size of a tail that the present one replaced, which
 * the next request removes. A draft lives for S3_WRITING_MAX_MS at most: the sweep takes what is
 * older. */
#ifndef LETTERLOCK_AWS_S3_DRAFT_H
#define LETTERLOCK_AWS_S3_DRAFT_H

#include "aws/s3/s3_upload.h"
#include "ports/objects.h"

/* As the port has them; client and senders (see s3_upload.h) outlive the draft. */
enum err s3_draft_open(struct aws_client *client, atomic_uint *senders, struct ctx *ctx,
                       struct object_draft_place *place, struct object_draft **out) MUST_CHECK;
enum err s3_draft_write(struct object_draft *draft, struct ctx *ctx, struct bytes data) MUST_CHECK;
enum err s3_draft_sync(struct object_draft *draft, struct ctx *ctx,
                       struct object_draft_place *place) MUST_CHECK;
void s3_draft_close(struct object_draft *draft);

/* s3_draft_end.c */
enum err s3_draft_commit(struct aws_client *client, struct ctx *ctx,
                         const struct object_draft_place *place) MUST_CHECK;
enum err s3_draft_remove(struct aws_client *client, struct ctx *ctx,
                         const struct object_draft_place *place) MUST_CHECK;

/* --- between these files --- */

struct s3_draft_token {
    char upload_id[S3_UPLOAD_ID_BYTES]; /* percent-encoded */
    uint64_t replaced;                  /* 0: there is none */
};
struct s3_draft_token s3_draft_token_read(const char *token);

/* Whole parts of the first size bytes, and where the bytes behind them begin. */
unsigned s3_draft_parts(uint64_t size, uint64_t *tail_at);

/* The path of what waits of a draft of that size. */
#define S3_TAIL_PATH_BYTES (S3_PATH_BYTES + 21u)
void s3_draft_tail_path(const struct uuid *id, uint64_t size, char out[S3_TAIL_PATH_BYTES]);

/* Appends what waits, which must be n bytes. ERR_NOT_FOUND. */
enum err s3_draft_tail_get(struct aws_client *client, struct ctx *ctx,
                           const struct object_draft_place *place, size_t n,
                           struct buffer *out) MUST_CHECK;

#endif
