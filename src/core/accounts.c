#include "core/accounts.h"

#include "base/ascii.h"
#include "core/policy.h"
#include "core/policy_password.h"
#include "core/provision.h"
#include "core/sessions.h"

static enum err check_mode(const struct core_config *config, struct bytes invite, const char *email)
{
    if (config->sign_up == SIGN_UP_CLOSED)
        return ERR_SIGN_UP_CLOSED;
    if (!policy_domain_allowed(config->sign_up_domains, email))
        return ERR_DOMAIN_NOT_ALLOWED;
    return config->sign_up == SIGN_UP_INVITE && invite.n == 0 ? ERR_INVITE_REQUIRED : ERR_OK;
}

enum err accounts_sign_up(struct core *core, struct ctx *ctx, const struct accounts_sign_up *in,
                          struct uuid *id, struct identity_delivery *delivery)
{
    char username[USERNAME_MAX_BYTES + 1];
    char email[EMAIL_MAX_BYTES + 1];
    enum err e = policy_username(ctx, in->username, username);
    if (e == ERR_OK)
        e = policy_email(in->email, email);
    if (e == ERR_OK)
        e = check_mode(core->config, in->invite, email);
    if (e == ERR_OK)
        e = policy_password(ctx, in->password, bytes_of_str(username), bytes_of_str(email));
    if (e != ERR_OK)
        return e;
    const struct identity *identity = &core->ports->identity;
    const struct identity_sign_up checked = {
        .username = bytes_of_str(username),
        .email = bytes_of_str(email),
        .password = in->password,
        .invite = in->invite,
        .invite_required = core->config->sign_up == SIGN_UP_INVITE,
    };
    return identity->sign_up(identity->self, ctx, &checked, id, delivery);
}

struct bytes accounts_login(struct ctx *ctx, struct bytes login)
{
    uint8_t *lower = arena_alloc(ctx->arena, login.n + 1);
    for (size_t i = 0; i < login.n; i++)
        lower[i] = ascii_lower(login.p[i]);
    return bytes_of(lower, login.n);
}

enum err accounts_confirm(struct core *core, struct ctx *ctx, struct bytes username,
                          struct bytes code, struct uuid *id,
                          char stored_username[USERNAME_MAX_BYTES + 1])
{
    const struct identity *identity = &core->ports->identity;
    if (policy_username(ctx, username, stored_username) != ERR_OK) {
        ctx->detail[0] = '\0';
        return ERR_CODE_MISMATCH;
    }
    enum err e = identity->confirm(identity->self, ctx, bytes_of_str(stored_username), code, id);
    return e == ERR_OK ? provision_complete(core, ctx, id) : e;
}

enum err accounts_resend_code(struct core *core, struct ctx *ctx, struct bytes username)
{
    const struct identity *identity = &core->ports->identity;
    return identity->resend_code(identity->self, ctx, accounts_login(ctx, username));
}

enum err accounts_forgot_password(struct core *core, struct ctx *ctx, struct bytes login)
{
    const struct identity *identity = &core->ports->identity;
    return identity->forgot_password(identity->self, ctx, accounts_login(ctx, login));
}

enum err accounts_reset_password(struct core *core, struct ctx *ctx,
                                 const struct accounts_reset *in, bool *keys_lost)
{
    const struct identity *identity = &core->ports->identity;
    struct bytes username = accounts_login(ctx, in->username);
    enum err e = policy_password(ctx, in->password, username, (struct bytes){0});
    if (e != ERR_OK)
        return e;
    struct uuid id;
    e = identity->reset_password(identity->self, ctx, username, in->code, in->password,
                                 in->recovery_key, &id, keys_lost);
    if (e != ERR_OK)
        return e;
    sessions_forget_user(core, &id, NULL);
    return *keys_lost ? provision_by_id(core, ctx, &id) : ERR_OK;
}

static enum err own_account(struct core *core, struct ctx *ctx, struct identity_account *out)
{
    const struct identity *identity = &core->ports->identity;
    return identity->account(identity->self, ctx, out);
}

