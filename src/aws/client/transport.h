/* HTTP exchanges with one host, over a bounded pool of libcurl handles that keep their connections.
 */
#ifndef LETTERLOCK_AWS_CLIENT_TRANSPORT_H
#define LETTERLOCK_AWS_CLIENT_TRANSPORT_H

#include "base/buffer.h"
#include "base/err.h"

#define TRANSPORT_HEADERS_MAX 24u
#define TRANSPORT_VALUE_BYTES 160u

struct transport_header {
    const char *name;
    const char *value;
};

struct transport_request {
    const char *method;
    const char *url;
    struct transport_header headers[TRANSPORT_HEADERS_MAX];
    size_t header_count;
    struct bytes body;
    int64_t timeout_ms; /* of the whole exchange */
    size_t answer_max;  /* bytes of body that are taken */
};

/* The headers are those that somebody here asks for; "" when absent. */
struct transport_answer {
    long status;
    struct buffer body;
    char date[TRANSPORT_VALUE_BYTES];
    char error_type[TRANSPORT_VALUE_BYTES];     /* x-amzn-ErrorType */
    char crc32[TRANSPORT_VALUE_BYTES];          /* x-amz-crc32 */
    char retry_after_ms[TRANSPORT_VALUE_BYTES]; /* x-amz-retry-after */
    char etag[TRANSPORT_VALUE_BYTES];
    char writer[TRANSPORT_VALUE_BYTES]; /* x-amz-meta-writer */
    char content_range[TRANSPORT_VALUE_BYTES];
    char content_length[TRANSPORT_VALUE_BYTES];
};

enum transport_outcome {
    TRANSPORT_ANSWERED,
    TRANSPORT_NOT_SENT,  /* the server cannot have seen the request */
    TRANSPORT_LOST,      /* it may have, and there is no answer */
    TRANSPORT_TOO_LARGE, /* there is one, of more than answer_max bytes */
    TRANSPORT_REFUSED,   /* not sent, by us: the peer is not who it should be, or the request is
                            malformed; another try has the same end */
};

struct transport;

/* ca_file "" for the system's authorities. */
struct transport *transport_create(const char *ca_file) __attribute__((returns_nonnull));
/* No exchange may be under way. NULL is legal. */
void transport_destroy(struct transport *transport);

/* Makes an exchange; the request is sent once at most. Thread-safe; blocks for timeout_ms at most,
 * the wait for one of the pool's handles included. A header value with a line break or of more than
 * 8 KiB is refused. The answer's body is the caller's to end with transport_answer_fini, whatever
 * the outcome. *cause is static text for the log. */
enum transport_outcome transport_exchange(struct transport *transport,
                                          const struct transport_request *request,
                                          struct transport_answer *answer,
                                          const char **cause) MUST_CHECK;

void transport_answer_fini(struct transport_answer *answer);

#endif
