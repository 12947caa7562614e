#include "aws/cognito/session_map.h"

#include "aws/cognito/users_item.h"
#include "base/digest.h"
#include "base/encode.h"

#include <stdlib.h>
#include <string.h>

#define SESSION_PREFIX "s#"
/* Rounds of ending all: whatever slips in between the first two is caught by the third. */
#define END_ROUNDS_MAX 4u

static const char *item_key(struct arena *arena, const struct uuid *user_id)
{
    char text[UUID_TEXT_BYTES];
    uuid_format(user_id, text);
    return arena_printf(arena, "sessions#%s", text);
}

static const char *attribute_of(struct arena *arena, const struct uuid *session_id)
{
    char text[UUID_TEXT_BYTES];
    uuid_format(session_id, text);
    return arena_printf(arena, SESSION_PREFIX "%s", text);
}

static json_t *update(struct aws_client *client, struct ctx *ctx, const struct uuid *user_id,
                      const char *expression)
{
    json_t *in = users_item_request(client, item_key(ctx->arena, user_id));
    json_object_set_new(in, "UpdateExpression", json_string(expression));
    return in;
}

/* --- rows --- */

static json_t *to_row(const struct identity_session *session)
{
    json_t *row = json_object();
    dynamo_item_set_number(row, "createdAt", session->created_unix_ms);
    dynamo_item_set_number(row, "lastUsedAt", session->last_used_unix_ms);
    dynamo_item_set_number(row, "expiresAt", session->expires_unix_ms);
    dynamo_item_set_text(row, "client", bytes_of_str(session->client));
    return row;
}

/* False for an attribute that is no session. */
static bool from_row(struct arena *arena, const char *name, const json_t *item,
                     struct identity_session *out)
{
    const json_t *row;
    struct bytes text = bytes_of_str(name);
    struct bytes client;
    if (!bytes_starts_with(text, BYTES_LIT(SESSION_PREFIX)) ||
        !uuid_parse(bytes_slice(text, sizeof SESSION_PREFIX - 1, text.n), &out->id) ||
        !dynamo_item_map(item, name, &row) ||
        !dynamo_item_number(row, "createdAt", &out->created_unix_ms) ||
        !dynamo_item_number(row, "lastUsedAt", &out->last_used_unix_ms) ||
        !dynamo_item_number(row, "expiresAt", &out->expires_unix_ms) ||
        !dynamo_item_text(row, "client", &client))
        return false;
    out->client = arena_str(arena, client);
    return true;
}

static void read_sessions(struct arena *arena, const json_t *item, struct identity_session **out,
                          size_t *count)
{
    const char *name;
    const json_t *value;
    *count = 0;
    *out = arena_calloc(arena, json_object_size(item), sizeof **out);
    /* Jansson's iteration takes no const object, and changes nothing. */
    for (void *at = json_object_iter((json_t *)(uintptr_t)item); at != NULL;
         at = json_object_iter_next((json_t *)(uintptr_t)item, at)) {
        name = json_object_iter_key(at);
        value = json_object_iter_value(at);
        if (value != NULL && from_row(arena, name, item, &(*out)[*count]))
            (*count)++;
    }
}

/* --- removing --- */

/* Adds "REMOVE" of the sessions to an expression. */
static void remove_sessions(struct ctx *ctx, json_t *in, const struct identity_session *sessions,
                            size_t count)
{
    struct buffer expression;
    buffer_init(&expression, 16384);
    buffer_append_str(&expression, json_string_value(json_object_get(in, "UpdateExpression")));
    for (size_t i = 0; i < count; i++) {
        const char *alias = arena_printf(ctx->arena, "#r%zu", i);
        buffer_printf(&expression, "%s%s", i == 0 ? " REMOVE " : ", ", alias);
        users_item_name(in, alias, attribute_of(ctx->arena, &sessions[i].id));
    }
    json_object_set_new(in, "UpdateExpression", json_from_bytes(buffer_bytes(&expression)));
    buffer_fini(&expression);
}

static int unused_longest_first(const void *a, const void *b)
{
    const struct identity_session *x = a;
    const struct identity_session *y = b;
    return (x->last_used_unix_ms > y->last_used_unix_ms) -
           (x->last_used_unix_ms < y->last_used_unix_ms);
}

/* Removes what expired, and what is too much, but never the new one. */
static enum err trim(struct aws_client *client, struct ctx *ctx, const struct uuid *user_id,
                     const json_t *item, const struct uuid *newest)
{
    struct identity_session *sessions;
    size_t count;
    size_t gone = 0;
    read_sessions(ctx->arena, item, &sessions, &count);
    qsort(sessions, count, sizeof *sessions, unused_longest_first);
    size_t excess = count > SESSION_MAP_MAX ? count - SESSION_MAP_MAX : 0;
    for (size_t i = 0; i < count; i++) {
        bool expired = sessions[i].expires_unix_ms <= ctx->now_unix_ms;
        if ((expired || gone < excess) && !uuid_equal(&sessions[i].id, newest))
            sessions[gone++] = sessions[i];
    }
    if (gone == 0)
        return ERR_OK;
    json_t *in = update(client, ctx, user_id, "");
    remove_sessions(ctx, in, sessions, gone);
    return users_item_run(client, ctx, "UpdateItem", in);
}

