#include "http/handoff.h"

#include <assert.h>
#include <microhttpd.h>

void handoff_init(struct handoff *h)
{
    *h = (struct handoff){0};
    lock_init(&h->lock);
}

void handoff_fini(struct handoff *h)
{
    lock_fini(&h->lock);
}

void handoff_begin(struct handoff *h)
{
    lock_acquire(&h->lock);
    assert(!h->busy && !h->waiting);
    h->busy = true;
    lock_release(&h->lock);
}

void handoff_cancel(struct handoff *h)
{
    lock_acquire(&h->lock);
    assert(h->busy && !h->waiting);
    h->busy = false;
    lock_release(&h->lock);
}

bool handoff_suspend(struct handoff *h, struct MHD_Connection *connection)
{
    lock_acquire(&h->lock);
    if (h->busy) {
        MHD_suspend_connection(connection);
        h->waiting = true;
    }
    bool suspended = h->busy;
    lock_release(&h->lock);
    return suspended;
}

bool handoff_end(struct handoff *h, struct MHD_Connection *connection)
{
    lock_acquire(&h->lock);
    assert(h->busy);
    bool waiting = h->waiting;
    bool left = h->left;
    h->busy = false;
    h->waiting = false;
    lock_release(&h->lock);
    /* Behind the lock: once resumed, the loop may send the reply and free the request. */
    if (waiting)
        MHD_resume_connection(connection);
    return left;
}

bool handoff_leave(struct handoff *h)
{
    lock_acquire(&h->lock);
    bool free = !h->busy;
    h->left = true;
    lock_release(&h->lock);
    return free;
}
