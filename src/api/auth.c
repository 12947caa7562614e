#include "api/auth.h"

#include "api/cookies.h"
#include "api/origin.h"
#include "api/resource.h"
#include "core/sessions.h"

static bool is_safe(enum api_method method)
{
    return method == API_GET || method == API_HEAD || method == API_OPTIONS;
}

/* RFC 6750 section 2.1; the scheme's case does not matter (RFC 9110 section 11.1). */
static bool bearer_token(struct bytes value, struct bytes *token)
{
    static const struct bytes scheme = {(const uint8_t *)"Bearer ", 7};
    if (!bytes_equal_nocase(bytes_slice(value, 0, scheme.n), scheme))
        return false;
    *token = bytes_trim(bytes_slice(value, scheme.n, SIZE_MAX));
    return token->n > 0;
}

static enum err find_token(struct api_call *call)
{
    bool found = false;
    struct bytes value = call->transport->header(call->transport_self, "authorization", &found);
    if (found)
        return bearer_token(value, &call->token) ? ERR_OK : ERR_UNAUTHENTICATED;
    if (cookies_get(call, COOKIE_ID, &call->token) ||
        cookies_get(call, COOKIE_ACCESS, &call->token)) {
        call->cookie_auth = true;
        return is_safe(call->method) || origin_trusted(call) ? ERR_OK : ERR_ORIGIN_REFUSED;
    }
    return ERR_UNAUTHENTICATED;
}

static enum actor_power wanted_power(const struct api_call *call)
{
    return call->route->auth == API_AUTH_ID ? ACTOR_ID : ACTOR_ACCESS;
}

static void admit(struct api_call *call)
{
    call->admitted = true;
    call->ctx.actor = call->route->auth == API_AUTH_NONE ? NULL : &call->actor;
}

enum err auth_begin(struct api_call *call)
{
    if (call->route->auth == API_AUTH_NONE) {
        admit(call);
        return ERR_OK;
    }
    enum err e = find_token(call);
    if (e != ERR_OK)
        return e;
    bool known = false;
    e = sessions_recall(call->api->core, &call->ctx, call->token, wanted_power(call), &call->actor,
                        &known);
    if (e == ERR_OK && known)
        admit(call);
    return e;
}

enum err auth_finish(struct api_call *call)
{
    if (call->admitted)
        return ERR_OK;
    enum err e = sessions_authenticate(call->api->core, &call->ctx, call->token, wanted_power(call),
                                       &call->actor);
    if (e == ERR_OK)
        admit(call);
    return e;
}
