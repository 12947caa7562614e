#include "embedded/codes.h"
#include "embedded/identity_calls.h"
#include "embedded/key_rows.h"

#include <string.h>

static const struct uuid no_session;

/* --- the actor's own password --- */

/* Checks the actor's password and gives account and ring key. */
static enum err prove_password(struct identity_service *service, struct ctx *ctx,
                               const struct identity_credential *proof, struct account *account,
                               struct secret *ring_key)
{
    struct secret wrapping_key;
    enum err e = identity_prove(service, ctx, proof, account, &wrapping_key);
    if (e != ERR_OK)
        return e;
    e = identity_open_ring(ctx, account, &wrapping_key, ring_key);
    secret_fini(&wrapping_key);
    return e;
}

struct change {
    struct ctx *ctx;
    const struct account *before;
    const struct account *after;
    bool still_good;
};

static enum err store_change(struct store_db *db, void *arg)
{
    struct change *c = arg;
    enum err e = identity_recheck(db, c->ctx->arena, c->before, &c->still_good);
    if (e != ERR_OK || !c->still_good)
        return e;
    e = account_set_password(db, c->after);
    if (e == ERR_OK)
        e = identity_end_sessions(db, &c->after->id, &c->ctx->actor->session_id);
    if (e != ERR_OK)
        return e;
    return mail_queue_add(db, MAIL_PASSWORD_CHANGED, &c->after->id, c->after->email,
                          c->ctx->now_unix_ms);
}

enum err identity_change_password(void *self, struct ctx *ctx,
                                  const struct identity_credential *old, struct bytes new_password)
{
    struct identity_service *service = self;
    struct account before;
    struct secret ring_key = {0};
    enum err e = prove_password(service, ctx, old, &before, &ring_key);
    if (e != ERR_OK)
        return e;
    struct account after = before;
    e = identity_set_password(service, ctx, new_password, &ring_key, &after);
    secret_fini(&ring_key);
    struct change change = {.ctx = ctx, .before = &before, .after = &after};
    if (e == ERR_OK)
        e = store_write(service->store, ctx, store_change, &change);
    if (e != ERR_OK)
        return e;
    if (!change.still_good)
        return ERR_BAD_CREDENTIALS;
    keys_service_forget(service->keys, &before.id);
    mail_queue_wake(service->mail);
    return ERR_OK;
}

struct reissue {
    struct ctx *ctx;
    const struct account *account;
    struct bytes sealed;
    bool still_good;
};

static enum err store_recovery(struct store_db *db, void *arg)
{
    struct reissue *r = arg;
    enum err e = identity_recheck(db, r->ctx->arena, r->account, &r->still_good);
    return e == ERR_OK && r->still_good ? account_set_recovery(db, &r->account->id, r->sealed) : e;
}

enum err identity_recovery_key_reissue(void *self, struct ctx *ctx,
                                       const struct identity_credential *proof,
                                       const char **recovery_key)
{
    struct identity_service *service = self;
    struct account account;
    struct secret ring_key = {0};
    enum err e = prove_password(service, ctx, proof, &account, &ring_key);
    if (e != ERR_OK)
        return e;
    struct reissue reissue = {.ctx = ctx, .account = &account};
    identity_make_recovery(ctx, &account.id, &ring_key, recovery_key, &reissue.sealed);
    secret_fini(&ring_key);
    e = store_write(service->store, ctx, store_recovery, &reissue);
    return e == ERR_OK && !reissue.still_good ? ERR_BAD_CREDENTIALS : e;
}

struct erase {
    struct ctx *ctx;
    const struct account *account;
    bool still_good;
};

static enum err erase_account(struct store_db *db, void *arg)
{
    struct erase *erase = arg;
    const struct uuid *id = &erase->account->id;
    enum err e = identity_recheck(db, erase->ctx->arena, erase->account, &erase->still_good);
    if (e != ERR_OK || !erase->still_good)
        return e;
    e = identity_end_sessions(db, id, &no_session);
    if (e == ERR_OK)
        e = key_rows_erase(db, id);
    static const enum sql_id statements[] = {SQL_CODES_ERASE, SQL_MAIL_ERASE, SQL_ACCOUNT_ERASE};
    for (size_t i = 0; i < sizeof statements / sizeof statements[0] && e == ERR_OK; i++) {
        sqlite3_stmt *s = store_statement(db, statements[i]);
        store_bind_uuid(s, 1, id);
        e = store_run(db, s);
    }
    return e;
}

enum err identity_account_erase(void *self, struct ctx *ctx, struct bytes password)
{
    struct identity_service *service = self;
    const struct identity_credential proof = {.password = password};
    struct account account;
    struct secret ring_key = {0};
    enum err e = prove_password(service, ctx, &proof, &account, &ring_key);
    secret_fini(&ring_key);
    if (e != ERR_OK)
        return e;
    struct erase erase = {.ctx = ctx, .account = &account};
    e = store_write(service->store, ctx, erase_account, &erase);
    keys_service_forget(service->keys, &account.id);
    return e == ERR_OK && !erase.still_good ? ERR_BAD_CREDENTIALS : e;
}

/* --- a forgotten password --- */

struct reset {
    const struct identity_service *service;
    struct ctx *ctx;
    struct bytes username;
    struct bytes code;
    struct account account;
    bool keys_lost;
    struct key_row fresh; /* with keys_lost */
    enum err outcome;
};

