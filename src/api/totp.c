/* /v1/me/totp: the second factor of the caller's account. */
#include "api/credential.h"
#include "api/reply.h"
#include "api/resource.h"
#include "base/encode.h"

#include <string.h>

#define URI_MAX_BYTES 1024u

/* "letters.example.org", without the port: a label holds no other colon. */
static struct bytes issuer_of(const struct api *api)
{
    struct bytes rest = bytes_of_str(api->public_origin);
    const char *authority = strstr(api->public_origin, "://");
    if (authority != NULL)
        rest = bytes_of_str(authority + 3);
    return bytes_slice(rest, 0, bytes_find(rest, ':', 0));
}

/* The form in which authenticator apps take a secret ("Key Uri Format" of Google Authenticator;
 * the values left out are what is meant without them: SHA-1, 6 digits, 30 seconds). */
static json_t *key_uri(const struct api_call *call, const char *secret)
{
    struct bytes issuer = issuer_of(call->api);
    struct buffer uri;
    buffer_init(&uri, URI_MAX_BYTES);
    buffer_append(&uri, BYTES_LIT("otpauth://totp/"));
    encode_percent(&uri, issuer);
    buffer_append_u8(&uri, ':');
    encode_percent(&uri, bytes_of_str(call->actor.username));
    buffer_append(&uri, BYTES_LIT("?secret="));
    encode_percent(&uri, bytes_of_str(secret));
    buffer_append(&uri, BYTES_LIT("&issuer="));
    encode_percent(&uri, issuer);
    json_t *value = json_from_bytes(buffer_bytes(&uri));
    buffer_fini(&uri);
    return value;
}

static enum api_next begin(struct api_call *call)
{
    const struct identity *identity = &call->api->core->ports->identity;
    struct fields fields = fields_open(call);
    const struct identity_credential proof = credential_read(call, &fields);
    const char *secret = NULL;
    enum err e = fields.e;
    if (e == ERR_OK)
        e = identity->totp_begin(identity->self, &call->ctx, &proof, &secret);
    fields_close(&fields);
    if (e != ERR_OK)
        return api_call_refuse(call, e);
    json_t *value = json_object();
    json_object_set_new(value, "secret", json_string(secret));
    json_object_set_new(value, "uri", key_uri(call, secret));
    return reply_json(call, 201, value);
}

static enum api_next confirm(struct api_call *call)
{
    const struct identity *identity = &call->api->core->ports->identity;
    struct fields fields = fields_open(call);
    const struct identity_credential proof = credential_read(call, &fields);
    enum err e = fields.e;
    if (e == ERR_OK)
        e = identity->totp_confirm(identity->self, &call->ctx, &proof);
    fields_close(&fields);
    return e == ERR_OK ? reply_done(call) : api_call_refuse(call, e);
}

static enum api_next end(struct api_call *call)
{
    const struct identity *identity = &call->api->core->ports->identity;
    struct fields fields = fields_open(call);
    const struct identity_credential proof = credential_read(call, &fields);
    enum err e = fields.e;
    if (e == ERR_OK)
        e = identity->totp_end(identity->self, &call->ctx, &proof);
    fields_close(&fields);
    return e == ERR_OK ? reply_done(call) : api_call_refuse(call, e);
}

static const struct api_route rows[] = {
    {.method = API_POST,
     .pattern = "/v1/me/totp",
     .auth = API_AUTH_ID,
     .where = API_WORKER,
     .body_max = FIELDS_BODY_MAX_BYTES,
     .json = true,
     .handle = begin},
    {.method = API_POST,
     .pattern = "/v1/me/totp/confirm",
     .auth = API_AUTH_ID,
     .where = API_WORKER,
     .body_max = FIELDS_BODY_MAX_BYTES,
     .json = true,
     .handle = confirm},
    {.method = API_DELETE,
     .pattern = "/v1/me/totp",
     .auth = API_AUTH_ID,
     .where = API_WORKER,
     .body_max = FIELDS_BODY_MAX_BYTES,
     .json = true,
     .handle = end},
};

const struct api_routes totp_routes = {rows, sizeof rows / sizeof rows[0]};
