#include "api/credential.h"

#include "base/encode.h"
#include "core/policy_password.h"

#define SECRET_TEXT_BYTES 128u
#define TOTP_BYTES 16u

struct identity_credential credential_read(struct api_call *call, struct fields *fields)
{
    struct identity_credential out = {0};
    out.password = fields_optional_text(fields, "password", POLICY_PASSWORD_MAX_BYTES);
    struct bytes secret = fields_optional_text(fields, "authentication_secret", SECRET_TEXT_BYTES);
    out.totp = fields_optional_text(fields, "totp", TOTP_BYTES);
    if (fields->e != ERR_OK)
        return out;
    if ((out.password.n > 0) == (secret.n > 0))
        fields->e = ctx_fail(&call->ctx, ERR_MISSING_FIELD,
                             "Exactly one of password and authentication_secret is needed.");
    else if (secret.n > 0 &&
             (!encode_base64_decode(&call->arena, secret, &out.authentication_secret) ||
              out.authentication_secret.n != SECRET_BYTES))
        fields->e = ctx_fail(&call->ctx, ERR_INVALID_FIELD,
                             "authentication_secret must be %u bytes in base64.", SECRET_BYTES);
    return out;
}

struct identity_credential credential_read_password(struct fields *fields, const char *name)
{
    struct identity_credential out = {0};
    out.password = fields_text(fields, name, POLICY_PASSWORD_MAX_BYTES);
    out.totp = fields_optional_text(fields, "totp", TOTP_BYTES);
    return out;
}
