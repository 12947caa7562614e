#include "api/cookies.h"

#define COOKIE_COUNT (COOKIE_REFRESH + 1)
#define PREFIX "__Host-"

static const char *const names[COOKIE_COUNT] = {
    [COOKIE_ID] = PREFIX "id",
    [COOKIE_ACCESS] = PREFIX "access",
    [COOKIE_REFRESH] = PREFIX "refresh",
};

static const char *name_of(const struct api_call *call, enum cookie which)
{
    return call->secure ? names[which] : names[which] + sizeof PREFIX - 1;
}

bool cookies_get(const struct api_call *call, enum cookie which, struct bytes *value)
{
    bool found = false;
    struct bytes rest = call->transport->header(call->transport_self, "cookie", &found);
    size_t count = 0;
    while (found && rest.n > 0) {
        size_t end = bytes_find(rest, ';', 0);
        struct bytes pair = bytes_trim(bytes_slice(rest, 0, end));
        size_t equals = bytes_find(pair, '=', 0);
        if (equals != SIZE_MAX &&
            bytes_equal_str(bytes_slice(pair, 0, equals), name_of(call, which))) {
            *value = bytes_slice(pair, equals + 1, SIZE_MAX);
            count++;
        }
        rest = bytes_slice(rest, end == SIZE_MAX ? rest.n : end + 1, SIZE_MAX);
    }
    return count == 1 && value->n > 0;
}

static void set(struct api_call *call, enum cookie which, struct bytes value, int64_t max_age_s)
{
    api_call_header(call, "Set-Cookie",
                    arena_printf(&call->arena,
                                 "%s=%.*s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict%s",
                                 name_of(call, which), BYTES_FMT(value), (long long)max_age_s,
                                 call->secure ? "; Secure" : ""));
}

void cookies_set(struct api_call *call, const struct identity_grant *grant)
{
    set(call, COOKIE_ID, grant->id_token, grant->expires_in_s);
    set(call, COOKIE_ACCESS, grant->access_token, grant->expires_in_s);
    set(call, COOKIE_REFRESH, grant->refresh_token, grant->refresh_expires_s);
}

void cookies_clear(struct api_call *call)
{
    struct bytes nothing = BYTES_LIT("");
    set(call, COOKIE_ID, nothing, 0);
    set(call, COOKIE_ACCESS, nothing, 0);
    set(call, COOKIE_REFRESH, nothing, 0);
}
