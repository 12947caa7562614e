#include "base/mem.h"
#include "embedded/identity_calls.h"
#include "embedded/session_ring.h"
#include "embedded/session_rows.h"
#include "embedded/throttle_rows.h"

#include <string.h>

#define MS_PER_S 1000
#define LABEL_CUSTODY "letterlock session custody v1"
#define LABEL_SUCCESSOR "letterlock refresh successor v1"
/* A client whose answer got lost asks again with the token it has. */
#define REFRESH_GRACE_MS 10000

static struct bytes digest_in(struct arena *arena, const struct secret *secret)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    digest_sha256(secret_bytes(secret), digest);
    return arena_copy(arena, bytes_of(digest, sizeof digest));
}

/* --- signing in --- */

struct sign_in {
    struct ctx *ctx;
    const struct account *account;
    struct bytes totp;
    struct session_row session;
    struct refresh_token token;
    struct secret custody;
    bool can_open;
    const char *recovery_key; /* a first one, made in case there is none */
    struct bytes recovery_sealed;
    enum err outcome;
};

/* Fills in session, token and custody. ring_key is NULL for sessions that cannot open. */
static void make_session(const struct identity_service *service, struct sign_in *in,
                         struct bytes client, const struct secret *ring_key)
{
    struct ctx *ctx = in->ctx;
    in->token.session_id = uuid_random();
    secret_random(&in->token.family);
    secret_random(&in->token.rotating);
    in->session = (struct session_row){
        .id = in->token.session_id,
        .account_id = in->account->id,
        .created_unix_ms = ctx->now_unix_ms,
        .expires_unix_ms = ctx->now_unix_ms + service->config->session_lifetime_s * MS_PER_S,
        .client = identity_clean_client(ctx->arena, client),
        .family = digest_in(ctx->arena, &in->token.family),
        .current = digest_in(ctx->arena, &in->token.rotating),
    };
    in->can_open = ring_key != NULL;
    if (ring_key == NULL)
        return;
    key_ring_derive(secret_bytes(&in->token.family), LABEL_CUSTODY, &in->custody);
    in->session.ring = session_ring_seal(ctx->arena, &in->account->id, &in->custody, ring_key);
    if (in->account->ring_by_recovery.n == 0)
        identity_make_recovery(ctx, &in->account->id, ring_key, &in->recovery_key,
                               &in->recovery_sealed);
}

/* The password may have been changed since it was checked. */
static enum err check_again(struct store_db *db, struct sign_in *in)
{
    bool same;
    enum err e = identity_recheck(db, in->ctx->arena, in->account, &same);
    in->outcome = ERR_BAD_CREDENTIALS;
    return e == ERR_OK && same
               ? identity_take_totp(db, in->ctx, &in->account->id, in->totp, &in->outcome)
               : e;
}

static enum err store_session(struct store_db *db, void *arg)
{
    struct sign_in *in = arg;
    enum err e = check_again(db, in);
    if (e != ERR_OK || in->outcome != ERR_OK)
        return e;
    if (in->recovery_key != NULL) {
        struct account now;
        bool found;
        e = account_by_id(db, in->ctx->arena, &in->account->id, &now, &found);
        if (e == ERR_OK && now.ring_by_recovery.n > 0)
            in->recovery_key = NULL; /* another sign-in was first */
        else if (e == ERR_OK)
            e = account_set_recovery(db, &in->account->id, in->recovery_sealed);
    }
    if (e == ERR_OK)
        e = session_row_add(db, &in->session);
    struct throttle throttle =
        throttle_of_guess(uuid_bytes(&in->account->id), in->ctx->client_address);
    return e == ERR_OK ? throttle_rows_clear(db, &throttle) : e;
}