enum err accounts_change_password(struct core *core, struct ctx *ctx,
                                  const struct identity_credential *old, struct bytes new_password)
{
    const struct identity *identity = &core->ports->identity;
    struct identity_account account;
    enum err e = own_account(core, ctx, &account);
    if (e == ERR_OK)
        e = policy_password(ctx, new_password, bytes_of_str(account.username),
                            bytes_of_str(account.email));
    if (e == ERR_OK)
        e = identity->change_password(identity->self, ctx, old, new_password);
    if (e == ERR_OK)
        sessions_forget_user(core, &ctx->actor->user_id, &ctx->actor->session_id);
    return e;
}

enum err accounts_rotate_key(struct core *core, struct ctx *ctx, struct key_description *out)
{
    const struct keys *keys = &core->ports->keys;
    enum err e = keys->rotate(keys->self, ctx, out);
    return e == ERR_OK ? provision_by_id(core, ctx, &ctx->actor->user_id) : e;
}

enum err accounts_profile(struct core *core, struct ctx *ctx, struct accounts_profile *out)
{
    const struct records *records = &core->ports->records;
    struct user_record user;
    struct unread_summary unread;
    enum err e = provision_complete(core, ctx, &ctx->actor->user_id);
    if (e == ERR_OK)
        e = own_account(core, ctx, &out->account);
    if (e == ERR_OK)
        e = records->user_by_id(records->self, ctx, &ctx->actor->user_id, &user);
    if (e == ERR_OK)
        e = records->user_usage(records->self, ctx, &ctx->actor->user_id, &out->used_bytes);
    if (e == ERR_OK)
        e = records->unread(records->self, ctx, &unread);
    if (e != ERR_OK)
        return e;
    out->unread = unread.count;
    out->quota_bytes = user.quota_bytes > 0 ? user.quota_bytes : core->config->quota_bytes;
    return ERR_OK;
}

/* Signing in is the one check of a password that every identity service has, throttled like any
 * other guess; the session that it opens ends at once. */
static enum err check_password(struct core *core, struct ctx *ctx,
                               const struct identity_credential *proof)
{
    const struct identity *identity = &core->ports->identity;
    struct identity_grant grant;
    enum err e = identity->sign_in(identity->self, ctx, bytes_of_str(ctx->actor->username), proof,
                                   BYTES_LIT("erasure"), &grant);
    return e == ERR_OK ? identity->session_end(identity->self, ctx, &grant.session_id) : e;
}

/* ERR_NOT_FOUND from turning it off: there is no second factor. */
static enum err check_owner(struct core *core, struct ctx *ctx,
                            const struct identity_credential *proof)
{
    const struct identity *identity = &core->ports->identity;
    enum err e = proof->totp.n > 0 ? identity->totp_end(identity->self, ctx, proof) : ERR_NOT_FOUND;
    if (e != ERR_NOT_FOUND)
        return e;
    ctx->detail[0] = '\0';
    return check_password(core, ctx, proof);
}

static enum err erase_letters(struct core *core, struct ctx *ctx, const struct uuid *user_id)
{
    const struct records *records = &core->ports->records;
    const struct objects *objects = &core->ports->objects;
    for (;;) {
        struct uuid *ids = NULL;
        size_t count = 0;
        enum err e = records->user_erase(records->self, ctx, user_id, &ids, &count);
        if (e != ERR_OK || count == 0)
            return e;
        for (size_t i = 0; i < count; i++) {
            e = objects->remove(objects->self, ctx, &ids[i]);
            if (e != ERR_OK)
                return e;
        }
    }
}

enum err accounts_erase(struct core *core, struct ctx *ctx, const struct identity_credential *proof)
{
    const struct ports *ports = core->ports;
    const struct uuid id = ctx->actor->user_id;
    enum err e = check_owner(core, ctx, proof);
    if (e != ERR_OK)
        return e;
    struct user_record user = {.topic_reference = ""};
    e = ports->records.user_by_id(ports->records.self, ctx, &id, &user);
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    e = ports->notices.destroy(ports->notices.self, ctx, &id, user.topic_reference);
    if (e == ERR_OK)
        e = erase_letters(core, ctx, &id);
    if (e == ERR_OK)
        e = ports->keys.destroy(ports->keys.self, ctx, &id);
    if (e == ERR_OK)
        e = ports->identity.account_erase(ports->identity.self, ctx, proof->password);
    if (e == ERR_OK)
        sessions_forget_user(core, &id, NULL);
    return e;
}
