#include "api/router.h"

#include "base/ascii.h"
#include "base/buffer.h"
#include "base/mem.h"

#include <assert.h>
#include <string.h>

#define SEGMENTS_MAX 6u
#define METHOD_COUNT (API_OPTIONS + 1)

/* A row with its pattern split at the slashes; a parameter is the empty run. */
struct compiled {
    struct bytes segments[SEGMENTS_MAX];
    size_t segment_count;
    size_t param_count;
};

struct router {
    struct api_route *rows;
    struct compiled *compiled; /* one a row */
    size_t count;
};

struct path {
    struct bytes segments[SEGMENTS_MAX];
    size_t count;
};

const char *router_method_name(enum api_method method)
{
    static const char *const names[METHOD_COUNT] = {
        [API_GET] = "GET",         [API_HEAD] = "HEAD",   [API_POST] = "POST",
        [API_PUT] = "PUT",         [API_PATCH] = "PATCH", [API_DELETE] = "DELETE",
        [API_OPTIONS] = "OPTIONS",
    };
    return names[method];
}

static void compile(const char *pattern, struct compiled *out)
{
    struct bytes rest = bytes_of_str(pattern);
    assert(rest.n > 1 && rest.p[0] == '/');
    while (rest.n > 0) {
        assert(out->segment_count < SEGMENTS_MAX);
        size_t slash = bytes_find(rest, '/', 1);
        struct bytes segment = bytes_slice(rest, 1, slash == SIZE_MAX ? SIZE_MAX : slash - 1);
        assert(segment.n > 0);
        if (segment.p[0] == '{') {
            segment = (struct bytes){0};
            out->param_count++;
        }
        out->segments[out->segment_count++] = segment;
        rest = bytes_slice(rest, slash, SIZE_MAX);
    }
    assert(out->param_count <= API_PARAMS_MAX);
}

struct router *router_create(const struct api_routes *const *tables, size_t table_count)
{
    struct router *router = mem_alloc(sizeof *router);
    size_t count = 0;
    for (size_t t = 0; t < table_count; t++)
        count += tables[t]->count;
    router->rows = mem_calloc(count, sizeof *router->rows);
    router->compiled = mem_calloc(count, sizeof *router->compiled);
    for (size_t t = 0; t < table_count; t++) {
        for (size_t r = 0; r < tables[t]->count; r++) {
            router->rows[router->count] = tables[t]->rows[r];
            compile(tables[t]->rows[r].pattern, &router->compiled[router->count]);
            router->count++;
        }
    }
    return router;
}

void router_destroy(struct router *router)
{
    if (router == NULL)
        return;
    mem_free(router->rows);
    mem_free(router->compiled);
    mem_free(router);
}

struct api_routes router_rows(const struct router *router)
{
    return (struct api_routes){router->rows, router->count};
}

