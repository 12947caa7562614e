/* AWS Signature Version 4, as header and as presigned query (AWS General Reference, "Signature
 * Version 4 signing process"). Pure: no clock, no network. */
#ifndef LETTERLOCK_AWS_CLIENT_SIGNER_H
#define LETTERLOCK_AWS_CLIENT_SIGNER_H

#include "aws/client/aws_credentials.h"
#include "base/buffer.h"

#define SIGNER_HEADERS_MAX 24u

struct signer_header {
    const char *name; /* any case */
    struct bytes value;
};

struct signer_request {
    const char *method;
    struct bytes path;                   /* as sent: percent-encoded once; "" means "/" */
    struct bytes query;                  /* as sent, without '?'; need not be sorted */
    const struct signer_header *headers; /* to be signed, host among them */
    size_t header_count;
    const char *payload_hash; /* 64 hex digits or "UNSIGNED-PAYLOAD"; NULL: hash body */
    struct bytes body;
};

struct signer_scope {
    const char *region;
    const char *service;   /* signing name: "kms", "dynamodb", "s3" … */
    bool encode_path_once; /* S3: the path is signed as sent, dot segments and all */
    bool normalize_path;   /* others: dot segments and double slashes go */
    int64_t unix_ms;       /* the time of signing */
};

/* Bytes of "YYYYMMDDTHHMMSSZ" and its NUL. */
#define SIGNER_DATE_BYTES 17u
void signer_date(int64_t unix_ms, char out[SIGNER_DATE_BYTES]);

/* Appends the value of the Authorization header. The request's headers must hold x-amz-date (as
 * signer_date gives it) and, for session credentials, x-amz-security-token already.
 * ERR_INVALID_FIELD when there are too many headers or query parts. */
enum err signer_authorization(const struct signer_request *request,
                              const struct signer_scope *scope,
                              const struct aws_credentials *credentials,
                              struct buffer *out) MUST_CHECK;

/* Appends the whole signed query (without '?') for a URL that is valid for expires_s seconds
 * (1..604800). Every header given must be sent by the URL's user just so. */
enum err signer_presign(const struct signer_request *request, const struct signer_scope *scope,
                        const struct aws_credentials *credentials, int64_t expires_s,
                        struct buffer *out) MUST_CHECK;

/* Appends text percent-encoded as SigV4 asks (RFC 3986 unreserved bytes stay, upper-case hex);
 * keep_slash leaves '/' as it is. */
void signer_encode(struct buffer *out, struct bytes text, bool keep_slash);

#endif
