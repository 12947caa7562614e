/* Query parameters as values. An absent parameter leaves *out as it is; a malformed one is
 * ERR_INVALID_FIELD with a detail that names it. */
#ifndef LETTERLOCK_API_QUERY_H
#define LETTERLOCK_API_QUERY_H

#include "api/call.h"

/* Items of a page when the client does not say. */
#define QUERY_LIMIT_DEFAULT 50u

/* A whole number from min to max. */
enum err query_number(struct api_call *call, const char *name, uint64_t min, uint64_t max,
                      uint64_t *out) MUST_CHECK;

/* true, false, 1 or 0. */
enum err query_flag(struct api_call *call, const char *name, bool *out) MUST_CHECK;

/* limit (1..RECORDS_PAGE_MAX, QUERY_LIMIT_DEFAULT when absent) and cursor (empty when absent) of a
 * list. ERR_INVALID_CURSOR when that is too long for any that a list gave. */
enum err query_page(struct api_call *call, size_t *limit, struct bytes *cursor) MUST_CHECK;

#endif
