/* Calls to the bucket, each with memory of its own: a transfer makes thousands in one context,
 * whose arena must not grow with them. */
#ifndef LETTERLOCK_AWS_S3_CALL_H
#define LETTERLOCK_AWS_S3_CALL_H

#include "aws/client/aws_client.h"
#include "base/uuid.h"

#define S3_PREFIX "m/" /* of the keys of letters */
#define S3_PREFIX_ENCODED "m%2F"
#define S3_MEDIA_TYPE "application/octet-stream"
#define S3_WRITER_HEADER "x-amz-meta-writer" /* who wrote it, by a random UUID for each writing */
#define S3_PATH_BYTES (1u + sizeof S3_PREFIX + UUID_TEXT_BYTES)

struct s3_call {
    struct arena arena; /* of path, query and answer */
    struct ctx ctx;     /* the caller's, but for the arena */
    struct aws_call call;
    struct aws_answer answer;
};

/* The path of a letter's object, "/m/<id>", NUL-terminated. */
void s3_path(const struct uuid *id, char out[S3_PATH_BYTES]);

/* Starts a call; the caller sets what else it needs, and ends with s3_call_fini. query may be NULL;
 * borrows all texts. */
void s3_call_init(struct s3_call *s, struct ctx *ctx, const char *operation, const char *method,
                  const char *path, const char *query);
void s3_call_fini(struct s3_call *s);

void s3_call_header(struct s3_call *s, const char *name, const char *value);

/* Sends it. ERR_OK with s->answer for whatever status. */
enum err s3_call_send(struct s3_call *s, struct aws_client *client) MUST_CHECK;

/* ERR_OK for a 2xx, else aws_answer_error's. */
enum err s3_call_check(struct s3_call *s) MUST_CHECK;

/* Takes the body of a sent call, which must be of n bytes, and appends it to out. ERR_NOT_FOUND
 * when there is no such object, ERR_UNAVAILABLE when less or more came. */
enum err s3_call_take(struct s3_call *s, size_t n, struct buffer *out) MUST_CHECK;

/* Removes the object at path; ERR_OK when there is none. */
enum err s3_remove(struct aws_client *client, struct ctx *ctx, const char *path) MUST_CHECK;

#endif
