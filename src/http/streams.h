/* Event streams (SSE): thousands of mostly idle replies. A stream with nothing to send is suspended
 * and woken by its source or by the heartbeat, which also finds out that a client is gone. */
#ifndef LETTERLOCK_HTTP_STREAMS_H
#define LETTERLOCK_HTTP_STREAMS_H

#include "api/call.h"
#include "base/threads.h"

#include <stdatomic.h>
#include <sys/types.h>

struct MHD_Connection;
struct stream;

struct streams {
    struct lock lock;
    struct stream *first;
    int64_t heartbeat_ms;
    _Atomic bool ending;
};

void streams_init(struct streams *s, int64_t heartbeat_ms);
void streams_fini(struct streams *s);

/* Registers the event source (with arm) of a call whose reply goes out on connection. */
struct stream *streams_open(struct streams *s, struct MHD_Connection *connection,
                            struct api_call *call) __attribute__((returns_nonnull));

/* libmicrohttpd's content reader (MHD_ContentReaderCallback); cls is the stream. */
ssize_t streams_read(void *cls, uint64_t position, char *data, size_t max);

/* Takes a stream whose connection is done with it: closes its call and frees it. */
void streams_close(struct streams *s, struct stream *stream);

/* Wakes the streams whose heartbeat is due. */
void streams_beat(struct streams *s, int64_t now_mono_ms);

/* Ends all streams, and those opened from now on. */
void streams_end(struct streams *s);

#endif
