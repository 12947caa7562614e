#include "embedded/codes.h"
#include "embedded/identity_calls.h"
#include "embedded/invites.h"
#include "embedded/key_rows.h"
#include "embedded/throttle_rows.h"

#define ACCOUNT_STALE_MS (INT64_C(24) * 3600 * 1000)

struct sign_up {
    struct ctx *ctx;
    const struct identity_sign_up *in;
    struct account account;
    struct key_row key;
};

/* Fills in account and key; stretches the password, also when it will turn out to be in vain. */
static enum err prepare(struct identity_service *service, struct sign_up *up)
{
    up->account = (struct account){
        .id = uuid_random(),
        .username = up->in->username,
        .email = up->in->email,
        .state = ACCOUNT_UNCONFIRMED,
        .created_unix_ms = up->ctx->now_unix_ms,
    };
    struct secret ring_key;
    secret_random(&ring_key);
    enum err e = identity_set_password(service, up->ctx, up->in->password, &ring_key, &up->account);
    if (e == ERR_OK)
        e = key_rows_generate(up->ctx, &up->account.id, &ring_key, KEY_PENDING, &up->key);
    secret_fini(&ring_key);
    return e;
}

static enum err drop_stale(struct store_db *db, const struct sign_up *up)
{
    sqlite3_stmt *s = store_statement(db, SQL_ACCOUNT_DROP_STALE);
    store_bind_text(s, 1, up->in->username);
    store_bind_text(s, 2, up->in->email);
    store_bind_int(s, 3, up->ctx->now_unix_ms - ACCOUNT_STALE_MS);
    return store_run(db, s);
}

/* The owner of a taken address learns of the attempt, a few times an hour at most. */
static enum err tell_owner(struct store_db *db, const struct sign_up *up,
                           const struct account *owner)
{
    struct throttle throttle = throttle_of_mail(owner->email);
    int64_t wait_s;
    enum err e = throttle_rows_check(db, &throttle, up->ctx->now_unix_ms, &wait_s);
    if (e == ERR_RATE_LIMITED)
        return ERR_OK;
    if (e == ERR_OK)
        e = throttle_rows_count(db, &throttle, up->ctx->now_unix_ms);
    if (e != ERR_OK)
        return e;
    return mail_queue_add(db, MAIL_ADDRESS_TAKEN, &owner->id, owner->email, up->ctx->now_unix_ms);
}

static enum err add_account(struct store_db *db, const struct sign_up *up)
{
    enum err e = account_add(db, &up->account);
    struct throttle throttle = throttle_of_mail(up->in->username);
    return e == ERR_OK ? throttle_rows_count(db, &throttle, up->ctx->now_unix_ms) : e;
}

/* An account that looks like any unconfirmed one and never gets a code. Were the username left
 * free, signing up or in with it once more would tell that the address is taken. */
static enum err add_without_address(struct store_db *db, struct sign_up *up)
{
    char no_address[UUID_TEXT_BYTES];
    uuid_format(&up->account.id, no_address);
    up->account.email = bytes_of_str(no_address);
    enum err e = add_account(db, up);
    up->account.email = up->in->email;
    if (e != ERR_OK)
        return e;
    return codes_issue_unknown(db, &up->account.id, CODE_CONFIRM, up->ctx->now_unix_ms);
}

static enum err add_with_code(struct store_db *db, const struct sign_up *up)
{
    enum err e = add_account(db, up);
    if (e == ERR_OK)
        e = key_rows_add(db, &up->account.id, &up->key);
    if (e != ERR_OK)
        return e;
    return mail_queue_add(db, MAIL_CONFIRM_CODE, &up->account.id, up->in->email,
                          up->ctx->now_unix_ms);
}

/* Every sign-up has a mail sent to an address that nobody has proved to be theirs. */
static enum err count_sign_up(struct store_db *db, const struct sign_up *up)
{
    struct throttle throttle = throttle_of_mail_address(up->ctx->client_address);
    enum err e = throttle_rows_check(db, &throttle, up->ctx->now_unix_ms, &up->ctx->retry_after_s);
    return e == ERR_OK ? throttle_rows_count(db, &throttle, up->ctx->now_unix_ms) : e;
}

static enum err register_account(struct store_db *db, void *arg)
{
    struct sign_up *up = arg;
    struct arena *arena = up->ctx->arena;
    struct account other;
    bool found;
    enum err e = count_sign_up(db, up);
    if (e == ERR_OK)
        e = drop_stale(db, up);
    if (e == ERR_OK)
        e = account_by_name(db, arena, up->in->username, &other, &found);
    if (e == ERR_OK && found)
        return ERR_USERNAME_TAKEN;
    if (e == ERR_OK && up->in->invite_required)
        e = invites_use(db, up->in->invite, up->ctx->now_unix_ms);
    if (e == ERR_OK)
        e = account_by_email(db, arena, up->in->email, &other, &found);
    if (e == ERR_OK && !found)
        return add_with_code(db, up);
    if (e == ERR_OK)
        e = add_without_address(db, up);
    return e == ERR_OK ? tell_owner(db, up, &other) : e;
}

