/* Who may make a call: finding its token, checking it against the route. */
#ifndef LETTERLOCK_API_AUTH_H
#define LETTERLOCK_API_AUTH_H

#include "api/call.h"

/* With the headers known, without waiting: finds the token (bearer, or cookie with the Origin
 * check), and admits the call at once when the route needs none or the token is in core's cache.
 * An error refuses the call before its body is read. */
enum err auth_begin(struct api_call *call) MUST_CHECK;

/* Admits the call, verifying its token where auth_begin did not; may wait. */
enum err auth_finish(struct api_call *call) MUST_CHECK;

#endif