/* Finds the account and checks the code, which stays good. Who gets no mail has a code that nobody
 * knows (identity_forgot_password). */
static enum err check_code(struct store_db *db, void *arg)
{
    struct reset *r = arg;
    bool found;
    enum err e = account_by_login(db, r->ctx->arena, r->username, &r->account, &found);
    if (e != ERR_OK)
        return e;
    if (!found || r->account.state != ACCOUNT_CONFIRMED)
        identity_made_up_account(r->service, r->username, &r->account);
    return codes_check(db, &r->account.id, CODE_RESET, r->code, r->ctx->now_unix_ms, &r->outcome);
}

static enum err replace_keys(struct store_db *db, struct reset *r)
{
    enum err e = account_set_recovery(db, &r->account.id, (struct bytes){0});
    if (e == ERR_OK)
        e = key_rows_lose(db, &r->account.id, r->ctx->now_unix_ms);
    return e == ERR_OK ? key_rows_add(db, &r->account.id, &r->fresh) : e;
}

static enum err store_reset(struct store_db *db, void *arg)
{
    struct reset *r = arg;
    const struct uuid *id = &r->account.id;
    /* Checked again: another reset may have used the code meanwhile. */
    enum err e = codes_check(db, id, CODE_RESET, r->code, r->ctx->now_unix_ms, &r->outcome);
    if (e != ERR_OK || r->outcome != ERR_OK)
        return e;
    e = codes_drop(db, id, CODE_RESET);
    if (e == ERR_OK)
        e = account_set_password(db, &r->account);
    if (e == ERR_OK && r->keys_lost)
        e = replace_keys(db, r);
    if (e == ERR_OK)
        e = identity_end_sessions(db, id, &no_session);
    if (e == ERR_OK)
        e = identity_forgive(db, r->ctx, id);
    if (e != ERR_OK)
        return e;
    return mail_queue_add(db, MAIL_PASSWORD_CHANGED, id, r->account.email, r->ctx->now_unix_ms);
}

/* The old ring key by recovery key, or a new one with a new key pair. */
static enum err choose_ring(struct reset *r, struct bytes recovery_key, struct secret *ring_key)
{
    r->keys_lost = recovery_key.n == 0;
    if (!r->keys_lost)
        return identity_open_recovery(&r->account, recovery_key, ring_key) ? ERR_OK
                                                                           : ERR_RECOVERY_KEY_WRONG;
    secret_random(ring_key);
    return key_rows_generate(r->ctx, &r->account.id, ring_key, KEY_ACTIVE, &r->fresh);
}

enum err identity_reset_password(void *self, struct ctx *ctx, struct bytes username,
                                 struct bytes code, struct bytes password,
                                 struct bytes recovery_key, struct uuid *user_id, bool *keys_lost)
{
    struct identity_service *service = self;
    struct reset r = {.service = service, .ctx = ctx, .username = username, .code = code};
    struct secret ring_key = {0};
    enum err e = store_write(service->store, ctx, check_code, &r);
    if (e == ERR_OK)
        e = r.outcome;
    if (e == ERR_OK)
        e = choose_ring(&r, recovery_key, &ring_key);
    if (e == ERR_OK)
        e = identity_set_password(service, ctx, password, &ring_key, &r.account);
    secret_fini(&ring_key);
    if (e == ERR_OK)
        e = store_write(service->store, ctx, store_reset, &r);
    if (e == ERR_OK)
        e = r.outcome;
    if (e != ERR_OK)
        return e;
    keys_service_forget(service->keys, &r.account.id);
    mail_queue_wake(service->mail);
    *user_id = r.account.id;
    *keys_lost = r.keys_lost;
    return ERR_OK;
}

/* --- reading --- */

enum err identity_parameters(void *self, struct ctx *ctx, struct bytes login,
                             struct identity_parameters *out)
{
    struct account account;
    bool found;
    enum err e = identity_find_login(self, ctx, login, &account, &found);
    if (e != ERR_OK)
        return e;
    *out = (struct identity_parameters){
        .salt = arena_copy(ctx->arena, bytes_of(account.kdf.salt, sizeof account.kdf.salt)),
        .memory_kib = account.kdf.memory_kib,
        .passes = account.kdf.passes,
        .lanes = account.kdf.lanes,
    };
    return ERR_OK;
}

struct own {
    struct ctx *ctx;
    struct account account;
    bool found;
};

static enum err read_own(struct store_db *db, void *arg)
{
    struct own *own = arg;
    return account_by_id(db, own->ctx->arena, &own->ctx->actor->user_id, &own->account,
                         &own->found);
}

enum err identity_account(void *self, struct ctx *ctx, struct identity_account *out)
{
    struct identity_service *service = self;
    struct own own = {.ctx = ctx};
    enum err e = store_read(service->store, ctx, read_own, &own);
    if (e != ERR_OK || !own.found)
        return e == ERR_OK ? ERR_UNAUTHENTICATED : e;
    *out = (struct identity_account){
        .id = own.account.id,
        .username = arena_str(ctx->arena, own.account.username),
        .email = arena_str(ctx->arena, own.account.email),
        .created_unix_ms = own.account.created_unix_ms,
        .confirmed = own.account.state != ACCOUNT_UNCONFIRMED,
        .disabled = own.account.state == ACCOUNT_DISABLED,
        .recovery_key_set = own.account.ring_by_recovery.n > 0,
        .totp_on = own.account.totp_on,
    };
    return ERR_OK;
}
