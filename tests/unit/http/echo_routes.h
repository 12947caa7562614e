/* The routes of the echo API and what they share. */
#ifndef LETTERLOCK_TESTS_ECHO_ROUTES_H
#define LETTERLOCK_TESTS_ECHO_ROUTES_H

#include "api/route.h"
#include "base/threads.h"
#include "echo_api.h"

struct api {
    struct pool *later;     /* completes calls that said API_LATER */
    struct lock lock;       /* guards the events */
    struct listener *first; /* open event streams */
    uint64_t published;     /* events so far */
};

extern const struct api_routes echo_routes;

/* The query parameter name as a number; fallback when it is absent. */
uint64_t echo_query(const struct api_call *call, const char *name, uint64_t fallback);

#endif
