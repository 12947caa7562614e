#include "aws/cognito/cognito_identity.h"

#include "aws/cognito/cognito_calls.h"
#include "base/mem.h"

#include <stdio.h>

#include <string.h>

/* Spares Cognito those who ask for the set all the time, and delays a new key by no more. */
#define JWKS_KEPT_MS 1000

struct cognito_identity *cognito_identity_create(struct aws_client *client)
{
    struct cognito_identity *identity = mem_alloc(sizeof *identity);
    identity->client = client;
    identity->config = aws_client_config(client);
    (void)snprintf(identity->issuer, sizeof identity->issuer,
                   "https://cognito-idp.%s.amazonaws.com/%s", identity->config->region,
                   identity->config->user_pool_id);
    identity->throttles = cognito_throttles_create();
    identity->jwks = cognito_jwks_create(identity->config, JWKS_KEPT_MS);
    return identity;
}

void cognito_identity_destroy(struct cognito_identity *identity)
{
    if (identity == NULL)
        return;
    cognito_jwks_destroy(identity->jwks);
    cognito_throttles_destroy(identity->throttles);
    mem_free(identity);
}

/* Cognito's trigger is made before the pool that calls it, and knows no pool: without keys nobody's
 * token is believed there. */
static enum err jwks(void *self, struct ctx *ctx, struct bytes *json)
{
    struct cognito_identity *identity = self;
    *json = BYTES_LIT("{\"keys\":[]}");
    if (strcmp(identity->config->user_pool_id, AWS_NO_USER_POOL) == 0)
        return ERR_OK;
    return cognito_jwks_get(identity->jwks, ctx, json);
}

struct identity cognito_identity_port(struct cognito_identity *identity)
{
    return (struct identity){
        .self = identity,
        .sign_up = cognito_sign_up,
        .confirm = cognito_confirm,
        .resend_code = cognito_resend_code,
        .forgot_password = cognito_forgot_password,
        .reset_password = cognito_reset_password,
        .parameters = cognito_parameters,
        .sign_in = cognito_sign_in,
        .refresh = cognito_refresh,
        .session_check = cognito_session_check,
        .sessions_list = cognito_sessions_list,
        .session_end = cognito_session_end,
        .sessions_end_all = cognito_sessions_end_all,
        .change_password = cognito_change_password,
        .recovery_key_reissue = cognito_recovery_key_reissue,
        .totp_begin = cognito_totp_begin,
        .totp_confirm = cognito_totp_confirm,
        .totp_end = cognito_totp_end,
        .account = cognito_account,
        .account_erase = cognito_account_erase,
        .jwks = jwks,
        .issuer = identity->issuer,
        .audience = identity->config->client_id,
        .algorithm = "RS256",
    };
}
