/* The contract of ports/keys.h on KMS, run by tests/aws/test_keys.py. People sign up at the user
 * pool by its public operations; a pool serves all cases, so that each has names of its own. */
#include "aws/kms/kms_keys.h"
#include "base/json.h"
#include "base/mem.h"
#include "contract_keys.h"
#include "deployment.h"
#include "household.h"

#include <curl/curl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define TIMEOUT_MS 60000
#define TRANSFER_SECONDS 20L
#define ANSWER_MAX_BYTES (1u << 20)

struct made {
    unsigned number;
    struct aws_config config;
    struct arena arena;
    struct ctx ctx;
    struct aws_client *client;
    struct owner_credentials *owners;
    struct kms_keys *keys;
};

static unsigned cases;

/* --- plain HTTP --- */

static size_t take(char *p, size_t size, size_t n, void *out)
{
    buffer_append(out, bytes_of(p, size * n));
    return size * n;
}

/* The body of an answer, in the context's arena; GET without a body to post. */
static struct bytes fetch(struct ctx *ctx, const char *url, const char *body)
{
    struct buffer answer;
    buffer_init(&answer, ANSWER_MAX_BYTES);
    CURL *curl = curl_easy_init();
    assert_non_null(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, TRANSFER_SECONDS);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    if (body != NULL)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    assert_int_equal(curl_easy_perform(curl), CURLE_OK);
    curl_easy_cleanup(curl);
    struct bytes out = arena_copy(ctx->arena, buffer_bytes(&answer));
    buffer_fini(&answer);
    return out;
}

/* --- the user pool --- */

static char *username_of(const struct made *made, struct ctx *ctx, struct bytes name)
{
    return arena_printf(ctx->arena, "%.*s-%u", BYTES_FMT(name), made->number);
}

static char *email_of(const struct made *made, struct ctx *ctx, struct bytes email)
{
    return arena_printf(ctx->arena, "%u-%.*s", made->number, BYTES_FMT(email));
}

/* Takes in; gives a new reference to what must be a success. */
static json_t *call(struct made *made, struct ctx *ctx, const char *operation, json_t *in)
{
    const struct aws_call like = {
        .service = AWS_COGNITO_IDP, .operation = operation, .signing = AWS_SIGN_NONE};
    struct aws_answer answer;
    json_t *out;
    assert_non_null(in);
    assert_int_equal(aws_client_json(made->client, ctx, &like, in, &out, &answer), ERR_OK);
    assert_string_equal(answer.code, "");
    json_decref(in);
    return out;
}

static enum err sign_up(void *self, struct ctx *ctx, const struct identity_sign_up *in,
                        struct uuid *user_id, struct identity_delivery *delivery)
{
    struct made *made = self;
    struct bytes sub;
    json_t *out = call(made, ctx, "SignUp",
                       json_pack("{s:s,s:s,s:o,s:[{s:s,s:s}]}", "ClientId", made->config.client_id,
                                 "Username", username_of(made, ctx, in->username), "Password",
                                 json_from_bytes(in->password), "UserAttributes", "Name", "email",
                                 "Value", email_of(made, ctx, in->email)));
    assert_true(json_get_bytes(out, "UserSub", &sub) && uuid_parse(sub, user_id));
    json_decref(out);
    *delivery = (struct identity_delivery){.medium = "EMAIL", .destination = ""};
    return ERR_OK;
}

static enum err confirm(void *self, struct ctx *ctx, struct bytes username, struct bytes code,
                        struct uuid *user_id)
{
    struct made *made = self;
    struct bytes sub = {0};
    const char *name = username_of(made, ctx, username);
    json_decref(call(made, ctx, "ConfirmSignUp",
                     json_pack("{s:s,s:s,s:o}", "ClientId", made->config.client_id, "Username",
                               name, "ConfirmationCode", json_from_bytes(code))));
    json_t *out = call(made, ctx, "InitiateAuth",
                       json_pack("{s:s,s:s,s:{s:s,s:s}}", "ClientId", made->config.client_id,
                                 "AuthFlow", "USER_PASSWORD_AUTH", "AuthParameters", "USERNAME",
                                 name, "PASSWORD", HOUSEHOLD_PASSWORD));
    struct bytes token;
    assert_true(
        json_get_bytes(json_object_get(out, "AuthenticationResult"), "AccessToken", &token));
    json_t *user =
        call(made, ctx, "GetUser", json_pack("{s:o}", "AccessToken", json_from_bytes(token)));
    size_t i;
    const json_t *attribute;
    json_array_foreach(json_object_get(user, "UserAttributes"), i, attribute)
    {
        if (strcmp(json_string_value(json_object_get(attribute, "Name")), "sub") == 0)
            assert_true(json_get_bytes(attribute, "Value", &sub));
    }
    assert_true(uuid_parse(sub, user_id));
    json_decref(user);
    json_decref(out);
    return ERR_OK;
}

