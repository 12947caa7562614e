#include "api/query.h"

#include "api/router.h"
#include "ports/records.h"

enum err query_number(struct api_call *call, const char *name, uint64_t min, uint64_t max,
                      uint64_t *out)
{
    struct bytes text;
    uint64_t value = 0;
    if (!router_query(call, name, &text))
        return ERR_OK;
    if (!bytes_to_u64(text, max, &value) || value < min)
        return ctx_fail(&call->ctx, ERR_INVALID_FIELD, "%s must be a number from %llu to %llu.",
                        name, (unsigned long long)min, (unsigned long long)max);
    *out = value;
    return ERR_OK;
}

enum err query_flag(struct api_call *call, const char *name, bool *out)
{
    struct bytes text;
    if (!router_query(call, name, &text))
        return ERR_OK;
    bool yes = bytes_equal_str(text, "true") || bytes_equal_str(text, "1");
    if (!yes && !bytes_equal_str(text, "false") && !bytes_equal_str(text, "0"))
        return ctx_fail(&call->ctx, ERR_INVALID_FIELD, "%s must be true or false.", name);
    *out = yes;
    return ERR_OK;
}

enum err query_page(struct api_call *call, size_t *limit, struct bytes *cursor)
{
    uint64_t items = QUERY_LIMIT_DEFAULT;
    enum err e = query_number(call, "limit", 1, RECORDS_PAGE_MAX, &items);
    if (e != ERR_OK)
        return e;
    *limit = (size_t)items;
    *cursor = (struct bytes){0};
    (void)router_query(call, "cursor", cursor);
    return cursor->n <= RECORDS_CURSOR_BYTES ? ERR_OK : ERR_INVALID_CURSOR;
}
