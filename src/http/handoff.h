/* Passing a request between its loop thread and whoever works for it meanwhile: a pool's thread or,
 * after API_LATER, the API. The connection is suspended only while the loop has nothing else to do
 * for it, and both sides may come first. */
#ifndef LETTERLOCK_HTTP_HANDOFF_H
#define LETTERLOCK_HTTP_HANDOFF_H

#include "base/threads.h"

struct MHD_Connection;

struct handoff {
    struct lock lock;
    bool busy;    /* somebody else has the request */
    bool waiting; /* its connection is suspended until handoff_end */
    bool left;    /* the connection is gone: the worker destroys the request */
};

void handoff_init(struct handoff *h);
void handoff_fini(struct handoff *h);

/* Loop thread: from now on somebody else has the request. */
void handoff_begin(struct handoff *h);

/* Loop thread: the request was not given away after all, or came back in the same call. */
void handoff_cancel(struct handoff *h);

/* Loop thread: suspends the connection until handoff_end; false when nobody has the request (any
 * more): go on. To be called before the job is submitted when the loop must wait for it. */
bool handoff_suspend(struct handoff *h, struct MHD_Connection *connection) MUST_CHECK;

/* The other side, once: gives the request back and wakes the connection if it waits. True: the
 * connection is gone, destroy the request. Else the request must not be touched any more. */
bool handoff_end(struct handoff *h, struct MHD_Connection *connection) MUST_CHECK;

/* Loop thread, when the connection is done with the request. True: destroy it now; false: the other
 * side has it and will. */
bool handoff_leave(struct handoff *h) MUST_CHECK;

#endif
