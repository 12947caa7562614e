#include "pool.h"

#include "../kms/deployment.h"
#include "aws/client/transport.h"
#include "aws/cognito/cognito_admin.h"
#include "aws/cognito/cognito_invites.h"
#include "base/json.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TIMEOUT_MS 60000
#define ANSWER_MAX_BYTES (8u << 20)
#define MAILS_MAX 512u
#define SESSION_LIFETIME_S (30 * 24 * 3600)

/* --- the double --- */

json_t *pool_control(struct pool *pool, const char *name, json_t *in)
{
    struct transport *transport = transport_create("");
    struct transport_answer answer;
    struct buffer body;
    const char *cause;
    buffer_init(&body, ANSWER_MAX_BYTES);
    json_write(&body, in);
    json_decref(in);
    const struct transport_request request = {
        .method = "POST",
        .url = arena_printf(&pool->arena, "%s/_double/%s", pool->config.endpoint, name),
        .body = buffer_bytes(&body),
        .timeout_ms = TIMEOUT_MS,
        .answer_max = ANSWER_MAX_BYTES,
    };
    assert_int_equal(transport_exchange(transport, &request, &answer, &cause), TRANSPORT_ANSWERED);
    assert_int_equal(answer.status, 200);
    json_t *out = json_loadb((const char *)answer.body.p, answer.body.n, JSON_DECODE_ANY, NULL);
    assert_non_null(out);
    transport_answer_fini(&answer);
    transport_destroy(transport);
    buffer_fini(&body);
    return out;
}

void pool_fault(struct pool *pool, const char *match, const char *kind, const char *code)
{
    json_t *in = json_pack("{s:s,s:s}", "match", match, "kind", kind);
    if (code != NULL)
        json_object_set_new(in, "code", json_string(code));
    json_decref(pool_control(pool, "fault", in));
}

void pool_answer(struct pool *pool, const char *match, const char *body)
{
    json_decref(pool_control(
        pool, "fault", json_pack("{s:s,s:s,s:s}", "match", match, "kind", "body", "body", body)));
}

void pool_expire_code(struct pool *pool, const char *kind, const char *username)
{
    json_decref(pool_control(pool, "expire_code",
                             json_pack("{s:s,s:s,s:s}", "pool", pool->config.user_pool_id, "kind",
                                       kind, "username", username)));
}

/* --- making a pool --- */

/* A client with the credentials that the environment names by that prefix. */
static struct aws_client *client_of(struct pool *pool, const char *prefix)
{
    static const char *const names[] = {"ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"};
    struct aws_client *client;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(arena_printf(&pool->arena, "%s_%s", prefix, names[i]));
        assert_non_null(value);
        (void)setenv(arena_printf(&pool->arena, "AWS_%s", names[i]), value, 1);
    }
    assert_int_equal(aws_client_create(&pool->ctx, &pool->config, &client), ERR_OK);
    return client;
}

/* Takes in; gives a text of the answer, or of an object in it. */
static const char *operate(struct pool *pool, const char *operation, json_t *in, const char *object,
                           const char *name)
{
    const struct aws_call like = {
        .service = AWS_COGNITO_IDP, .operation = operation, .signing = AWS_SIGN_SERVER};
    struct aws_answer answer;
    struct bytes text;
    json_t *out;
    assert_non_null(in);
    assert_int_equal(aws_client_json(pool->admin, &pool->ctx, &like, in, &out, &answer), ERR_OK);
    assert_string_equal(answer.code, "");
    const json_t *holder = object == NULL ? out : json_object_get(out, object);
    assert_true(json_get_bytes(holder, name, &text));
    const char *copy = arena_str(&pool->arena, text);
    json_decref(out);
    json_decref(in);
    return copy;
}

