/* A small set of routes behind api/call.h for the tests of the HTTP front: each one drives the
 * front in one way (buffered, inline, later, streamed, produced, events). */
#ifndef LETTERLOCK_TESTS_ECHO_API_H
#define LETTERLOCK_TESTS_ECHO_API_H

#include "api/call.h"

struct api *echo_api_create(void);

/* No call may be in progress. */
void echo_api_destroy(struct api *api);

#endif
