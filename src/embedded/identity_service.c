#include "embedded/identity_calls.h"

#include "base/mem.h"
#include "base/random.h"

#include <string.h>

struct load_secret {
    struct secret *secret;
    bool found;
};

static enum err read_secret(struct store_db *db, void *arg)
{
    struct load_secret *load = arg;
    sqlite3_stmt *s = store_statement(db, SQL_SECRET_GET);
    enum err e = store_step(db, s, &load->found);
    if (e != ERR_OK || !load->found)
        return e;
    const void *p = sqlite3_column_blob(s, 0);
    bool fits = sqlite3_column_bytes(s, 0) == (int)SECRET_BYTES;
    if (fits)
        memcpy(load->secret->b, p, SECRET_BYTES);
    (void)sqlite3_reset(s);
    return fits ? ERR_OK : ERR_INTERNAL;
}

static enum err add_secret(struct store_db *db, void *arg)
{
    struct load_secret *load = arg;
    secret_random(load->secret);
    sqlite3_stmt *s = store_statement(db, SQL_SECRET_ADD);
    store_bind_bytes(s, 1, secret_bytes(load->secret));
    return store_run(db, s);
}

static enum err load_made_up(struct identity_service *service, struct ctx *ctx)
{
    struct load_secret load = {.secret = &service->made_up};
    enum err e = store_read(service->store, ctx, read_secret, &load);
    if (e == ERR_OK && !load.found)
        e = store_write(service->store, ctx, add_secret, &load);
    return e;
}

enum err identity_service_open(struct ctx *ctx, const struct identity_parts *parts,
                               const struct identity_config *config, struct identity_service **out)
{
    struct identity_service *service = mem_alloc(sizeof *service);
    service->store = parts->store;
    service->mail = parts->mail;
    service->keys = parts->keys;
    service->config = config;
    password_gate_init(&service->gate, config->stretch_max);
    enum err e = load_made_up(service, ctx);
    if (e == ERR_OK)
        e = issuer_open(ctx, parts->store, &config->tokens, &service->issuer);
    if (e != ERR_OK) {
        identity_service_close(service);
        return e;
    }
    *out = service;
    return ERR_OK;
}

void identity_service_close(struct identity_service *service)
{
    if (service == NULL)
        return;
    issuer_close(service->issuer);
    password_gate_fini(&service->gate);
    secret_fini(&service->made_up);
    mem_free(service);
}

static enum err jwks(void *self, struct ctx *ctx, struct bytes *json)
{
    struct identity_service *service = self;
    *json = issuer_jwks(service->issuer, ctx->arena);
    return ERR_OK;
}

struct identity identity_service_port(struct identity_service *service)
{
    return (struct identity){
        .self = service,
        .sign_up = identity_sign_up,
        .confirm = identity_confirm,
        .resend_code = identity_resend_code,
        .forgot_password = identity_forgot_password,
        .reset_password = identity_reset_password,
        .parameters = identity_parameters,
        .sign_in = identity_sign_in,
        .refresh = identity_refresh,
        .session_check = identity_session_check,
        .sessions_list = identity_sessions_list,
        .session_end = identity_session_end,
        .sessions_end_all = identity_sessions_end_all,
        .change_password = identity_change_password,
        .recovery_key_reissue = identity_recovery_key_reissue,
        .totp_begin = identity_totp_begin,
        .totp_confirm = identity_totp_confirm,
        .totp_end = identity_totp_end,
        .account = identity_account,
        .account_erase = identity_account_erase,
        .jwks = jwks,
        .issuer = service->config->tokens.url,
        .audience = service->config->tokens.audience,
        .algorithm = "ES256",
    };
}
