/* One multipart upload (S3 User Guide, "Uploading and copying objects using multipart upload"):
 * each part is sent by a thread while the next one is being filled. */
#ifndef LETTERLOCK_AWS_S3_UPLOAD_H
#define LETTERLOCK_AWS_S3_UPLOAD_H

#include "aws/s3/s3_call.h"
#include "base/threads.h"

#include <stdatomic.h>

/* S3 takes 10,000 parts of 5 MiB to 5 GiB. Parts of 8 MiB that double after every 1,000 hold 5 GiB
 * in 640 of them, and far more than anyone's largest letter in all. */
#define S3_PART_BYTES (8u << 20)
#define S3_PART_BYTES_MAX (256u << 20)
#define S3_PARTS_MAX 10000u
#define S3_UPLOAD_ID_BYTES 1024u

/* Threads that send parts, of all uploads together; past them a part is sent by its writer. */
#define S3_SENDERS_MAX 32u

struct s3_upload {
    struct aws_client *client;
    atomic_uint *senders;        /* threads at work, of all uploads together */
    const char *path;            /* of the object */
    char id[S3_UPLOAD_ID_BYTES]; /* percent-encoded; "" before the upload was started */
    struct buffer completion;    /* the body that names the parts sent */
    unsigned part_count;         /* handed over; the number of the part under way */
    struct buffer sending;       /* the part under way */
    struct ctx ctx;              /* for it, without an arena */
    struct thread thread;
    enum err failed; /* the first failure of a part */
};

/* The size of part number index (0, 1 …), unless it is the last. */
size_t s3_upload_part_bytes(unsigned index);

/* Makes an upload that is not started. client, senders and path outlive it. */
void s3_upload_init(struct s3_upload *u, struct aws_client *client, atomic_uint *senders,
                    const char *path);

/* Waits for the part under way, until its deadline, and frees. The upload stays at S3. */
void s3_upload_fini(struct s3_upload *u);

/* Goes on with an upload at S3 of which the first part_count parts are sent. id is percent-encoded,
 * as u->id was. Parts alone can be sent: the body that names them is not complete. */
void s3_upload_resume(struct s3_upload *u, const char *id, unsigned part_count);

/* CreateMultipartUpload, for an object that will name writer. */
enum err s3_upload_start(struct s3_upload *u, struct ctx *ctx, const char *writer) MUST_CHECK;

/* Waits for the part before, then begins to send what *part holds by ctx's deadline, and leaves
 * *part empty. Gives the failure of any part so far. */
enum err s3_upload_send(struct s3_upload *u, struct ctx *ctx, struct buffer *part) MUST_CHECK;

/* Waits for the part under way, until its deadline; then failed tells how the parts fared. */
void s3_upload_wait(struct s3_upload *u);

/* Makes the object of the parts, if there is none. ERR_OK with s->answer, to be judged; s is an
 * uninitialised call, which the caller ends in any case. */
enum err s3_upload_complete(struct s3_upload *u, struct ctx *ctx, struct s3_call *s) MUST_CHECK;

/* Removes the upload at path with this percent-encoded id; ERR_OK when there is none. */
enum err s3_upload_abort(struct aws_client *client, struct ctx *ctx, const char *path,
                         const char *id) MUST_CHECK;

#endif