/* --- the functions --- */

enum err session_map_add(struct aws_client *client, struct ctx *ctx, const struct uuid *user_id,
                         const struct identity_session *session)
{
    struct dynamo_answer answer = {0};
    json_t *in = update(client, ctx, user_id, "SET #s = :s, #ttl = :ttl");
    users_item_name(in, "#s", attribute_of(ctx->arena, &session->id));
    users_item_name(in, "#ttl", "ttl");
    dynamo_item_set_map(users_item_values(in), ":s", to_row(session));
    users_item_set_ttl(users_item_values(in), ":ttl", session->expires_unix_ms);
    dynamo_item_set_number(users_item_values(in), ":began", session->created_unix_ms);
    json_object_set_new(in, "ConditionExpression",
                        json_string("attribute_not_exists(endedAt) OR endedAt <= :began"));
    json_object_set_new(in, "ReturnValues", json_string("ALL_NEW"));
    enum err e = dynamo_call_run(client, ctx, "UpdateItem", in, &answer);
    if (e == ERR_OK && answer.refused)
        e = ERR_UNAUTHENTICATED;
    if (e == ERR_OK)
        e = trim(client, ctx, user_id, json_object_get(answer.body, "Attributes"), &session->id);
    dynamo_call_end(&answer);
    return e;
}

enum err session_map_touch(struct aws_client *client, struct ctx *ctx, const struct uuid *user_id,
                           const struct uuid *session_id, int64_t *expires_unix_ms)
{
    struct dynamo_answer answer = {0};
    struct identity_session session;
    const char *name = attribute_of(ctx->arena, session_id);
    json_t *in = update(client, ctx, user_id, "SET #s.lastUsedAt = :now");
    users_item_name(in, "#s", name);
    dynamo_item_set_number(users_item_values(in), ":now", ctx->now_unix_ms);
    json_object_set_new(in, "ConditionExpression",
                        json_string("attribute_exists(#s) AND #s.expiresAt > :now"));
    json_object_set_new(in, "ReturnValues", json_string("ALL_NEW"));
    enum err e = dynamo_call_run(client, ctx, "UpdateItem", in, &answer);
    if (e == ERR_OK &&
        (answer.refused ||
         !from_row(ctx->arena, name, json_object_get(answer.body, "Attributes"), &session)))
        e = ERR_UNAUTHENTICATED;
    if (e == ERR_OK)
        *expires_unix_ms = session.expires_unix_ms;
    dynamo_call_end(&answer);
    return e;
}

static enum err get(struct aws_client *client, struct ctx *ctx, const struct uuid *user_id,
                    const char *only, struct dynamo_answer *answer)
{
    json_t *in = users_item_request(client, item_key(ctx->arena, user_id));
    json_object_set_new(in, "ConsistentRead", json_true());
    if (only != NULL) {
        json_object_set_new(in, "ProjectionExpression", json_string("#s"));
        users_item_name(in, "#s", only);
    }
    return dynamo_call_run(client, ctx, "GetItem", in, answer);
}

enum err session_map_check(struct aws_client *client, struct ctx *ctx, const struct uuid *user_id,
                           const struct uuid *session_id)
{
    struct dynamo_answer answer = {0};
    struct identity_session session;
    const char *name = attribute_of(ctx->arena, session_id);
    enum err e = get(client, ctx, user_id, name, &answer);
    if (e == ERR_OK && (!from_row(ctx->arena, name, dynamo_call_item(&answer), &session) ||
                        session.expires_unix_ms <= ctx->now_unix_ms))
        e = ERR_UNAUTHENTICATED;
    dynamo_call_end(&answer);
    return e;
}

static int newest_first(const void *a, const void *b)
{
    const struct identity_session *x = a;
    const struct identity_session *y = b;
    return (x->created_unix_ms < y->created_unix_ms) - (x->created_unix_ms > y->created_unix_ms);
}

enum err session_map_list(struct aws_client *client, struct ctx *ctx, const struct uuid *user_id,
                          struct identity_session **out, size_t *count)
{
    struct dynamo_answer answer = {0};
    size_t all = 0;
    enum err e = get(client, ctx, user_id, NULL, &answer);
    *count = 0;
    if (e == ERR_OK)
        read_sessions(ctx->arena, dynamo_call_item(&answer), out, &all);
    for (size_t i = 0; i < all; i++) {
        if ((*out)[i].expires_unix_ms > ctx->now_unix_ms)
            (*out)[(*count)++] = (*out)[i];
    }
    if (*count > 1)
        qsort(*out, *count, sizeof **out, newest_first);
    dynamo_call_end(&answer);
    return e;
}

