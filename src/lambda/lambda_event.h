/* API Gateway's proxy events as requests (API Gateway Developer Guide: REST APIs, "Lambda proxy
 * integrations", payload 1.0; HTTP APIs, payload 2.0). Pure. */
#ifndef LETTERLOCK_LAMBDA_EVENT_H
#define LETTERLOCK_LAMBDA_EVENT_H

#include "api/call.h"
#include "base/json.h"

#define LAMBDA_HEADERS_MAX 128u

enum lambda_payload { LAMBDA_PAYLOAD_1 = 1, LAMBDA_PAYLOAD_2 = 2 };

struct lambda_header {
    struct bytes name; /* any case */
    struct bytes value;
};

/* Everything borrows from the event or lives in the arena. */
struct lambda_request {
    enum lambda_payload payload;
    enum api_method method;
    const char *target; /* path and query, percent-encoded */
    const char *client_address;
    struct lambda_header headers[LAMBDA_HEADERS_MAX];
    size_t header_count;
    struct bytes body;
};

/* True for an event of API Gateway. */
bool lambda_event_is_request(const json_t *event);

/* Takes an event apart. stage_prefix ("/prod" or "") is cut from raw paths of payload 2.0. False,
 * with *fault as static text, when it is not one that API Gateway sends. */
bool lambda_event_read(const json_t *event, const char *stage_prefix, struct arena *arena,
                       struct lambda_request *out, const char **fault) MUST_CHECK;

/* A header's value by its lower-case name: the first. */
struct bytes lambda_request_header(const struct lambda_request *request, const char *name,
                                   bool *found);

#endif
