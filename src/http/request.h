/* One request on its way through the front: from its target to the end of its reply. */
#ifndef LETTERLOCK_HTTP_REQUEST_H
#define LETTERLOCK_HTTP_REQUEST_H

#include "http/front.h"
#include "http/handoff.h"

enum request_phase {
    REQUEST_NEW,       /* only the target is known */
    REQUEST_ADMITTING, /* a worker authenticates it before its body is asked for */
    REQUEST_BODY,      /* the body is arriving */
    REQUEST_WORKING,   /* suspended until the reply is ready */
    REQUEST_REPLIED,
};

enum request_body {
    REQUEST_WHOLE,   /* gathered, then handed over at once */
    REQUEST_CHUNKED, /* handed over while it arrives (upload.h) */
    REQUEST_DROPPED, /* the reply is ready already: read a little more, so that it is seen */
};

struct request_header {
    struct bytes name;
    struct bytes value;
};

struct upload;
struct download;

struct request {
    struct http_server *server;
    struct MHD_Connection *connection;
    struct peer *peer;
    const char *target; /* raw, owned; NULL when it is longer than we take */
    enum request_phase phase;
    enum request_body body_kind;
    bool web;                       /* for the web client's files, not for the API */
    bool reply_ready;               /* the call's reply may be sent */
    bool close;                     /* close the connection behind the reply */
    bool stream;                    /* counted as an event stream */
    struct request_header *headers; /* copies: workers read them while the loop adds trailers */
    size_t header_count;
    char client_address[INET6_ADDRSTRLEN];
    int64_t deadline_mono_ms; /* copy of the call's, for the loop thread */
    uint64_t dropped;         /* body bytes that nobody wanted */
    struct buffer body;       /* REQUEST_WHOLE */
    struct upload *upload;
    struct download *download;
    struct stream *events;
    struct handoff handoff;
    struct job job;
    struct api_call call;
};

/* The callbacks of libmicrohttpd; cls is the server. */
void *request_start(void *cls, const char *uri, struct MHD_Connection *connection);
enum MHD_Result request_handle(void *cls, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *data,
                               size_t *size, void **context);
void request_completed(void *cls, struct MHD_Connection *connection, void **context,
                       enum MHD_RequestTerminationCode how);

/* Frees a request that neither its connection nor a worker has any more. */
void request_destroy(struct request *r);

/* Makes the reply a refusal and ready. */
void request_refuse(struct request *r, enum err e);

/* Refuses with ERR_UNAVAILABLE and Retry-After: a queue or a limit is full. */
void request_refuse_busy(struct request *r);

/* Worker side: takes over the outcome of a feed, prepares the start of a streamed reply, and gives
 * the request back to its loop. The request must not be touched any more. */
void request_fed(struct request *r, enum api_next next);

/* Loop side: suspends the connection and runs job on pool; a full pool becomes a refusal. */
enum MHD_Result request_run(struct request *r, struct pool *pool, void (*run)(struct job *job));

/* True when the absolute deadline has passed; counts it. */
bool request_is_late(struct request *r);

#endif
