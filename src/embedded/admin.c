#include "embedded/admin.h"

#include "embedded/identity_calls.h"
#include "ports/records.h"

#include <string.h>

/* --- listing --- */

struct list {
    struct ctx *ctx;
    const char *after;
    size_t limit;
    struct admin_user *users;
    size_t count;
};

static enum err read_usage(struct store_db *db, struct admin_user *user)
{
    sqlite3_stmt *s = store_statement(db, SQL_ADMIN_USAGE);
    store_bind_uuid(s, 1, &user->id);
    bool row;
    enum err e = store_step(db, s, &row);
    if (e != ERR_OK || !row)
        return e;
    user->quota_bytes = store_column_int(s, 0);
    user->used_bytes = store_column_int(s, 1);
    (void)sqlite3_reset(s);
    return ERR_OK;
}

static enum err list_users(struct store_db *db, void *arg)
{
    struct list *l = arg;
    struct arena *arena = l->ctx->arena;
    sqlite3_stmt *s = store_statement(db, SQL_ACCOUNTS_LIST);
    store_bind_text(s, 1, bytes_of_str(l->after));
    store_bind_int(s, 2, (int64_t)l->limit);
    bool row = true;
    enum err e = ERR_OK;
    while (l->count < l->limit && (e = store_step(db, s, &row)) == ERR_OK && row) {
        struct account account;
        account_from_row(s, arena, &account);
        l->users[l->count++] = (struct admin_user){
            .id = account.id,
            .username = arena_str(arena, account.username),
            .email = arena_str(arena, account.email),
            .state = account.state,
            .created_unix_ms = account.created_unix_ms,
        };
    }
    (void)sqlite3_reset(s);
    for (size_t i = 0; i < l->count && e == ERR_OK; i++)
        e = read_usage(db, &l->users[i]);
    return e;
}

enum err admin_users(struct store *store, struct ctx *ctx, const char *after, size_t limit,
                     struct admin_user **out, size_t *count)
{
    struct list l = {
        .ctx = ctx,
        .after = after,
        .limit = limit,
        .users = arena_calloc(ctx->arena, limit, sizeof(struct admin_user)),
    };
    enum err e = store_read(store, ctx, list_users, &l);
    *out = l.users;
    *count = l.count;
    return e;
}

/* --- changing --- */

struct change {
    struct ctx *ctx;
    const char *username;
    bool disabled;
    int64_t quota_bytes;
};

static enum err set_int(struct store_db *db, enum sql_id id, const struct uuid *user, int64_t value)
{
    sqlite3_stmt *s = store_statement(db, id);
    store_bind_uuid(s, 1, user);
    store_bind_int(s, 2, value);
    return store_run(db, s);
}

static enum err find(struct store_db *db, const struct change *c, struct account *account)
{
    bool found;
    enum err e = account_by_name(db, c->ctx->arena, bytes_of_str(c->username), account, &found);
    return e == ERR_OK && !found ? ERR_NOT_FOUND : e;
}

static enum err set_disabled(struct store_db *db, void *arg)
{
    static const struct uuid none;
    const struct change *c = arg;
    struct account account;
    enum err e = find(db, c, &account);
    if (e != ERR_OK)
        return e;
    if (account.state == ACCOUNT_UNCONFIRMED)
        return ERR_UNCONFIRMED;
    e = set_int(db, SQL_ACCOUNT_SET_STATE, &account.id,
                c->disabled ? ACCOUNT_DISABLED : ACCOUNT_CONFIRMED);
    if (e == ERR_OK)
        e = set_int(db, SQL_ADMIN_USER_STATE, &account.id,
                    c->disabled ? USER_DISABLED : USER_READY);
    return e == ERR_OK && c->disabled ? identity_end_sessions(db, &account.id, &none) : e;
}

enum err admin_set_disabled(struct store *store, struct ctx *ctx, const char *username,
                            bool disabled)
{
    struct change c = {.ctx = ctx, .username = username, .disabled = disabled};
    return store_write(store, ctx, set_disabled, &c);
}

static enum err totp_off(struct store_db *db, void *arg)
{
    const struct change *c = arg;
    struct account account;
    enum err e = find(db, c, &account);
    return e == ERR_OK && account.totp_on ? identity_totp_off(db, c->ctx, &account) : e;
}

enum err admin_totp_off(struct store *store, struct ctx *ctx, const char *username)
{
    struct change c = {.ctx = ctx, .username = username};
    return store_write(store, ctx, totp_off, &c);
}

static enum err set_quota(struct store_db *db, void *arg)
{
    const struct change *c = arg;
    struct account account;
    enum err e = find(db, c, &account);
    if (e == ERR_OK)
        e = set_int(db, SQL_ADMIN_QUOTA, &account.id, c->quota_bytes);
    return e == ERR_OK && store_changes(db) == 0 ? ERR_UNCONFIRMED : e;
}

enum err admin_set_quota(struct store *store, struct ctx *ctx, const char *username,
                         int64_t quota_bytes)
{
    struct change c = {.ctx = ctx, .username = username, .quota_bytes = quota_bytes};
    return store_write(store, ctx, set_quota, &c);
}

/* --- invitations --- */

struct invite_call {
    struct ctx *ctx;
    char *text;
    const struct invite *after;
    struct invite *found;
    size_t limit;
    size_t count;
    const char *id;
};

static enum err create_invite(struct store_db *db, void *arg)
{
    const struct invite_call *call = arg;
    return invites_create(db, call->ctx->now_unix_ms, call->text);
}

enum err admin_invite(struct store *store, struct ctx *ctx, char out[INVITE_TEXT_BYTES])
{
    struct invite_call call = {.ctx = ctx, .text = out};
    return store_write(store, ctx, create_invite, &call);
}

static enum err list_invites(struct store_db *db, void *arg)
{
    struct invite_call *call = arg;
    return invites_list(db, call->ctx, call->after, call->limit, call->found, &call->count);
}

enum err admin_invites(struct store *store, struct ctx *ctx, const struct invite *after,
                       size_t limit, struct invite **out, size_t *count)
{
    struct invite_call call = {
        .ctx = ctx,
        .after = after,
        .found = arena_calloc(ctx->arena, limit, sizeof(struct invite)),
        .limit = limit,
    };
    enum err e = store_read(store, ctx, list_invites, &call);
    *out = call.found;
    *count = call.count;
    return e;
}

static enum err revoke_invite(struct store_db *db, void *arg)
{
    const struct invite_call *call = arg;
    return invites_revoke(db, call->ctx, bytes_of_str(call->id));
}

enum err admin_revoke_invite(struct store *store, struct ctx *ctx, const char *id)
{
    struct invite_call call = {.ctx = ctx, .id = id};
    return store_write(store, ctx, revoke_invite, &call);
}