enum err session_map_end(struct aws_client *client, struct ctx *ctx, const struct uuid *user_id,
                         const struct uuid *session_id)
{
    struct dynamo_answer answer = {0};
    json_t *in = update(client, ctx, user_id, "REMOVE #s");
    users_item_name(in, "#s", attribute_of(ctx->arena, session_id));
    json_object_set_new(in, "ConditionExpression", json_string("attribute_exists(#s)"));
    enum err e = dynamo_call_run(client, ctx, "UpdateItem", in, &answer);
    if (e == ERR_OK && answer.refused)
        e = ERR_NOT_FOUND;
    dynamo_call_end(&answer);
    return e;
}

/* Those of the item that are to end: began by now, and not kept. */
static size_t find_ending(struct ctx *ctx, const json_t *item, const struct uuid *kept,
                          struct identity_session **out)
{
    size_t all;
    size_t count = 0;
    read_sessions(ctx->arena, item, out, &all);
    for (size_t i = 0; i < all; i++) {
        bool stays = (kept != NULL && uuid_equal(&(*out)[i].id, kept)) ||
                     (*out)[i].created_unix_ms > ctx->now_unix_ms;
        if (!stays)
            (*out)[count++] = (*out)[i];
    }
    return count;
}

enum err session_map_end_all(struct aws_client *client, struct ctx *ctx, const struct uuid *user_id,
                             const struct uuid *kept)
{
    struct identity_session *sessions = NULL;
    size_t count = 0;
    enum err e = ERR_OK;
    for (unsigned round = 0; e == ERR_OK && (round == 0 || count > 0); round++) {
        struct dynamo_answer answer = {0};
        if (round == END_ROUNDS_MAX)
            return ctx_log_fail(ctx, ERR_UNAVAILABLE, "sessions_not_ended", "left=%zu", count);
        json_t *in = update(client, ctx, user_id, "SET endedAt = :now, #ttl = :ttl");
        users_item_name(in, "#ttl", "ttl");
        dynamo_item_set_number(users_item_values(in), ":now", ctx->now_unix_ms);
        users_item_set_ttl(users_item_values(in), ":ttl",
                           ctx->now_unix_ms + aws_client_config(client)->session_lifetime_s * 1000);
        json_object_set_new(in, "ReturnValues", json_string("ALL_NEW"));
        remove_sessions(ctx, in, sessions, count);
        e = dynamo_call_run(client, ctx, "UpdateItem", in, &answer);
        if (e == ERR_OK)
            count = find_ending(ctx, json_object_get(answer.body, "Attributes"), kept, &sessions);
        dynamo_call_end(&answer);
    }
    return e;
}

/* --- refresh tokens that were used up --- */

static const char *refresh_key(struct arena *arena, struct bytes refresh_token)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    struct buffer text;
    digest_sha256(refresh_token, digest);
    buffer_init(&text, 2 * sizeof digest);
    buffer_append_str(&text, "refresh#");
    encode_base64url(&text, bytes_of(digest, sizeof digest));
    const char *key = arena_str(arena, buffer_bytes(&text));
    buffer_fini(&text);
    return key;
}

enum err session_map_rotated(struct aws_client *client, struct ctx *ctx, struct bytes refresh_token,
                             const struct uuid *user_id, const struct uuid *session_id)
{
    json_t *item = users_item_key(refresh_key(ctx->arena, refresh_token));
    dynamo_item_set_uuid(item, "ownerId", user_id);
    dynamo_item_set_uuid(item, "sessionId", session_id);
    users_item_set_ttl(item, "ttl",
                       ctx->now_unix_ms + aws_client_config(client)->session_lifetime_s * 1000);
    return users_item_put(client, ctx, item);
}

enum err session_map_end_reused(struct aws_client *client, struct ctx *ctx,
                                struct bytes refresh_token)
{
    struct dynamo_answer answer = {0};
    struct uuid user_id;
    struct uuid session_id;
    json_t *in = users_item_request(client, refresh_key(ctx->arena, refresh_token));
    json_object_set_new(in, "ConsistentRead", json_true());
    enum err e = dynamo_call_run(client, ctx, "GetItem", in, &answer);
    const json_t *item = dynamo_call_item(&answer);
    if (e == ERR_OK && dynamo_item_uuid(item, "ownerId", &user_id) &&
        dynamo_item_uuid(item, "sessionId", &session_id)) {
        e = session_map_end(client, ctx, &user_id, &session_id);
        e = e == ERR_NOT_FOUND ? ERR_OK : e;
    }
    dynamo_call_end(&answer);
    return e;
}
