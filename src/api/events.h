/* GET /v1/events: what happens to the caller's letters, as server-sent events (WHATWG HTML,
 * section 9.2). Delivery is at least once: a resumed stream repeats letters of the last seconds. */
#ifndef LETTERLOCK_API_EVENTS_H
#define LETTERLOCK_API_EVENTS_H

#include "api/route.h"

extern const struct api_routes events_routes;

#endif
