#include "aws/kms/kms_provision.h"

#include "aws/kms/key_policy.h"
#include "base/log.h"

#include <string.h>

static enum err refuse(struct ctx *ctx)
{
    log_error("user_keys_exhausted", "request=%s", ctx->request_id);
    return ctx_fail(ctx, ERR_SIGN_UP_CLOSED, "This server holds keys for no more users.");
}

static enum err check_room(struct aws_client *client, struct ctx *ctx)
{
    size_t max = aws_client_config(client)->user_keys_max;
    size_t count = 0;
    struct kms_key_walk walk = {0};
    enum err e;
    do {
        e = kms_next_keys(client, ctx, &walk);
        count += json_array_size(walk.keys);
    } while (e == ERR_OK && walk.keys != NULL && count < max);
    kms_key_walk_fini(&walk);
    return e == ERR_OK && count >= max ? refuse(ctx) : e;
}

static enum err create(struct aws_client *client, struct ctx *ctx, const struct uuid *user_id,
                       struct kms_key *out)
{
    struct buffer policy;
    buffer_init(&policy, KEY_POLICY_MAX_BYTES);
    enum err e = key_policy_write_user(aws_client_config(client), user_id, &policy);
    if (e != ERR_OK)
        e = ctx_log_fail(ctx, ERR_INTERNAL, "key_policy_unusable", "check=roles");
    else
        e = kms_create_key(client, ctx, user_id, buffer_bytes(&policy), out);
    buffer_fini(&policy);
    return e == ERR_SIGN_UP_CLOSED ? refuse(ctx) : e;
}

/* Someone else's key has the alias, or our own, if the answer to the first request was lost. */
static enum err adopt(struct aws_client *client, struct ctx *ctx, const char *alias,
                      const struct kms_key *ours, struct kms_key *out)
{
    enum err e = kms_describe_key(client, ctx, alias, out);
    if (e == ERR_NOT_FOUND) /* an alias is seen everywhere only after a moment */
        return ERR_UNAVAILABLE;
    if (e != ERR_OK || strcmp(out->arn, ours->arn) == 0)
        return e;
    return kms_schedule_deletion(client, ctx, ours->arn);
}

/* A key that will get no alias costs money for nothing. */
static enum err abandon(struct aws_client *client, struct ctx *ctx, const struct kms_key *ours,
                        enum err cause)
{
    if (kms_schedule_deletion(client, ctx, ours->arn) != ERR_OK)
        log_warning("key_left_over", "request=%s key=%s", ctx->request_id, ours->arn);
    return cause;
}

static enum err make(struct aws_client *client, struct ctx *ctx, const struct uuid *user_id,
                     const char *alias, struct kms_key *out)
{
    struct kms_key ours;
    enum err e = check_room(client, ctx);
    if (e == ERR_OK)
        e = create(client, ctx, user_id, &ours);
    if (e != ERR_OK)
        return e;
    e = kms_enable_rotation(client, ctx, ours.arn);
    if (e != ERR_OK)
        return abandon(client, ctx, &ours, e);
    e = kms_create_alias(client, ctx, alias, ours.arn);
    if (e == ERR_CONFLICT)
        return adopt(client, ctx, alias, &ours, out);
    if (e == ERR_INTERNAL)
        return abandon(client, ctx, &ours, e);
    *out = ours;
    return e;
}

enum err kms_provision(struct aws_client *client, struct ctx *ctx, const struct uuid *user_id,
                       struct kms_key *out)
{
    char alias[KMS_ALIAS_BYTES];
    kms_alias_of(user_id, alias);
    enum err e = kms_describe_key(client, ctx, alias, out);
    return e == ERR_NOT_FOUND ? make(client, ctx, user_id, alias, out) : e;
}

/* --- what was left over --- */

/* Keys of other makers are not ours to judge, those with an alias are in use, disabled ones wait
 * for an administrator. Under the rest nothing was ever wrapped: that takes an alias. */
static enum err sweep_key(struct aws_client *client, struct ctx *ctx, const char *arn,
                          size_t *swept)
{
    struct kms_key key;
    bool has_alias = true;
    bool is_of_user;
    enum err e = kms_is_of_user(client, ctx, arn, &is_of_user);
    if (e == ERR_OK && is_of_user)
        e = kms_has_alias(client, ctx, arn, &has_alias);
    if (e == ERR_OK && !has_alias)
        e = kms_describe_key(client, ctx, arn, &key);
    if (e != ERR_OK || has_alias || !key.enabled ||
        key.created_unix_ms > ctx->now_unix_ms - KMS_SWEEP_AGE_MS)
        return e;
    e = kms_schedule_deletion(client, ctx, arn);
    *swept += e == ERR_OK;
    return e;
}

static enum err sweep_page(struct aws_client *client, struct ctx *ctx, const json_t *page,
                           size_t *swept)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < json_array_size(page) && e == ERR_OK; i++) {
        const json_t *arn = json_object_get(json_array_get(page, i), "KeyArn");
        if (json_is_string(arn))
            e = sweep_key(client, ctx, json_string_value(arn), swept);
    }
    return e;
}

enum err kms_provision_sweep(struct aws_client *client, struct ctx *ctx, size_t *swept)
{
    struct kms_key_walk walk = {0};
    enum err e;
    *swept = 0;
    do {
        e = kms_next_keys(client, ctx, &walk);
        if (e == ERR_OK)
            e = sweep_page(client, ctx, walk.keys, swept);
    } while (e == ERR_OK && walk.keys != NULL);
    kms_key_walk_fini(&walk);
    return e;
}
