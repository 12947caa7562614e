/* /v1/people: whom one can write to. */
#ifndef LETTERLOCK_API_PEOPLE_H
#define LETTERLOCK_API_PEOPLE_H

#include "api/route.h"

extern const struct api_routes people_routes;

#endif
