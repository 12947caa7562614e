#include "api/origin.h"

#include "api/resource.h"
#include "base/mem.h"

#include <string.h>

char *origin_of_url(const char *url)
{
    char *origin = mem_strdup(url);
    char *authority = strstr(origin, "://");
    if (authority != NULL)
        authority[3 + strcspn(authority + 3, "/?#")] = '\0';
    return origin;
}

static bool get_header(const struct api_call *call, const char *name, struct bytes *value)
{
    bool found = false;
    *value = call->transport->header(call->transport_self, name, &found);
    return found;
}

bool origin_is_foreign_allowed(const struct api_call *call)
{
    const char *allowed = call->api->config->allowed_origin;
    struct bytes origin;
    return allowed[0] != '\0' && get_header(call, "origin", &origin) &&
           bytes_equal_str(origin, allowed);
}

static bool is_own_host(const struct api_call *call, struct bytes origin)
{
    struct bytes scheme = call->secure ? BYTES_LIT("https://") : BYTES_LIT("http://");
    struct bytes host;
    return get_header(call, "host", &host) && host.n > 0 && bytes_starts_with(origin, scheme) &&
           bytes_equal_nocase(bytes_slice(origin, scheme.n, SIZE_MAX), host);
}

bool origin_trusted(const struct api_call *call)
{
    struct bytes origin;
    if (get_header(call, "origin", &origin))
        return bytes_equal_str(origin, call->api->public_origin) ||
               origin_is_foreign_allowed(call) || is_own_host(call, origin);
    struct bytes site;
    return get_header(call, "sec-fetch-site", &site) &&
           (bytes_equal_str(site, "same-origin") || bytes_equal_str(site, "none"));
}

void origin_add_cors(struct api_call *call)
{
    if (call->api->config->allowed_origin[0] == '\0')
        return;
    api_call_header(call, "Vary", "Origin");
    if (!origin_is_foreign_allowed(call))
        return;
    api_call_header(call, "Access-Control-Allow-Origin", call->api->config->allowed_origin);
    api_call_header(call, "Access-Control-Allow-Credentials", "true");
    api_call_header(call, "Access-Control-Expose-Headers",
                    "X-Request-Id, Retry-After, Location, ETag, Content-Disposition, "
                    "Content-Range, Accept-Ranges, Tus-Resumable, Tus-Version, Tus-Extension, "
                    "Tus-Max-Size, Upload-Offset, Upload-Length, Upload-Expires, "
                    "Letterlock-Letter-Id");
}

bool origin_preflight(struct api_call *call)
{
    struct bytes wanted;
    if (call->method != API_OPTIONS || !origin_is_foreign_allowed(call) ||
        !get_header(call, "access-control-request-method", &wanted))
        return false;
    call->reply.status = 204;
    api_call_header(call, "Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE");
    api_call_header(call, "Access-Control-Allow-Headers",
                    "Authorization, Content-Type, Idempotency-Key, Range, If-Range, If-None-Match, "
                    "Last-Event-ID, Tus-Resumable, Upload-Length, Upload-Metadata, Upload-Offset");
    api_call_header(call, "Access-Control-Max-Age", "600");
    return true;
}
