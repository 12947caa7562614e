#include "core/sessions.h"

#include "base/digest.h"
#include "core/events.h"
#include "core/provision.h"
#include "core/token.h"

static enum err check_power(const struct actor *actor, enum actor_power wanted)
{
    return wanted == ACTOR_ID && actor->power != ACTOR_ID ? ERR_ID_TOKEN_REQUIRED : ERR_OK;
}

static bool recall(struct core *core, const struct ctx *ctx, const uint8_t *digest,
                   struct bytes token, struct actor *out)
{
    if (!cache_get(core->tokens, digest, ctx->now_unix_ms, out))
        return false;
    if (out->power == ACTOR_ID)
        out->id_token = token;
    return true;
}

enum err sessions_recall(struct core *core, struct ctx *ctx, struct bytes token,
                         enum actor_power wanted, struct actor *out, bool *known)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    digest_sha256(token, digest);
    *known = recall(core, ctx, digest, token, out);
    return *known ? check_power(out, wanted) : ERR_OK;
}

/* Unless tokens were forgotten since the session was checked: it may have been this one. */
static void remember(struct core *core, const struct ctx *ctx, const uint8_t *digest,
                     unsigned forgotten_before, const struct actor *actor)
{
    struct actor kept = *actor;
    kept.id_token = (struct bytes){0};
    int64_t end = ctx->now_unix_ms + SESSIONS_CACHE_MS;
    cache_put(core->tokens, digest, kept.expires_unix_ms < end ? kept.expires_unix_ms : end, &kept);
    if (atomic_load(&core->tokens_forgotten) != forgotten_before)
        cache_put(core->tokens, digest, 0, &kept);
    actor_fini(&kept);
}

enum err sessions_authenticate(struct core *core, struct ctx *ctx, struct bytes token,
                               enum actor_power wanted, struct actor *out)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    digest_sha256(token, digest);
    if (recall(core, ctx, digest, token, out))
        return check_power(out, wanted);
    enum err e = token_verify(core->verifier, ctx, token, out);
    if (e != ERR_OK)
        return e;
    unsigned forgotten_before = atomic_load(&core->tokens_forgotten);
    e = core->ports->identity.session_check(core->ports->identity.self, ctx, out);
    if (e != ERR_OK)
        return e;
    remember(core, ctx, digest, forgotten_before, out);
    return check_power(out, wanted);
}

/* Refused is what a guess brings about; trouble of our own is none, nor is the question for a code,
 * which follows a right password. */
static void count_sign_in(struct core_counts *counts, enum err e)
{
    if (e == ERR_OK)
        core_count(&counts->sign_ins_granted);
    else if (e == ERR_BAD_CREDENTIALS || e == ERR_TOTP_MISMATCH || e == ERR_RATE_LIMITED)
        core_count(&counts->sign_ins_refused);
}

enum err sessions_sign_in(struct core *core, struct ctx *ctx, struct bytes login,
                          const struct identity_credential *credential, struct bytes client,
                          struct identity_grant *out)
{
    const struct identity *identity = &core->ports->identity;
    enum err e = identity->sign_in(identity->self, ctx, login, credential, client, out);
    count_sign_in(&core->counts, e);
    if (e != ERR_OK)
        return e;
    /* Not a reason to withhold the grant, whose recovery key is given only once: the profile tries
     * again. */
    enum err provisioned = provision_complete(core, ctx, &out->user_id);
    if (provisioned != ERR_OK)
        (void)ctx_log_fail(ctx, provisioned, "provision_failed", "when=sign_in");
    return ERR_OK;
}

enum err sessions_refresh(struct core *core, struct ctx *ctx, struct bytes refresh_token,
                          struct identity_grant *out)
{
    const struct identity *identity = &core->ports->identity;
    enum err e = identity->refresh(identity->self, ctx, refresh_token, out);
    if (e == ERR_REFRESH_REUSED) {
        /* Which session just ended is not told. A session can bring this about only once. */
        atomic_fetch_add(&core->tokens_forgotten, 1);
        cache_clear(core->tokens);
    }
    return e;
}

static bool is_of_session(const void *value, const void *arg)
{
    const struct actor *actor = value;
    return uuid_equal(&actor->session_id, arg);
}

void sessions_forget(struct core *core, const struct uuid *session_id)
{
    atomic_fetch_add(&core->tokens_forgotten, 1);
    cache_drop_if(core->tokens, is_of_session, session_id);
}

struct forgotten {
    const struct uuid *user_id;
    const struct uuid *kept;
};

static bool is_forgotten(const void *value, const void *arg)
{
    const struct actor *actor = value;
    const struct forgotten *which = arg;
    return uuid_equal(&actor->user_id, which->user_id) &&
           (which->kept == NULL || !uuid_equal(&actor->session_id, which->kept));
}

void sessions_forget_user(struct core *core, const struct uuid *user_id, const struct uuid *kept)
{
    struct forgotten which = {user_id, kept};
    atomic_fetch_add(&core->tokens_forgotten, 1);
    cache_drop_if(core->tokens, is_forgotten, &which);
    events_end(core->events, user_id);
}

enum err sessions_end(struct core *core, struct ctx *ctx, const struct uuid *id)
{
    const struct identity *identity = &core->ports->identity;
    enum err e = identity->session_end(identity->self, ctx, id);
    if (e != ERR_OK)
        return e;
    sessions_forget(core, id);
    events_end(core->events, &ctx->actor->user_id);
    return ERR_OK;
}

enum err sessions_end_others(struct core *core, struct ctx *ctx)
{
    const struct identity *identity = &core->ports->identity;
    const struct uuid *kept = &ctx->actor->session_id;
    enum err e = identity->sessions_end_all(identity->self, ctx, kept);
    if (e == ERR_OK)
        sessions_forget_user(core, &ctx->actor->user_id, kept);
    return e;
}
