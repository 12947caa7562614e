#include "aws/cognito/cognito_invites.h"

#include "aws/cognito/users_item.h"
#include "base/encode.h"

static const char *key_of(struct arena *arena, const uint8_t digest[DIGEST_SHA256_BYTES])
{
    struct buffer text;
    buffer_init(&text, (size_t)2 * DIGEST_SHA256_BYTES);
    buffer_append_str(&text, "invite#");
    encode_base64url(&text, bytes_of(digest, DIGEST_SHA256_BYTES));
    const char *key = arena_str(arena, buffer_bytes(&text));
    buffer_fini(&text);
    return key;
}

enum err cognito_invites_create(struct aws_client *client, struct ctx *ctx,
                                char out[INVITE_TEXT_BYTES])
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    invite_make(out, digest);
    json_t *item = users_item_key(key_of(ctx->arena, digest));
    int64_t end_unix_ms = ctx->now_unix_ms + INVITE_LIFETIME_MS;
    dynamo_item_set_number(item, "expiresAt", end_unix_ms);
    users_item_set_ttl(item, "ttl", end_unix_ms);
    return users_item_put(client, ctx, item);
}

/* Changes the invitation's use if the condition holds. */
static enum err change(struct aws_client *client, struct ctx *ctx, struct bytes typed,
                       const struct uuid *mark, const char *update, const char *condition)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    struct dynamo_answer answer = {0};
    if (!invite_read(typed, digest))
        return ERR_INVITE_REQUIRED;
    json_t *in = users_item_request(client, key_of(ctx->arena, digest));
    json_object_set_new(in, "UpdateExpression", json_string(update));
    json_object_set_new(in, "ConditionExpression", json_string(condition));
    dynamo_item_set_uuid(users_item_values(in), ":mark", mark);
    dynamo_item_set_number(users_item_values(in), ":now", ctx->now_unix_ms);
    enum err e = dynamo_call_run(client, ctx, "UpdateItem", in, &answer);
    if (e == ERR_OK && answer.refused)
        e = ERR_INVITE_REQUIRED;
    dynamo_call_end(&answer);
    return e;
}

enum err cognito_invites_use(struct aws_client *client, struct ctx *ctx, struct bytes typed,
                             const struct uuid *mark)
{
    return change(client, ctx, typed, mark, "SET usedBy = :mark",
                  "expiresAt > :now AND (attribute_not_exists(usedBy) OR usedBy = :mark)");
}

void cognito_invites_give_back(struct aws_client *client, struct ctx *ctx, struct bytes typed,
                               const struct uuid *mark)
{
    enum err e =
        change(client, ctx, typed, mark, "REMOVE usedBy", "expiresAt > :now AND usedBy = :mark");
    if (e != ERR_OK)
        (void)ctx_log_fail(ctx, e, "invite_lost", "%s", "");
}
