/* One API request and its reply, without a transport. The HTTP front and the Lambda loop fill in
 * the request, drive the call, and carry the reply; resources only ever see this.
 *
 * Life of a call, driven by a transport:
 *   api_call_init
 *   api_call_begin             headers are known: routing, method, limits. Never blocks.
 *   api_call_feed (0..n times) the body, in chunks; the last one with last = true (it may be empty)
 *   … reply is ready …         send status, headers, and body or source
 *   api_call_fini
 * A call that api_call_inline allows may be fed on a loop thread: feeding it never blocks. Others
 * are fed on worker threads. A buffered route gets its body in one feed with last = true; a
 * streaming route gets chunks of any size. */
#ifndef LETTERLOCK_API_CALL_H
#define LETTERLOCK_API_CALL_H

#include "base/buffer.h"
#include "base/ctx.h"
#include "ports/actor.h"

struct api;       /* api/api.h: routes, core, limits */
struct api_route; /* api/route.h */
struct api_call;

enum api_method { API_GET, API_HEAD, API_POST, API_PUT, API_PATCH, API_DELETE, API_OPTIONS };

/* What a step of a call leads to. */
enum api_next {
    API_REPLY, /* the reply is complete: send it, whatever has arrived of the body */
    API_MORE,  /* feed more of the body */
    API_LATER, /* the reply comes later: api_transport.resume will be called, once, from any thread,
                  perhaps before this value is seen */
};

/* What the transport can do for a call. */
struct api_transport {
    /* The value of a request header by its lower-case name, borrowed until the end of the call;
     * empty with *found false when absent. */
    struct bytes (*header)(void *self, const char *name, bool *found);
    /* After API_LATER: the reply is complete now. The call may be sent and freed at once. */
    void (*resume)(void *self);
};

/* A body that is produced while it is sent: letter content, event streams, sealed bytes. */
struct api_source {
    /* Writes up to n bytes to data. *got = 0 with ERR_OK: the end, or, for a source with arm,
     * nothing there yet. An error aborts the connection, so that the client sees a cut transfer
     * and never a complete one. Runs on a worker thread unless the source has arm. */
    enum err (*read)(struct api_source *source, struct ctx *ctx, uint8_t *data, size_t n,
                     size_t *got);
    /* Event streams only: read never blocks and runs on the loop thread. When nothing is there,
     * arm(wake, arg) asks for one call of wake(arg), from any thread, once something is; it gives
     * false, and calls nothing, when something is there already. *ended of read tells the end. */
    bool (*arm)(struct api_source *source, void (*wake)(void *arg), void *arg);
    bool ended;
    /* Frees the source; no wake comes after it returned. */
    void (*close)(struct api_source *source);
};

#define API_HEADERS_MAX 24u

struct api_header {
    const char *name;
    const char *value;
};

struct api_reply {
    unsigned status;
    struct api_header headers[API_HEADERS_MAX]; /* names and values in the arena or static */
    size_t header_count;
    struct buffer body;        /* when source is NULL */
    struct api_source *source; /* owned by the call */
    int64_t source_size;       /* bytes the source will give, -1: unknown (events) */
};

#define API_PARAMS_MAX 2u
#define API_QUERY_MAX 16u

struct api_pair {
    struct bytes name;
    struct bytes value;
};

struct api_call {
    struct ctx ctx;
    struct arena arena;
    struct api *api;
    const struct api_route *route; /* NULL until begin found one */

    /* request, set by the transport before begin */
    enum api_method method;
    const char *target;     /* raw request target: path and query, as received */
    int64_t content_length; /* -1: not known (chunked) */
    bool secure;            /* came over TLS, by the listener's or a trusted proxy's word */
    int64_t latest_mono_ms; /* see api_call_limit; INT64_MAX at first */
    const struct api_transport *transport;
    void *transport_self;

    /* request, set by begin and feed */
    struct bytes params[API_PARAMS_MAX]; /* path parameters, decoded */
    struct api_pair query[API_QUERY_MAX];
    size_t query_count;
    struct bytes token; /* what the request authenticates with, borrowed from its headers */
    bool cookie_auth;   /* the token came as a cookie: Origin was checked */
    bool admitted;      /* the route's authentication passed (or it has none) … */
    struct actor actor; /* … and this is who asks; ctx.actor points to it */
    bool started;       /* a streaming route's start was called */
    struct bytes body;  /* buffered routes: the whole body, during feed */

    /* the route's own state between steps */
    void *state;
    void (*state_free)(void *state);

    struct api_reply reply;
};

/* Makes a call for api with a fresh context. The transport then sets its fields. */
void api_call_init(struct api_call *call, struct api *api);

/* Frees everything of the call, its source and state included; what was in progress is aborted. */
void api_call_fini(struct api_call *call);

/* Finds the route and checks method, target, media type and declared length. API_REPLY means a
 * refusal, which may be sent before the body is read; else API_MORE. */
enum api_next api_call_begin(struct api_call *call);

/* True when feed never blocks for this call, given that the whole body (size bytes) is at hand. */
bool api_call_inline(const struct api_call *call, size_t size);

/* True when the route wants its body in chunks, not whole. */
bool api_call_streams(const struct api_call *call);

/* The most bytes of body the call takes; beyond, the transport answers ERR_BODY_TOO_LARGE through
 * api_call_refuse. */
uint64_t api_call_body_max(const struct api_call *call);

/* Authenticates (first time), and hands the chunk to the route. The chunk is borrowed for the
 * duration of the call, or, after API_LATER, until resume. */
enum api_next api_call_feed(struct api_call *call, struct bytes chunk, bool last);

/* Turns the call's reply into the problem document of e; for transports and routes. Gives
 * API_REPLY. */
enum api_next api_call_refuse(struct api_call *call, enum err e);

/* Gives the call the deadline of a transfer instead of that of a buffered request; for routes whose
 * reply is a stream (streaming bodies get it by themselves). */
void api_call_extend(struct api_call *call);

/* For transports that are themselves cut off at a time: no deadline of the call, now or extended,
 * is later than latest_mono_ms. */
void api_call_limit(struct api_call *call, int64_t latest_mono_ms);

/* Sets a reply header, in place of an earlier one of that name (Set-Cookie alone adds up); name and
 * value must be static or live in the call's arena. */
void api_call_header(struct api_call *call, const char *name, const char *value);

#endif