static enum err grant(struct identity_service *service, struct ctx *ctx,
                      const struct account *account, const struct session_row *session,
                      const struct refresh_token *token, struct identity_grant *out)
{
    struct secret custody = {0};
    bool can_open = session->ring.n > 0;
    if (can_open)
        key_ring_derive(secret_bytes(&token->family), LABEL_CUSTODY, &custody);
    const struct issuer_subject subject = {
        .user_id = account->id,
        .session_id = session->id,
        .username = account->username,
        .email = account->email,
        .custody = can_open ? &custody : NULL,
        .authenticated_unix_ms = session->created_unix_ms,
    };
    *out = (struct identity_grant){
        .user_id = account->id,
        .session_id = session->id,
        .username = arena_str(ctx->arena, account->username),
        .refresh_token = refresh_token_write(token, ctx->arena),
        .expires_in_s = service->config->tokens.lifetime_s,
        .refresh_expires_s = service->config->session_lifetime_s,
    };
    enum err e = issuer_sign(service->issuer, ctx, &subject, &out->id_token, &out->access_token);
    secret_fini(&custody);
    return e;
}

/* What was checked of a sign-in. */
struct checked {
    const struct account *account;
    const struct secret *wrapping_key; /* zero for a client that derives for itself */
    struct bytes totp;                 /* not yet checked */
};

static enum err open_session(struct identity_service *service, struct ctx *ctx,
                             const struct checked *checked, struct bytes client,
                             struct identity_grant *out)
{
    static const struct secret none;
    const struct account *account = checked->account;
    const struct secret *wrapping_key = checked->wrapping_key;
    struct secret ring_key = {0};
    struct sign_in in = {.ctx = ctx, .account = account, .totp = checked->totp};
    bool can_open = !secret_equal(wrapping_key, &none);
    enum err e = ERR_OK;
    if (can_open)
        e = identity_open_ring(ctx, account, wrapping_key, &ring_key);
    if (e == ERR_OK) {
        make_session(service, &in, client, can_open ? &ring_key : NULL);
        e = store_write(service->store, ctx, store_session, &in);
    }
    if (e == ERR_OK)
        e = in.outcome;
    if (e == ERR_OK)
        e = grant(service, ctx, account, &in.session, &in.token, out);
    if (e == ERR_OK)
        out->recovery_key = in.recovery_key;
    secret_fini(&ring_key);
    secret_fini(&in.custody);
    refresh_token_fini(&in.token);
    return e;
}

struct restretch {
    struct ctx *ctx;
    const struct account *before;
    struct account after;
};

static enum err store_restretched(struct store_db *db, void *arg)
{
    struct restretch *r = arg;
    bool same;
    enum err e = identity_recheck(db, r->ctx->arena, r->before, &same);
    return e == ERR_OK && same ? account_set_password(db, &r->after) : e;
}

/* Stretches a password anew when more is asked for than at its time. A failure is no reason to
 * refuse the sign-in: the next one tries again. */
static void restretch(struct identity_service *service, struct ctx *ctx,
                      const struct account *account, const struct secret *wrapping_key,
                      struct bytes password)
{
    struct restretch r = {.ctx = ctx, .before = account, .after = *account};
    struct secret ring_key = {0};
    enum err e = identity_open_ring(ctx, account, wrapping_key, &ring_key);
    if (e == ERR_OK)
        e = identity_set_password(service, ctx, password, &ring_key, &r.after);
    if (e == ERR_OK)
        e = store_write(service->store, ctx, store_restretched, &r);
    if (e != ERR_OK)
        (void)ctx_log_fail(ctx, e, "password_not_restretched", "%s", "");
    secret_fini(&ring_key);
}

enum err identity_sign_in(void *self, struct ctx *ctx, struct bytes login,
                          const struct identity_credential *credential, struct bytes client,
                          struct identity_grant *out)
{
    struct identity_service *service = self;
    struct account account;
    struct secret wrapping_key;
    bool found;
    enum err e = identity_find_login(service, ctx, login, &account, &found);
    if (e != ERR_OK)
        return e;
    bool may = found && account.state != ACCOUNT_DISABLED;
    e = identity_check_credential(service, ctx, &account, may, credential, &wrapping_key);
    if (e != ERR_OK)
        return e;
    const struct checked checked = {&account, &wrapping_key, credential->totp};
    e = account.state == ACCOUNT_UNCONFIRMED ? ERR_UNCONFIRMED
                                             : open_session(service, ctx, &checked, client, out);
    if (e == ERR_OK && credential->password.n > 0 &&
        identity_is_weakly_stretched(service, &account))
        restretch(service, ctx, &account, &wrapping_key, credential->password);
    secret_fini(&wrapping_key);
    return e;
}

