/* One HTTPS client for all of AWS: signing, connection reuse, deadlines, retries with a budget, and
 * clock-skew correction. Thread-safe; calls block until ctx's deadline at most. */
#ifndef LETTERLOCK_AWS_CLIENT_AWS_CLIENT_H
#define LETTERLOCK_AWS_CLIENT_AWS_CLIENT_H

#include "aws/aws_config.h"
#include "aws/client/aws_credentials.h"
#include "base/buffer.h"

#include <jansson.h>

enum aws_service {
    AWS_COGNITO_IDP,
    AWS_COGNITO_IDENTITY,
    AWS_KMS,
    AWS_DYNAMODB,
    AWS_S3,
    AWS_SNS,
    AWS_SES,
    AWS_SERVICE_COUNT
};

/* Who signs a call. */
enum aws_signing {
    AWS_SIGN_SERVER, /* the server's own credentials, from the chain */
    AWS_SIGN_GIVEN,  /* those of aws_call.credentials: a user's, from the identity pool */
    AWS_SIGN_NONE    /* the service takes it unsigned (Cognito's public operations) */
};

#define AWS_CALL_HEADERS_MAX 12u

struct aws_header {
    const char *name;
    const char *value;
};

struct aws_call {
    enum aws_service service;
    const char *operation; /* "GenerateDataKey": for logs and counts */
    const char *method;
    const char
        *path; /* percent-encoded once, with its leading '/'; S3: "/key", the bucket is added */
    const char *query;                               /* encoded, without '?'; "" for none */
    struct aws_header headers[AWS_CALL_HEADERS_MAX]; /* content-type and the like; all are signed */
    size_t header_count;
    struct bytes body;
    const char *payload_hash; /* S3: NULL hashes the body, "UNSIGNED-PAYLOAD" does not */
    enum aws_signing signing;
    const struct aws_credentials *credentials;
    bool repeatable;   /* may be sent again when it is not known whether it was carried out */
    size_t answer_max; /* ceiling of the answer's body; 0: 1 MiB */
};

#define AWS_CODE_BYTES 96u
#define AWS_ETAG_BYTES 128u
#define AWS_WRITER_BYTES 40u

/* The last answer. status is never 0; it is 500 where S3 began with 200 and then sent an error, as
 * CompleteMultipartUpload can (S3 API Reference). */
struct aws_answer {
    long status;
    struct bytes body;             /* in ctx->arena */
    char code[AWS_CODE_BYTES];     /* of a failure: "ConditionalCheckFailedException"; else "" */
    const char *message;           /* of a failure, in ctx->arena, never shown to users; else "" */
    char etag[AWS_ETAG_BYTES];     /* S3; else "" */
    char writer[AWS_WRITER_BYTES]; /* S3: who wrote the object, by x-amz-meta-writer; else "" */
    bool repeated;                 /* an earlier attempt of this call may have been carried out */
    uint64_t object_size;          /* S3 ranged reads: the object's whole size from Content-Range */
};

struct aws_client;

/* config outlives the client. ERR_UNAVAILABLE with ctx->detail for an unusable endpoint. */
enum err aws_client_create(struct ctx *ctx, const struct aws_config *config,
                           struct aws_client **out) MUST_CHECK;
/* No call may be under way. client may be NULL. */
void aws_client_destroy(struct aws_client *client);

/* Makes a call, and gives ERR_OK with the answer whatever its status, once retries are done: of
 * throttles (by code, also with status 400), 5xx, and lost connections, with full jitter and a
 * token bucket of retries for each service (the "standard" mode of AWS's SDK reference), at most
 * three attempts, and never past the deadline; a failure whose outcome is unknown is repeated only
 * if repeatable. The first attempt of a repeatable call takes half of the time at most, so that a
 * hung connection leaves some. Beside those, expired server credentials are renewed and a skewed
 * clock corrected, once each. Without an answer ERR_UNAVAILABLE or ERR_DEADLINE, logged with
 * operation and cause; so are header values with line breaks. A throttle or 5xx that outlives its
 * retries is an answer too: adapters map what they do not know by aws_answer_error. */
enum err aws_client_call(struct aws_client *client, struct ctx *ctx, const struct aws_call *call,
                         struct aws_answer *answer) MUST_CHECK;

/* A JSON call (POST /, X-Amz-Target): in is borrowed; *out is a new reference when the status is
 * 200, else NULL. Everything else as aws_client_call. Services with JSON 1.0 or 1.1 only. */
enum err aws_client_json(struct aws_client *client, struct ctx *ctx, const struct aws_call *like,
                         const json_t *in, json_t **out, struct aws_answer *answer) MUST_CHECK;

/* ERR_OK for a 2xx; for an answer that nobody expected the error for the user (ERR_UNAVAILABLE for
 * throttles and 5xx, ERR_INTERNAL otherwise), logged with operation, status and code. */
enum err aws_answer_error(struct ctx *ctx, const struct aws_call *call,
                          const struct aws_answer *answer) MUST_CHECK;

/* Appends a presigned S3 URL for the bucket's object at path, by the server's credentials. */
enum err aws_client_presign(struct aws_client *client, struct ctx *ctx, const char *method,
                            const char *path, const char *query, int64_t expires_s,
                            struct buffer *out) MUST_CHECK;

/* How many requests were sent for a service since the start, retries included; for metrics and the
 * cost test. */
uint64_t aws_client_count(const struct aws_client *client, enum aws_service service);

/* The present time by AWS's clock: ours, corrected by the skew seen. */
int64_t aws_client_now(const struct aws_client *client);

/* The config it was made with. */
const struct aws_config *aws_client_config(const struct aws_client *client);

#endif
