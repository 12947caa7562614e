#include "aws/cognito/cognito_calls.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>

static json_t *request_with(const char *name, const char *value)
{
    json_t *in = json_object();
    if (in == NULL || json_object_set_new(in, name, json_string(value)) != 0)
        abort();
    return in;
}

json_t *cognito_client_request(const struct cognito_identity *identity)
{
    return request_with("ClientId", identity->config->client_id);
}

json_t *cognito_pool_request(const struct cognito_identity *identity, struct bytes username)
{
    json_t *in = request_with("UserPoolId", identity->config->user_pool_id);
    cognito_set(in, "Username", username);
    return in;
}

void cognito_set(json_t *in, const char *name, struct bytes text)
{
    json_object_set_new(in, name, json_from_bytes(text));
}

static enum err call(struct cognito_identity *identity, struct ctx *ctx, json_t *in,
                     struct cognito_answer *out)
{
    enum err e = aws_client_json(identity->client, ctx, &out->call, in, &out->body, &out->answer);
    json_decref(in);
    return e;
}

enum err cognito_call_public(struct cognito_identity *identity, struct ctx *ctx,
                             const char *operation, enum cognito_repeat repeat, json_t *in,
                             struct cognito_answer *out)
{
    *out = (struct cognito_answer){.call = {.service = AWS_COGNITO_IDP,
                                            .operation = operation,
                                            .signing = AWS_SIGN_NONE,
                                            .repeatable = repeat == COGNITO_REPEATABLE}};
    return call(identity, ctx, in, out);
}

enum err cognito_call_pool(struct cognito_identity *identity, struct ctx *ctx,
                           const char *operation, json_t *in, struct cognito_answer *out)
{
    *out = (struct cognito_answer){.call = {.service = AWS_COGNITO_IDP,
                                            .operation = operation,
                                            .signing = AWS_SIGN_SERVER,
                                            .repeatable = true}};
    return call(identity, ctx, in, out);
}

void cognito_call_end(struct cognito_answer *answer)
{
    json_decref(answer->body);
    answer->body = NULL;
}

bool cognito_refused(const struct cognito_answer *answer, const char *code)
{
    return answer->body == NULL && strcmp(answer->answer.code, code) == 0;
}

bool cognito_trigger_failed(const struct cognito_answer *answer)
{
    return cognito_refused(answer, "UserLambdaValidationException") ||
           cognito_refused(answer, "UnexpectedLambdaException") ||
           cognito_refused(answer, "InvalidLambdaResponseException");
}

/* LimitExceeded counts what one user, or the pool's mail, may do; Forbidden is the pool's web
 * application firewall. */
static const struct cognito_meaning everywhere[] = {
    {"LimitExceededException", ERR_RATE_LIMITED, NULL},
    {"TooManyFailedAttemptsException", ERR_RATE_LIMITED, NULL},
    {"ForbiddenException", ERR_FORBIDDEN, NULL},
};

static const struct cognito_meaning *find(const char *code, const struct cognito_meaning *meanings,
                                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(code, meanings[i].code) == 0)
            return &meanings[i];
    }
    return NULL;
}

enum err cognito_call_error(struct ctx *ctx, const struct cognito_answer *answer,
                            const struct cognito_meaning *meanings, size_t count)
{
    const char *code = answer->answer.code;
    if (answer->body != NULL)
        return ERR_OK;
    const struct cognito_meaning *meaning = find(code, meanings, count);
    if (meaning == NULL)
        meaning = find(code, everywhere, sizeof everywhere / sizeof everywhere[0]);
    if (meaning == NULL)
        return aws_answer_error(ctx, &answer->call, &answer->answer);
    return meaning->detail == NULL ? meaning->e : ctx_fail(ctx, meaning->e, "%s", meaning->detail);
}