/* --- refreshing --- */

struct refresh {
    struct ctx *ctx;
    int64_t lifetime_ms;
    const struct refresh_token *presented;
    struct refresh_token next;
    struct session_row session;
    struct account account;
    enum err outcome;
};

static bool fits(struct bytes digest, const struct secret *secret)
{
    uint8_t own[DIGEST_SHA256_BYTES];
    digest_sha256(secret_bytes(secret), own);
    return bytes_equal_secret(digest, bytes_of(own, sizeof own));
}

/* Makes a successor of the token presented, which is used up with that. */
static void succeed(struct refresh *r)
{
    struct session_row *s = &r->session;
    struct secret key;
    struct buffer sealed;
    buffer_init(&sealed, IDENTITY_SEALED_SECRET_BYTES);
    secret_random(&r->next.rotating);
    key_ring_derive(secret_bytes(&r->presented->rotating), LABEL_SUCCESSOR, &key);
    key_ring_seal(LABEL_SUCCESSOR, &s->id, &key, secret_bytes(&r->next.rotating), &sealed);
    s->successor = arena_copy(r->ctx->arena, buffer_bytes(&sealed));
    s->previous = s->current;
    s->current = digest_in(r->ctx->arena, &r->next.rotating);
    s->rotated_unix_ms = r->ctx->now_unix_ms;
    buffer_fini(&sealed);
    secret_fini(&key);
}

/* True when the token presented was used up just now and its successor was not used: gives that. */
static bool succeeded_before(struct refresh *r)
{
    const struct session_row *s = &r->session;
    struct secret key;
    if (!fits(s->previous, &r->presented->rotating) ||
        r->ctx->now_unix_ms - s->rotated_unix_ms > REFRESH_GRACE_MS)
        return false;
    key_ring_derive(secret_bytes(&r->presented->rotating), LABEL_SUCCESSOR, &key);
    bool ok =
        key_ring_unseal_secret(LABEL_SUCCESSOR, &s->id, &key, s->successor, &r->next.rotating);
    secret_fini(&key);
    return ok;
}

static enum err prolong(struct store_db *db, struct refresh *r)
{
    struct session_row *s = &r->session;
    s->used_unix_ms = r->ctx->now_unix_ms;
    s->expires_unix_ms = r->ctx->now_unix_ms + r->lifetime_ms;
    r->outcome = ERR_OK;
    return session_row_rotate(db, s);
}

static enum err refresh_session(struct store_db *db, void *arg)
{
    struct refresh *r = arg;
    struct session_row *s = &r->session;
    bool found;
    r->outcome = ERR_UNAUTHENTICATED;
    enum err e = session_row_get(db, r->ctx->arena, &r->presented->session_id, s, &found);
    if (e != ERR_OK || !found || !fits(s->family, &r->presented->family) ||
        s->expires_unix_ms <= r->ctx->now_unix_ms || s->account_state != ACCOUNT_CONFIRMED)
        return e;
    e = account_by_id(db, r->ctx->arena, &s->account_id, &r->account, &found);
    if (e != ERR_OK || !found)
        return e;
    if (fits(s->current, &r->presented->rotating)) {
        succeed(r);
        return prolong(db, r);
    }
    if (succeeded_before(r))
        return prolong(db, r);
    /* A token that was used up long ago: two clients have it, and one of them stole it. */
    r->outcome = ERR_REFRESH_REUSED;
    bool ended;
    return session_row_end(db, &s->id, &s->account_id, &ended);
}

