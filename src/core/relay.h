/* Live events across nodes: when several servers share one set of records, each asks on behalf of
 * its own open streams what the others stored. */
#ifndef LETTERLOCK_CORE_RELAY_H
#define LETTERLOCK_CORE_RELAY_H

#include "core/core.h"

struct relay;

/* Starts a thread that, about once a second, asks for new letters and the unread count of every
 * user with a stream on this node, and tells the streams. What this node told them itself is not
 * told twice. That a letter of theirs was read on another node, senders learn with their next
 * fetch. Gives NULL where records are not shared, and there is nothing to do. */
struct relay *relay_start(struct core *core);

/* Stops and frees it; waits for the question that is under way. relay may be NULL. */
void relay_stop(struct relay *relay);

#endif
