/* Finding the route of a request target. */
#ifndef LETTERLOCK_API_ROUTER_H
#define LETTERLOCK_API_ROUTER_H

#include "api/route.h"

#define ROUTER_TARGET_MAX_BYTES 8192u

/* Gives a router over the joined rows of tables (static data). Aborts on a malformed pattern. */
struct router *router_create(const struct api_routes *const *tables, size_t table_count)
    __attribute__((returns_nonnull));

/* router may be NULL. */
void router_destroy(struct router *router);

/* The joined rows, for tests. */
struct api_routes router_rows(const struct router *router);

/* Splits call->target, decodes its path and its query strictly (RFC 3986; UTF-8; no %00, no encoded
 * slash, no parameter twice) and sets call->route, params and query. A HEAD request finds the GET
 * route. ERR_URI_TOO_LONG, ERR_INVALID_REQUEST, ERR_INVALID_FIELD (query), ERR_NOT_FOUND, or
 * ERR_METHOD_NOT_ALLOWED with the methods the path takes in *allow (in the call's arena). */
enum err router_find(const struct router *router, struct api_call *call,
                     const char **allow) MUST_CHECK;

/* The decoded query parameter name; false when it is absent. */
bool router_query(const struct api_call *call, const char *name, struct bytes *value);

/* The path parameter as a UUID; ERR_NOT_FOUND when it is none, for then nothing is there. */
enum err router_uuid(struct api_call *call, size_t param, struct uuid *out) MUST_CHECK;

/* The name of a method as in a request line. */
const char *router_method_name(enum api_method method);

#endif
