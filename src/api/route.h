/* The route table's row. Each resource file exports its rows; api/api.c joins them. */
#ifndef LETTERLOCK_API_ROUTE_H
#define LETTERLOCK_API_ROUTE_H

#include "api/call.h"

enum api_auth {
    API_AUTH_NONE,
    API_AUTH_ANY, /* access or ID token */
    API_AUTH_ID,  /* ID token */
};

enum api_where {
    API_WORKER, /* always on a worker thread */
    API_INLINE, /* on the loop thread when the ports never block (embedded), else on a worker */
};

#define API_BODY_LETTER UINT64_MAX

struct api_route {
    enum api_method method;
    const char *pattern; /* "/v1/letters/{id}/content"; {…} matches one non-empty segment */
    enum api_auth auth;
    enum api_where where;
    uint64_t body_max; /* bytes; 0: no body taken; API_BODY_LETTER: as large as a letter may be */
    bool json;         /* the body must be application/json */
    bool tus;          /* speaks tus (api/uploads.c), as all its replies say */

    /* Buffered routes: the body is call->body. */
    enum api_next (*handle)(struct api_call *call);

    /* Streaming routes instead: the first chunk follows start. */
    enum api_next (*start)(struct api_call *call);
    enum api_next (*chunk)(struct api_call *call, struct bytes chunk, bool last);
    size_t
        inline_max; /* whole bodies up to this size may be fed inline (with where = API_INLINE) */
};

struct api_routes {
    const struct api_route *rows;
    size_t count;
};

#endif