/* As Terraform sets it. */
static void make_pool(struct pool *pool, bool rotating)
{
    pool->config.user_pool_id =
        operate(pool, "CreateUserPool",
                json_pack("{s:s,s:[s],s:[s],s:{s:b},s:{s:{s:i}}}", "PoolName", "household",
                          "AliasAttributes", "email", "AutoVerifiedAttributes", "email",
                          "UsernameConfiguration", "CaseSensitive", 0, "Policies", "PasswordPolicy",
                          "MinimumLength", 10),
                "UserPool", "Id");
    (void)operate(pool, "SetUserPoolMfaConfig",
                  json_pack("{s:s,s:s,s:{s:b}}", "UserPoolId", pool->config.user_pool_id,
                            "MfaConfiguration", "OPTIONAL", "SoftwareTokenMfaConfiguration",
                            "Enabled", 1),
                  NULL, "MfaConfiguration");
    json_t *client =
        json_pack("{s:s,s:s,s:b,s:b,s:s,s:i}", "UserPoolId", pool->config.user_pool_id,
                  "ClientName", "household", "GenerateSecret", 0, "EnableTokenRevocation", 1,
                  "PreventUserExistenceErrors", "ENABLED", "RefreshTokenValidity", 30);
    json_object_set_new(
        client, "ExplicitAuthFlows",
        rotating ? json_pack("[s]", "ALLOW_USER_PASSWORD_AUTH")
                 : json_pack("[s,s]", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"));
    if (rotating)
        json_object_set_new(
            client, "RefreshTokenRotation",
            json_pack("{s:s,s:i}", "Feature", "ENABLED", "RetryGracePeriodSeconds", 0));
    pool->config.client_id =
        operate(pool, "CreateUserPoolClient", client, "UserPoolClient", "ClientId");
    pool->config.jwks_url = arena_printf(&pool->arena, "%s/%s/.well-known/jwks.json",
                                         pool->config.endpoint, pool->config.user_pool_id);
}

/* --- the household --- */

static void open_parts(struct pool *pool, struct identity *identity, struct keys *keys)
{
    pool->client = client_of(pool, "SERVER");
    pool->identity = cognito_identity_create(pool->client);
    pool->kms = kms_keys_create(pool->client, NULL);
    *identity = cognito_identity_port(pool->identity);
    *keys = kms_keys_port(pool->kms);
}

static void close_parts(struct pool *pool)
{
    kms_keys_destroy(pool->kms);
    cognito_identity_destroy(pool->identity);
    aws_client_destroy(pool->client);
}

static void *make_with(struct identity *identity, struct keys *keys, bool rotating)
{
    struct pool *pool = mem_alloc(sizeof *pool);
    pool->config = deployment_config();
    pool->config.session_lifetime_s = SESSION_LIFETIME_S;
    ctx_init(&pool->ctx, &pool->arena, TIMEOUT_MS);
    pool->taken = arena_calloc(&pool->arena, MAILS_MAX, sizeof *pool->taken);
    pool->admin = client_of(pool, "ADMIN");
    make_pool(pool, rotating);
    open_parts(pool, identity, keys);
    return pool;
}

static void *make(struct identity *identity, struct keys *keys)
{
    return make_with(identity, keys, false);
}

static void *make_rotating(struct identity *identity, struct keys *keys)
{
    return make_with(identity, keys, true);
}

static void restart(void *made, struct identity *identity, struct keys *keys)
{
    close_parts(made);
    open_parts(made, identity, keys);
}

static void unmake(void *made)
{
    struct pool *pool = made;
    json_decref(pool_control(pool, "clear_faults", json_object()));
    close_parts(pool);
    aws_client_destroy(pool->admin);
    arena_fini(&pool->arena);
    mem_free(pool);
}

/* --- mail --- */

static bool is_taken(const struct pool *pool, size_t place)
{
    for (size_t i = 0; i < pool->taken_count; i++) {
        if (pool->taken[i] == place)
            return true;
    }
    return false;
}

static bool has(const json_t *mail, const char *name, const char *value)
{
    struct bytes text;
    return json_get_bytes(mail, name, &text) && (value == NULL || bytes_equal_str(text, value));
}

/* Finds the oldest mail that was not taken; NULL matches all. Its place among the pool's mails. */
static bool find_mail(struct pool *pool, const char *to, const char *kind, size_t *place,
                      char code[HOUSEHOLD_CODE_BYTES])
{
    json_t *mails = pool_control(pool, "mail", json_object());
    bool found = false;
    size_t at = 0;
    size_t i;
    const json_t *mail;
    json_array_foreach(mails, i, mail)
    {
        if (!has(mail, "pool", pool->config.user_pool_id))
            continue;
        size_t here = at++;
        if (found || is_taken(pool, here) || !has(mail, "to", to) || !has(mail, "kind", kind))
            continue;
        found = true;
        *place = here;
        (void)snprintf(code, HOUSEHOLD_CODE_BYTES, "%s",
                       json_string_value(json_object_get(mail, "code")));
    }
    json_decref(mails);
    return found;
}

static void take_mail(void *made, const char *email, enum household_mail kind,
                      char code[HOUSEHOLD_CODE_BYTES])
{
    struct pool *pool = made;
    size_t place;
    assert_true(kind == HOUSEHOLD_CONFIRM || kind == HOUSEHOLD_RESET);
    assert_true(
        find_mail(pool, email, kind == HOUSEHOLD_CONFIRM ? "signup" : "forgot", &place, code));
    assert_true(pool->taken_count < MAILS_MAX);
    pool->taken[pool->taken_count++] = place;
}

static bool no_mail(void *made)
{
    size_t place;
    char code[HOUSEHOLD_CODE_BYTES];
    return !find_mail(made, NULL, NULL, &place, code);
}

/* --- what operators do --- */

static void invite(void *made, struct ctx *ctx, char out[HOUSEHOLD_INVITE_BYTES])
{
    struct pool *pool = made;
    _Static_assert(INVITE_TEXT_BYTES <= HOUSEHOLD_INVITE_BYTES, "an invitation fits");
    assert_int_equal(cognito_invites_create(pool->client, ctx, out), ERR_OK);
}

static void set_disabled(void *made, struct ctx *ctx, const char *username, bool disabled)
{
    struct pool *pool = made;
    struct uuid id;
    struct cognito_identity *identity = cognito_identity_create(pool->admin);
    assert_int_equal(
        cognito_admin_set_disabled(identity, ctx, bytes_of_str(username), disabled, &id), ERR_OK);
    cognito_identity_destroy(identity);
}

/* Nothing is left to sweep: DynamoDB drops what is past. */
static void sweep(void *made, struct ctx *ctx)
{
    (void)made;
    (void)ctx;
}

const struct household_maker pool_maker = {
    .make = make,
    .restart = restart,
    .unmake = unmake,
    .take_mail = take_mail,
    .no_mail = no_mail,
    .invite = invite,
    .set_disabled = set_disabled,
    .sweep = sweep,
};

const struct household_maker pool_rotating_maker = {
    .make = make_rotating,
    .restart = restart,
    .unmake = unmake,
    .take_mail = take_mail,
    .no_mail = no_mail,
    .invite = invite,
    .set_disabled = set_disabled,
    .sweep = sweep,
};
