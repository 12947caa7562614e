/* The session's cookies (RFC 6265): how browsers carry tokens.
 *
 * Over HTTPS they are named __Host-id, __Host-access and __Host-refresh (the prefix, which takes
 * Path=/, keeps neighbours on the domain from planting them); on plain http://localhost, where no
 * such cookie can be set, id, access and refresh. */
#ifndef LETTERLOCK_API_COOKIES_H
#define LETTERLOCK_API_COOKIES_H

#include "api/call.h"
#include "ports/identity.h"

enum cookie { COOKIE_ID, COOKIE_ACCESS, COOKIE_REFRESH };

/* The value of a cookie of the request, borrowed from its headers; false when it is absent, empty
 * or there twice. */
bool cookies_get(const struct api_call *call, enum cookie which, struct bytes *value);

/* Adds the Set-Cookie headers of a grant to the reply. */
void cookies_set(struct api_call *call, const struct identity_grant *grant);

/* Adds headers that make the browser forget all three. */
void cookies_clear(struct api_call *call);

#endif
