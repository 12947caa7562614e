/* API Gateway's proxy events as requests (API Gateway Developer Guide: REST APIs, "Lambda proxy
 * integrations", payload 1.0; HTTP APIs, payload 2.0). Pure. */
#ifndef LETTERLOCK_LAMBDA_EVENT_H
#define LETTERLOCK_LAMBDA_EVENT_H

#include "api/call.h"
#include "base/json.h"

/* API Gateway takes at most 10,240 bytes of header lines (API Gateway quotas). */
#define LAMBDA_HEADERS_MAX 128u

enum lambda_payload { LAMBDA_PAYLOAD_1 = 1, LAMBDA_PAYLOAD_2 = 2 };

struct lambda_header {
    struct bytes name; /* any case */
    struct bytes value;
};

/* Everything borrows from the event or lives in the arena. */
struct lambda_request {
    enum lambda_payload payload;
    enum err refusal; /* ERR_OK, or what is to be answered: what the client asked cannot be passed
                         on; what follows is incomplete then */
    enum api_method method;
    const char *target; /* path and query, percent-encoded; never NULL */
    const char *client_address;
    struct lambda_header headers[LAMBDA_HEADERS_MAX];
    size_t header_count;
    struct bytes body;
};

/* True for an event of API Gateway. */
bool lambda_event_is_request(const json_t *event);

/* Takes an event apart. stage_prefix ("/prod" or "") is cut from the path. What the client did
 * wrong is told by out->refusal; false, with *fault as static text, when the event is not one that
 * API Gateway sends. */
bool lambda_event_read(const json_t *event, const char *stage_prefix, struct arena *arena,
                       struct lambda_request *out, const char **fault) MUST_CHECK;

/* A header's value by its name, in any case: the first. */
struct bytes lambda_request_header(const struct lambda_request *request, const char *name,
                                   bool *found);

#endif