/* Decodes raw (RFC 3986 section 2.1); plus_is_space for queries as forms write them. */
static bool percent_decode(struct arena *arena, struct bytes raw, bool plus_is_space,
                           struct bytes *out)
{
    uint8_t *text = arena_alloc(arena, raw.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < raw.n; i++) {
        uint8_t c = raw.p[i];
        if (c == '%') {
            if (raw.n - i < 3)
                return false;
            int high = ascii_hex_value(raw.p[i + 1]);
            int low = ascii_hex_value(raw.p[i + 2]);
            if (high < 0 || low < 0 || high + low == 0)
                return false;
            c = (uint8_t)(high << 4 | low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        text[n++] = c;
    }
    *out = bytes_of(text, n);
    return bytes_is_utf8(*out);
}

static enum err split_path(struct api_call *call, struct bytes raw, struct path *out)
{
    while (raw.n > 0) {
        if (out->count == SEGMENTS_MAX)
            return ERR_NOT_FOUND;
        size_t slash = bytes_find(raw, '/', 1);
        struct bytes segment = bytes_slice(raw, 1, slash == SIZE_MAX ? SIZE_MAX : slash - 1);
        if (bytes_find(segment, '%', 0) != SIZE_MAX &&
            (!percent_decode(&call->arena, segment, false, &segment) ||
             bytes_find(segment, '/', 0) != SIZE_MAX))
            return ctx_fail(&call->ctx, ERR_INVALID_REQUEST, "The path is not well-formed.");
        out->segments[out->count++] = segment;
        raw = bytes_slice(raw, slash, SIZE_MAX);
    }
    return ERR_OK;
}

static enum err add_pair(struct api_call *call, struct bytes raw)
{
    size_t equals = bytes_find(raw, '=', 0);
    struct api_pair pair;
    if (!percent_decode(&call->arena, bytes_slice(raw, 0, equals), true, &pair.name) ||
        !percent_decode(&call->arena,
                        bytes_slice(raw, equals == SIZE_MAX ? raw.n : equals + 1, SIZE_MAX), true,
                        &pair.value))
        return ctx_fail(&call->ctx, ERR_INVALID_REQUEST, "The query is not well-formed.");
    for (size_t i = 0; i < call->query_count; i++)
        if (bytes_equal(call->query[i].name, pair.name))
            return ctx_fail(&call->ctx, ERR_INVALID_REQUEST, "A query parameter is there twice.");
    if (call->query_count == API_QUERY_MAX)
        return ctx_fail(&call->ctx, ERR_INVALID_REQUEST, "There are more than %u query parameters.",
                        API_QUERY_MAX);
    call->query[call->query_count++] = pair;
    return ERR_OK;
}

static enum err split_query(struct api_call *call, struct bytes raw)
{
    while (raw.n > 0) {
        size_t end = bytes_find(raw, '&', 0);
        struct bytes pair = bytes_slice(raw, 0, end);
        if (pair.n > 0) {
            enum err e = add_pair(call, pair);
            if (e != ERR_OK)
                return e;
        }
        raw = bytes_slice(raw, end == SIZE_MAX ? raw.n : end + 1, SIZE_MAX);
    }
    return ERR_OK;
}

static bool matches(const struct compiled *row, const struct path *path)
{
    if (row->segment_count != path->count)
        return false;
    for (size_t i = 0; i < path->count; i++) {
        bool param = row->segments[i].n == 0;
        if (param ? path->segments[i].n == 0 : !bytes_equal(row->segments[i], path->segments[i]))
            return false;
    }
    return true;
}

static void take_params(struct api_call *call, const struct compiled *row, const struct path *path)
{
    size_t n = 0;
    for (size_t i = 0; i < path->count; i++)
        if (row->segments[i].n == 0)
            call->params[n++] = path->segments[i];
}

static const char *list_methods(struct arena *arena, const bool taken[METHOD_COUNT])
{
    const char *list = "";
    for (unsigned m = 0; m < METHOD_COUNT; m++) {
        if (taken[m])
            list = arena_printf(arena, "%s%s%s", list, *list == '\0' ? "" : ", ",
                                router_method_name((enum api_method)m));
    }
    return list;
}

/* Of the patterns that match, the one with the fewest parameters counts: "/v1/letters/unread" goes
 * before "/v1/letters/{id}". */
static enum err match(const struct router *router, struct api_call *call, const struct path *path,
                      const char **allow)
{
    enum api_method wanted = call->method == API_HEAD ? API_GET : call->method;
    const struct compiled *found = NULL;
    size_t fewest = API_PARAMS_MAX + 1;
    bool taken[METHOD_COUNT] = {false};
    for (size_t i = 0; i < router->count; i++) {
        const struct compiled *row = &router->compiled[i];
        if (row->param_count > fewest || !matches(row, path))
            continue;
        if (row->param_count < fewest) {
            fewest = row->param_count;
            memset(taken, 0, sizeof taken);
            found = NULL;
        }
        taken[router->rows[i].method] = true;
        if (router->rows[i].method == wanted)
            found = row;
    }
    if (found != NULL) {
        call->route = &router->rows[found - router->compiled];
        take_params(call, found, path);
        return ERR_OK;
    }
    if (fewest > API_PARAMS_MAX)
        return ERR_NOT_FOUND;
    taken[API_HEAD] = taken[API_GET];
    taken[API_OPTIONS] = true;
    *allow = list_methods(&call->arena, taken);
    return ERR_METHOD_NOT_ALLOWED;
}

static bool target_is_clean(struct bytes target)
{
    for (size_t i = 0; i < target.n; i++)
        if (target.p[i] <= 0x20 || target.p[i] >= 0x7f || target.p[i] == '#')
            return false;
    return target.n > 0 && target.p[0] == '/';
}

enum err router_find(const struct router *router, struct api_call *call, const char **allow)
{
    struct bytes target = bytes_of_str(call->target);
    if (target.n > ROUTER_TARGET_MAX_BYTES)
        return ERR_URI_TOO_LONG;
    if (!target_is_clean(target))
        return ctx_fail(&call->ctx, ERR_INVALID_REQUEST, "The request target is not well-formed.");
    size_t mark = bytes_find(target, '?', 0);
    struct path path = {0};
    enum err e = split_path(call, bytes_slice(target, 0, mark), &path);
    if (e == ERR_OK)
        e = match(router, call, &path, allow);
    if (e == ERR_OK && mark != SIZE_MAX)
        e = split_query(call, bytes_slice(target, mark + 1, SIZE_MAX));
    return e;
}

bool router_query(const struct api_call *call, const char *name, struct bytes *value)
{
    for (size_t i = 0; i < call->query_count; i++) {
        if (bytes_equal_str(call->query[i].name, name)) {
            *value = call->query[i].value;
            return true;
        }
    }
    return false;
}

enum err router_uuid(struct api_call *call, size_t param, struct uuid *out)
{
    return uuid_parse(call->params[param], out) ? ERR_OK : ERR_NOT_FOUND;
}
