/* The second factor. Its secret lies in the accounts' table as the server uses it. To seal it under
 * a key of the password would keep it from nobody who has the database and the password, which are
 * what it takes to sign in past it; and after a reset by mail, when a second factor is most needed,
 * the server could not ask for a code any more. No letter's key depends on it. */
#include "embedded/identity_calls.h"

#include "base/encode.h"
#include "base/mem.h"
#include "base/random.h"
#include "embedded/throttle_rows.h"
#include "embedded/totp.h"

#define SECRET_TEXT_BYTES 32u /* 5 bits a character */

/* --- one code --- */

/* Checks a code against account, whose totp_step is then that of the code. */
static enum err check_code(struct store_db *db, struct ctx *ctx, struct account *account,
                           struct bytes code, enum err *outcome)
{
    const struct throttle throttle = throttle_of_totp(uuid_bytes(&account->id));
    *outcome = ERR_TOTP_REQUIRED;
    if (code.n == 0)
        return ERR_OK;
    enum err e = throttle_rows_check(db, &throttle, ctx->now_unix_ms, &ctx->retry_after_s);
    if (e != ERR_OK)
        return e;
    bool fits = totp_find_step(account->totp, code, ctx->now_unix_ms, account->totp_step,
                               &account->totp_step);
    *outcome = fits ? ERR_OK : ERR_TOTP_MISMATCH;
    if (fits)
        return throttle_rows_clear(db, &throttle);
    e = throttle_rows_count(db, &throttle, ctx->now_unix_ms);
    return e == ERR_OK ? identity_count_guess(db, ctx, &account->id) : e;
}

enum err identity_take_totp(struct store_db *db, struct ctx *ctx, const struct uuid *account_id,
                            struct bytes code, enum err *outcome)
{
    struct account account;
    bool found;
    *outcome = ERR_BAD_CREDENTIALS;
    enum err e = account_by_id(db, ctx->arena, account_id, &account, &found);
    if (e != ERR_OK || !found)
        return e;
    *outcome = ERR_OK;
    if (!account.totp_on)
        return ERR_OK;
    e = check_code(db, ctx, &account, code, outcome);
    return e == ERR_OK && *outcome == ERR_OK ? account_set_totp(db, &account) : e;
}

/* --- with the password --- */

struct take {
    struct ctx *ctx;
    const struct account *account;
    struct bytes code;
    enum err outcome;
};

static enum err take_code(struct store_db *db, void *arg)
{
    struct take *take = arg;
    return identity_take_totp(db, take->ctx, &take->account->id, take->code, &take->outcome);
}

enum err identity_prove(struct identity_service *service, struct ctx *ctx,
                        const struct identity_credential *credential, struct account *account,
                        struct secret *wrapping_key)
{
    enum err e = identity_find_actor(service, ctx, account);
    if (e == ERR_OK)
        e = identity_check_credential(service, ctx, account, true, credential, wrapping_key);
    if (e != ERR_OK || !account->totp_on)
        return e;
    struct take take = {.ctx = ctx, .account = account, .code = credential->totp};
    e = store_write(service->store, ctx, take_code, &take);
    if (e == ERR_OK)
        e = take.outcome;
    if (e != ERR_OK)
        secret_fini(wrapping_key);
    return e;
}

/* --- on and off --- */

struct turn {
    struct ctx *ctx;
    const struct account *proven;
    struct bytes totp; /* begin: the secret; confirm: the code */
    enum err outcome;
};

/* The account as it is now, which must be that of the password and have the factor off still. */
static enum err read_off(struct store_db *db, struct turn *turn, struct account *now)
{
    bool same;
    enum err e = identity_recheck(db, turn->ctx->arena, turn->proven, &same);
    turn->outcome = ERR_BAD_CREDENTIALS;
    if (e != ERR_OK || !same)
        return e;
    e = account_by_id(db, turn->ctx->arena, &turn->proven->id, now, &same);
    turn->outcome = e == ERR_OK && now->totp_on ? ERR_CONFLICT : ERR_OK;
    return e;
}

static enum err store_secret(struct store_db *db, void *arg)
{
    struct turn *turn = arg;
    struct account account;
    enum err e = read_off(db, turn, &account);
    if (e != ERR_OK || turn->outcome != ERR_OK)
        return e;
    account.totp = turn->totp;
    account.totp_step = 0;
    return account_set_totp(db, &account);
}