enum err identity_sign_up(void *self, struct ctx *ctx, const struct identity_sign_up *in,
                          struct uuid *user_id, struct identity_delivery *delivery)
{
    struct identity_service *service = self;
    struct sign_up up = {.ctx = ctx, .in = in};
    enum err e = prepare(service, &up);
    if (e == ERR_OK)
        e = store_write(service->store, ctx, register_account, &up);
    if (e != ERR_OK)
        return e;
    mail_queue_wake(service->mail);
    *user_id = up.account.id;
    *delivery = (struct identity_delivery){
        .medium = "EMAIL", .destination = identity_mask_address(ctx->arena, in->email)};
    return ERR_OK;
}

/* --- confirming --- */

struct confirm {
    struct ctx *ctx;
    struct bytes username;
    struct bytes code;
    struct uuid user_id;
    enum err outcome;
};

static enum err set_confirmed(struct store_db *db, const struct uuid *id, struct bytes code_hash)
{
    sqlite3_stmt *s = store_statement(db, SQL_ACCOUNT_CONFIRM);
    store_bind_uuid(s, 1, id);
    store_bind_bytes(s, 2, code_hash);
    enum err e = store_run(db, s);
    return e == ERR_OK ? codes_drop(db, id, CODE_CONFIRM) : e;
}

static enum err confirm_account(struct store_db *db, void *arg)
{
    struct confirm *c = arg;
    struct account account;
    bool found;
    c->outcome = ERR_CODE_MISMATCH;
    enum err e = account_by_name(db, c->ctx->arena, c->username, &account, &found);
    if (e != ERR_OK || !found)
        return e;
    c->user_id = account.id;
    if (account.state != ACCOUNT_UNCONFIRMED) {
        bool again = account.state == ACCOUNT_CONFIRMED &&
                     codes_match(account.confirmed_by, &account.id, CODE_CONFIRM, c->code);
        c->outcome = again ? ERR_OK : ERR_CODE_MISMATCH;
        return ERR_OK;
    }
    struct bytes hash;
    e = codes_hash(db, &account.id, CODE_CONFIRM, c->ctx->arena, &hash);
    if (e == ERR_OK)
        e = codes_check(db, &account.id, CODE_CONFIRM, c->code, c->ctx->now_unix_ms, &c->outcome);
    return e == ERR_OK && c->outcome == ERR_OK ? set_confirmed(db, &account.id, hash) : e;
}

enum err identity_confirm(void *self, struct ctx *ctx, struct bytes username, struct bytes code,
                          struct uuid *user_id)
{
    struct identity_service *service = self;
    struct confirm c = {.ctx = ctx, .username = username, .code = code};
    enum err e = store_write(service->store, ctx, confirm_account, &c);
    if (e != ERR_OK)
        return e;
    *user_id = c.user_id;
    return c.outcome;
}

/* --- mails with codes --- */

struct code_request {
    const struct identity_service *service;
    struct ctx *ctx;
    struct bytes login;
    enum mail_kind kind;
    enum code_purpose purpose;
    enum account_state state; /* of accounts that get such a code */
};

/* Unknown logins are counted like known ones, so that the limit tells nothing. */
static enum err count_request(struct store_db *db, const struct code_request *r)
{
    const struct throttle throttles[] = {throttle_of_mail(r->login),
                                         throttle_of_mail_address(r->ctx->client_address)};
    enum err e = ERR_OK;
    for (size_t i = 0; i < sizeof throttles / sizeof throttles[0] && e == ERR_OK; i++) {
        e = throttle_rows_check(db, &throttles[i], r->ctx->now_unix_ms, &r->ctx->retry_after_s);
        if (e == ERR_OK)
            e = throttle_rows_count(db, &throttles[i], r->ctx->now_unix_ms);
    }
    return e;
}

/* Where no code is sent one is put in place that nobody knows: tries then run out alike, with or
 * without an account. */
static enum err request_code(struct store_db *db, void *arg)
{
    struct code_request *r = arg;
    struct account account;
    bool found;
    enum err e = count_request(db, r);
    if (e == ERR_OK)
        e = account_by_login(db, r->ctx->arena, r->login, &account, &found);
    if (e != ERR_OK)
        return e;
    bool fits = found && account.state == r->state;
    if (fits && bytes_find(account.email, '@', 0) != SIZE_MAX)
        return mail_queue_add(db, r->kind, &account.id, account.email, r->ctx->now_unix_ms);
    if (!fits)
        identity_made_up_account(r->service, r->login, &account);
    return codes_issue_unknown(db, &account.id, r->purpose, r->ctx->now_unix_ms);
}

static enum err send_code(struct identity_service *service, struct code_request *r)
{
    r->service = service;
    enum err e = store_write(service->store, r->ctx, request_code, r);
    if (e == ERR_OK)
        mail_queue_wake(service->mail);
    return e;
}

enum err identity_resend_code(void *self, struct ctx *ctx, struct bytes username)
{
    struct code_request r = {.ctx = ctx,
                             .login = username,
                             .kind = MAIL_CONFIRM_CODE,
                             .purpose = CODE_CONFIRM,
                             .state = ACCOUNT_UNCONFIRMED};
    return send_code(self, &r);
}

enum err identity_forgot_password(void *self, struct ctx *ctx, struct bytes login)
{
    struct code_request r = {.ctx = ctx,
                             .login = login,
                             .kind = MAIL_RESET_CODE,
                             .purpose = CODE_RESET,
                             .state = ACCOUNT_CONFIRMED};
    return send_code(self, &r);
}
