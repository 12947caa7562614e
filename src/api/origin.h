/* Which pages may call: the Origin check of cookie-authenticated requests, and CORS (WHATWG Fetch)
 * for the one configured foreign origin. */
#ifndef LETTERLOCK_API_ORIGIN_H
#define LETTERLOCK_API_ORIGIN_H

#include "api/call.h"

/* Gives the origin of a URL ("https://h:1/x" -> "https://h:1"), for mem_free. */
char *origin_of_url(const char *url) __attribute__((returns_nonnull));

/* True when a request with cookies may change something: its Origin is the public one, the
 * configured one, or that of the very host it was sent to; or, without an Origin, the browser says
 * in Sec-Fetch-Site (W3C Fetch Metadata) that no other site is behind it. */
bool origin_trusted(const struct api_call *call);

/* True when the request's Origin is the configured foreign one. */
bool origin_is_foreign_allowed(const struct api_call *call);

/* Adds the CORS headers of an actual request, when its origin is the configured one. */
void origin_add_cors(struct api_call *call);

/* Replies to a CORS preflight of the configured origin; false when the call is none. */
bool origin_preflight(struct api_call *call);

#endif