static enum err turn_on(struct store_db *db, void *arg)
{
    struct turn *turn = arg;
    struct account account;
    enum err e = read_off(db, turn, &account);
    if (e == ERR_OK && turn->outcome == ERR_OK && account.totp.n == 0)
        turn->outcome = ERR_NOT_FOUND; /* turned on and off again meanwhile */
    if (e == ERR_OK && turn->outcome == ERR_OK)
        e = check_code(db, turn->ctx, &account, turn->totp, &turn->outcome);
    if (e != ERR_OK || turn->outcome != ERR_OK)
        return e;
    account.totp_on = true;
    e = account_set_totp(db, &account);
    return e == ERR_OK ? mail_queue_add(db, MAIL_TOTP_ON, &account.id, account.email,
                                        turn->ctx->now_unix_ms)
                       : e;
}

enum err identity_totp_off(struct store_db *db, const struct ctx *ctx,
                           const struct account *account)
{
    enum err e = account_set_totp(db, &(struct account){.id = account->id});
    return e == ERR_OK
               ? mail_queue_add(db, MAIL_TOTP_OFF, &account->id, account->email, ctx->now_unix_ms)
               : e;
}

static enum err turn_off(struct store_db *db, void *arg)
{
    const struct turn *turn = arg;
    return identity_totp_off(db, turn->ctx, turn->proven);
}

/* Checks the password of the actor, whose factor must be off. */
static enum err prove_off(struct identity_service *service, struct ctx *ctx,
                          const struct identity_credential *proof, struct account *account)
{
    struct secret wrapping_key = {0};
    enum err e = identity_find_actor(service, ctx, account);
    if (e == ERR_OK && account->totp_on)
        e = ctx_fail(ctx, ERR_CONFLICT, "The second factor is on. Turn it off first.");
    if (e == ERR_OK)
        e = identity_check_credential(service, ctx, account, true, proof, &wrapping_key);
    secret_fini(&wrapping_key);
    return e;
}

enum err identity_totp_begin(void *self, struct ctx *ctx, const struct identity_credential *proof,
                             const char **secret)
{
    struct identity_service *service = self;
    struct account account;
    uint8_t raw[TOTP_SECRET_BYTES];
    struct buffer text;
    enum err e = prove_off(service, ctx, proof, &account);
    if (e != ERR_OK)
        return e;
    random_private_bytes(raw, sizeof raw);
    buffer_init(&text, SECRET_TEXT_BYTES);
    encode_base32_standard(&text, bytes_of(raw, sizeof raw));
    *secret = arena_str(ctx->arena, buffer_bytes(&text));
    struct turn turn = {.ctx = ctx, .proven = &account, .totp = bytes_of(raw, sizeof raw)};
    e = store_write(service->store, ctx, store_secret, &turn);
    buffer_fini(&text);
    mem_cleanse(raw, sizeof raw);
    return e == ERR_OK ? turn.outcome : e;
}

enum err identity_totp_confirm(void *self, struct ctx *ctx, const struct identity_credential *proof)
{
    struct identity_service *service = self;
    struct account account;
    enum err e = prove_off(service, ctx, proof, &account);
    if (e == ERR_OK && account.totp.n == 0)
        e = ctx_fail(ctx, ERR_NOT_FOUND, "There is no secret that could be confirmed: make one.");
    if (e != ERR_OK)
        return e;
    struct turn turn = {.ctx = ctx, .proven = &account, .totp = proof->totp};
    e = store_write(service->store, ctx, turn_on, &turn);
    if (e == ERR_OK)
        mail_queue_wake(service->mail);
    return e == ERR_OK ? turn.outcome : e;
}

enum err identity_totp_end(void *self, struct ctx *ctx, const struct identity_credential *proof)
{
    struct identity_service *service = self;
    struct account account;
    struct secret wrapping_key = {0};
    enum err e = identity_find_actor(service, ctx, &account);
    if (e == ERR_OK && !account.totp_on)
        e = ctx_fail(ctx, ERR_NOT_FOUND, "The second factor is off.");
    if (e == ERR_OK)
        e = identity_prove(service, ctx, proof, &account, &wrapping_key);
    secret_fini(&wrapping_key);
    struct turn turn = {.ctx = ctx, .proven = &account};
    if (e == ERR_OK)
        e = store_write(service->store, ctx, turn_off, &turn);
    if (e == ERR_OK)
        mail_queue_wake(service->mail);
    return e;
}
