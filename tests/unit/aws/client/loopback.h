/* What the tests of the AWS client share: a request context, and scripted answers of a peer. */
#ifndef LETTERLOCK_TESTS_UNIT_AWS_CLIENT_LOOPBACK_H
#define LETTERLOCK_TESTS_UNIT_AWS_CLIENT_LOOPBACK_H

#include "scripted_server.h"

#include "base/ctx.h"

struct loopback {
    struct arena arena;
    struct ctx ctx;
    struct scripted_answer answers[SCRIPTED_ANSWERS_MAX];
    size_t answer_count;
    struct scripted_server server;
    bool started;
};

/* Starts with a fresh context of ten seconds and no answers. */
void loopback_init(struct loopback *l);
/* Stops the server, if it runs. Clients with open connections are to be ended before. */
void loopback_fini(struct loopback *l);

/* Adds an answer, which closes the connection. status: "200 OK"; headers: lines with their ends, or
 * "". The texts are copied. It may be changed until loopback_start. */
struct scripted_answer *loopback_answer(struct loopback *l, const char *status, const char *headers,
                                        const char *body);

void loopback_start(struct loopback *l);

/* Waits for the server's end, then tells whether the request number i (0 is the first) had text. */
bool loopback_request_has(struct loopback *l, size_t i, const char *text);

#endif
