/* A peer that answers as told: each request gets the next of a list of answers, byte for byte, and
 * the connection is closed after it unless the answer says otherwise. It can so break off where a
 * real server never would on demand. What it received is kept for the test to look at. */
#ifndef LETTERLOCK_TESTS_SCRIPTED_SERVER_H
#define LETTERLOCK_TESTS_SCRIPTED_SERVER_H

#include "base/buffer.h"
#include "base/threads.h"

#define SCRIPTED_ANSWERS_MAX 16u

struct scripted_answer {
    struct bytes head; /* status line and headers, with the empty line */
    struct bytes body;
    bool close_unanswered;
    bool hang;      /* no answer: the client is to lose patience and go away */
    bool keep_open; /* the next request may come on this connection */
};

struct scripted_server {
    const struct scripted_answer *answers;
    size_t count;
    struct buffer requests[SCRIPTED_ANSWERS_MAX]; /* heads and bodies as they came */
    size_t served;
    size_t connections;
    int listener;
    char url[64];
    struct thread thread;
    bool finished;
};

/* Listens on a free port of 127.0.0.1 and serves answers on a thread. */
void scripted_server_start(struct scripted_server *server, const struct scripted_answer *answers,
                           size_t count);

/* Waits until the thread has ended, serving nobody new: now the requests may be looked at. A client
 * that keeps its connection open is to be ended before. */
void scripted_server_finish(struct scripted_server *server);

/* Finishes and frees what was received. */
void scripted_server_stop(struct scripted_server *server);

#endif