static struct bytes token_of(struct ctx *ctx, const json_t *result, const char *name)
{
    struct bytes token;
    assert_true(json_get_bytes(result, name, &token));
    return arena_copy(ctx->arena, token);
}

static enum err sign_in(void *self, struct ctx *ctx, struct bytes login,
                        const struct identity_credential *credential, struct bytes client,
                        struct identity_grant *out)
{
    struct made *made = self;
    (void)client;
    json_t *answer = call(made, ctx, "InitiateAuth",
                          json_pack("{s:s,s:s,s:{s:s,s:o}}", "ClientId", made->config.client_id,
                                    "AuthFlow", "USER_PASSWORD_AUTH", "AuthParameters", "USERNAME",
                                    username_of(made, ctx, login), "PASSWORD",
                                    json_from_bytes(credential->password)));
    const json_t *result = json_object_get(answer, "AuthenticationResult");
    *out = (struct identity_grant){
        .id_token = token_of(ctx, result, "IdToken"),
        .access_token = token_of(ctx, result, "AccessToken"),
        .refresh_token = token_of(ctx, result, "RefreshToken"),
    };
    json_decref(answer);
    return ERR_OK;
}

static enum err jwks(void *self, struct ctx *ctx, struct bytes *json)
{
    *json = fetch(ctx, ((struct made *)self)->config.jwks_url, NULL);
    return ERR_OK;
}

/* --- the household --- */

static void open_parts(struct made *made, struct identity *identity, struct keys *keys)
{
    assert_int_equal(aws_client_create(&made->ctx, &made->config, &made->client), ERR_OK);
    made->owners = owner_credentials_create(made->client);
    made->keys = kms_keys_create(made->client, made->owners);
    *keys = kms_keys_port(made->keys);
    *identity = (struct identity){
        .self = made,
        .sign_up = sign_up,
        .confirm = confirm,
        .sign_in = sign_in,
        .jwks = jwks,
        .issuer = arena_printf(&made->arena, "https://cognito-idp.%s.amazonaws.com/%s",
                               made->config.region, made->config.user_pool_id),
        .audience = made->config.client_id,
        .algorithm = "RS256",
    };
}

static void close_parts(struct made *made)
{
    kms_keys_destroy(made->keys);
    owner_credentials_destroy(made->owners);
    aws_client_destroy(made->client);
}

static void *make(struct identity *identity, struct keys *keys)
{
    struct made *made = mem_alloc(sizeof *made);
    made->number = ++cases;
    made->config = deployment_config();
    ctx_init(&made->ctx, &made->arena, TIMEOUT_MS);
    open_parts(made, identity, keys);
    return made;
}

static void restart(void *p, struct identity *identity, struct keys *keys)
{
    close_parts(p);
    open_parts(p, identity, keys);
}

static void unmake(void *p)
{
    struct made *made = p;
    close_parts(made);
    arena_fini(&made->arena);
    mem_free(made);
}

static void take_mail(void *p, const char *email, enum household_mail kind,
                      char code[HOUSEHOLD_CODE_BYTES])
{
    struct made *made = p;
    struct ctx *ctx = &made->ctx;
    assert_int_equal(kind, HOUSEHOLD_CONFIRM);
    const char *url = arena_printf(&made->arena, "%s/_double/mail", made->config.endpoint);
    const char *body = arena_printf(&made->arena, "{\"to\":\"%s\",\"kind\":\"signup\"}",
                                    email_of(made, ctx, bytes_of_str(email)));
    struct bytes text = fetch(ctx, url, body);
    json_t *mails = json_loadb((const char *)text.p, text.n, 0, NULL);
    struct bytes found;
    assert_true(json_get_bytes(json_array_get(mails, json_array_size(mails) - 1), "code", &found));
    assert_int_equal(found.n, HOUSEHOLD_CODE_BYTES - 1);
    memcpy(code, found.p, found.n);
    code[found.n] = '\0';
    json_decref(mails);
}

int main(void)
{
    static const struct household_maker maker = {
        .make = make, .restart = restart, .unmake = unmake, .take_mail = take_mail};
    static const struct contract_keys_traits traits = {.access_token_copies = true};
    household_use(&maker);
    return contract_keys_run(&traits);
}
