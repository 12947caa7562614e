#include "core/provision.h"

#include <string.h>

enum err provision_user(struct core *core, struct ctx *ctx, const struct provision_account *account)
{
    const struct ports *ports = core->ports;
    struct key_description key;
    enum err e = ports->keys.provision(ports->keys.self, ctx, &account->id, &key);
    if (e != ERR_OK)
        return e;
    struct user_record user = {
        .id = account->id,
        .username = account->username,
        .email = account->email,
        .state = account->disabled ? USER_DISABLED : USER_READY,
        .created_unix_ms = account->created_unix_ms,
    };
    memcpy(user.key_reference, key.reference, sizeof user.key_reference);
    e = ports->notices.provision(ports->notices.self, ctx, &account->id,
                                 bytes_of_str(account->email), &user.topic_reference);
    if (e != ERR_OK)
        return e;
    return ports->records.user_put(ports->records.self, ctx, &user);
}

/* The identity port answers for the actor, and at confirmation or sign-in there is none yet. */
static enum err account_of(struct core *core, struct ctx *ctx, const struct uuid *id,
                           struct identity_account *out)
{
    const struct identity *identity = &core->ports->identity;
    const struct actor *before = ctx->actor;
    struct actor owner = {.user_id = *id};
    ctx->actor = &owner;
    enum err e = identity->account(identity->self, ctx, out);
    ctx->actor = before;
    return e;
}

enum err provision_by_id(struct core *core, struct ctx *ctx, const struct uuid *id)
{
    struct identity_account account;
    enum err e = account_of(core, ctx, id, &account);
    if (e != ERR_OK)
        return e;
    const struct provision_account in = {
        .id = *id,
        .username = account.username,
        .email = account.email,
        .created_unix_ms = account.created_unix_ms,
        .disabled = account.disabled,
    };
    return provision_user(core, ctx, &in);
}

enum err provision_complete(struct core *core, struct ctx *ctx, const struct uuid *id)
{
    const struct records *records = &core->ports->records;
    struct user_record user;
    enum err e = records->user_by_id(records->self, ctx, id, &user);
    if (e == ERR_OK && user.state != USER_PROVISIONING)
        return ERR_OK;
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    return provision_by_id(core, ctx, id);
}