enum err identity_refresh(void *self, struct ctx *ctx, struct bytes refresh_token,
                          struct identity_grant *out)
{
    struct identity_service *service = self;
    struct refresh_token presented;
    if (!refresh_token_read(ctx->arena, refresh_token, &presented))
        return ERR_UNAUTHENTICATED;
    struct refresh r = {
        .ctx = ctx,
        .lifetime_ms = service->config->session_lifetime_s * MS_PER_S,
        .presented = &presented,
        .next = presented,
    };
    enum err e = store_write(service->store, ctx, refresh_session, &r);
    if (e == ERR_OK)
        e = r.outcome;
    if (e == ERR_REFRESH_REUSED)
        keys_service_end_session(service->keys, &presented.session_id);
    if (e == ERR_OK)
        e = grant(service, ctx, &r.account, &r.session, &r.next, out);
    refresh_token_fini(&presented);
    refresh_token_fini(&r.next);
    return e;
}

/* --- checking, listing, ending --- */

struct check {
    struct ctx *ctx;
    const struct actor *actor;
    bool live;
};

static enum err read_live(struct store_db *db, void *arg)
{
    struct check *c = arg;
    struct session_row session;
    return session_row_live(db, c->ctx->arena, c->actor, c->ctx->now_unix_ms, &session, &c->live);
}

enum err identity_session_check(void *self, struct ctx *ctx, const struct actor *actor)
{
    struct identity_service *service = self;
    struct check c = {.ctx = ctx, .actor = actor};
    enum err e = store_read(service->store, ctx, read_live, &c);
    return e == ERR_OK && !c.live ? ERR_UNAUTHENTICATED : e;
}

struct list {
    struct ctx *ctx;
    struct session_row *rows;
    size_t count;
};

static enum err list_sessions(struct store_db *db, void *arg)
{
    struct list *l = arg;
    return session_row_list(db, l->ctx->arena, &l->ctx->actor->user_id, l->ctx->now_unix_ms,
                            &l->rows, &l->count);
}

enum err identity_sessions_list(void *self, struct ctx *ctx, struct identity_session **out,
                                size_t *count)
{
    struct identity_service *service = self;
    struct list l = {.ctx = ctx};
    enum err e = store_read(service->store, ctx, list_sessions, &l);
    if (e != ERR_OK)
        return e;
    struct identity_session *items = arena_calloc(ctx->arena, l.count, sizeof *items);
    for (size_t i = 0; i < l.count; i++) {
        items[i] = (struct identity_session){
            .id = l.rows[i].id,
            .created_unix_ms = l.rows[i].created_unix_ms,
            .last_used_unix_ms = l.rows[i].used_unix_ms,
            .expires_unix_ms = l.rows[i].expires_unix_ms,
            .client = arena_str(ctx->arena, l.rows[i].client),
        };
    }
    *out = items;
    *count = l.count;
    return ERR_OK;
}

struct end {
    const struct uuid *account_id;
    const struct uuid *session_id;
    bool ended;
};

static enum err end_one(struct store_db *db, void *arg)
{
    struct end *end = arg;
    return session_row_end(db, end->session_id, end->account_id, &end->ended);
}

enum err identity_session_end(void *self, struct ctx *ctx, const struct uuid *session_id)
{
    struct identity_service *service = self;
    struct end end = {.account_id = &ctx->actor->user_id, .session_id = session_id};
    enum err e = store_write(service->store, ctx, end_one, &end);
    if (e == ERR_OK && end.ended)
        keys_service_end_session(service->keys, session_id);
    return e == ERR_OK && !end.ended ? ERR_NOT_FOUND : e;
}

static enum err end_others(struct store_db *db, void *arg)
{
    const struct end *end = arg;
    return identity_end_sessions(db, end->account_id, end->session_id);
}

enum err identity_sessions_end_all(void *self, struct ctx *ctx, const struct uuid *but_session_id)
{
    static const struct uuid nil;
    struct identity_service *service = self;
    struct end end = {.account_id = &ctx->actor->user_id,
                      .session_id = but_session_id == NULL ? &nil : but_session_id};
    enum err e = store_write(service->store, ctx, end_others, &end);
    keys_service_forget(service->keys, end.account_id);
    return e;
}
