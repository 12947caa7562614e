#include "aws/dynamo/dynamo_call.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/random.h"
#include "base/threads.h"
#include "base/uuid.h"

#include <string.h>

/* Transactions on one item take a few milliseconds each. */
#define WAIT_FIRST_MS 16u
#define WAIT_DOUBLINGS_MAX 5u
/* A page has at most 1 MB of data, which is up to twice that as JSON. */
#define ANSWER_MAX_BYTES (4u << 20)

enum outcome { OUTCOME_DONE, OUTCOME_REFUSED, OUTCOME_BUSY, OUTCOME_FAILED };

static const char *reason_code(const json_t *reason)
{
    const char *code = json_string_value(json_object_get(reason, "Code"));
    return code == NULL ? "" : code;
}

/* A refusal is final whatever else was in the way of the same transaction. */
static enum outcome outcome_of_reasons(const json_t *body)
{
    static const char *const busy[] = {"TransactionConflict", "ThrottlingError",
                                       "ProvisionedThroughputExceeded"};
    enum outcome outcome = OUTCOME_FAILED;
    size_t i;
    json_t *reason;
    json_array_foreach(json_object_get(body, "CancellationReasons"), i, reason)
    {
        const char *code = reason_code(reason);
        if (strcmp(code, "ConditionalCheckFailed") == 0)
            return OUTCOME_REFUSED;
        bool known = strcmp(code, "None") == 0;
        for (size_t k = 0; k < sizeof busy / sizeof busy[0]; k++) {
            if (strcmp(code, busy[k]) != 0)
                continue;
            known = true;
            outcome = OUTCOME_BUSY;
        }
        if (!known)
            return OUTCOME_FAILED;
    }
    return outcome;
}

static enum outcome outcome_of(const struct aws_answer *answer, struct dynamo_answer *out)
{
    if (out->body != NULL)
        return OUTCOME_DONE;
    if (strcmp(answer->code, "TransactionConflictException") == 0 ||
        strcmp(answer->code, "TransactionInProgressException") == 0)
        return OUTCOME_BUSY;
    bool conditional = strcmp(answer->code, "ConditionalCheckFailedException") == 0;
    bool cancelled = strcmp(answer->code, "TransactionCanceledException") == 0;
    if (!conditional && !cancelled)
        return OUTCOME_FAILED;
    out->body = json_parse_object(answer->body);
    return conditional ? OUTCOME_REFUSED : outcome_of_reasons(out->body);
}

bool dynamo_call_wait(struct ctx *ctx, unsigned tried)
{
    unsigned doublings = tried < WAIT_DOUBLINGS_MAX ? tried : WAIT_DOUBLINGS_MAX;
    int64_t wait_ms = 1 + random_below(WAIT_FIRST_MS << doublings);
    if (ctx_left_ms(ctx) <= wait_ms)
        return false;
    struct gate never;
    gate_init(&never);
    bool opened = gate_wait(&never, clock_mono_ms() + wait_ms);
    gate_fini(&never);
    return !opened;
}

static void add_token(const char *operation, json_t *in)
{
    if (strcmp(operation, "TransactWriteItems") != 0)
        return;
    struct uuid token = uuid_random();
    json_object_set_new(in, "ClientRequestToken", json_from_uuid(&token));
}

/* One try. Its answer's text goes at once: a request may walk over more pages than its arena may
 * hold. */
static enum err try_once(struct aws_client *client, struct ctx *ctx, const struct aws_call *call,
                         const json_t *in, struct dynamo_answer *out, enum outcome *outcome)
{
    struct aws_answer answer;
    struct arena *whole = ctx->arena;
    struct arena scratch;
    arena_init(&scratch);
    ctx->arena = &scratch;
    *out = (struct dynamo_answer){0};
    enum err e = aws_client_json(client, ctx, call, in, &out->body, &answer);
    if (e == ERR_OK) {
        *outcome = outcome_of(&answer, out);
        out->refused = *outcome == OUTCOME_REFUSED;
        if (*outcome == OUTCOME_FAILED)
            e = aws_answer_error(ctx, call, &answer);
        if (*outcome == OUTCOME_FAILED || *outcome == OUTCOME_BUSY)
            dynamo_call_end(out);
    }
    ctx->arena = whole;
    arena_fini(&scratch);
    return e;
}

enum err dynamo_call_run(struct aws_client *client, struct ctx *ctx, const char *operation,
                         json_t *in, struct dynamo_answer *out)
{
    const struct aws_call call = {
        .service = AWS_DYNAMODB,
        .operation = operation,
        .signing = AWS_SIGN_SERVER,
        .repeatable = true,
        .answer_max = ANSWER_MAX_BYTES,
    };
    enum err e = ERR_OK;
    enum outcome outcome = OUTCOME_BUSY;
    add_token(operation, in);
    for (unsigned tried = 0; e == ERR_OK && outcome == OUTCOME_BUSY; tried++) {
        e = try_once(client, ctx, &call, in, out, &outcome);
        if (e == ERR_OK && outcome == OUTCOME_BUSY && !dynamo_call_wait(ctx, tried))
            e = ctx_log_fail(ctx, ERR_UNAVAILABLE, "dynamo_busy", "operation=%s tried=%u",
                             operation, tried + 1);
    }
    json_decref(in);
    return e;
}

void dynamo_call_end(struct dynamo_answer *answer)
{
    json_decref(answer->body);
    *answer = (struct dynamo_answer){0};
}

bool dynamo_call_refused(const struct dynamo_answer *answer, size_t action, const json_t **item)
{
    const json_t *reason =
        json_array_get(json_object_get(answer->body, "CancellationReasons"), action);
    *item = json_object_get(reason, "Item");
    return answer->refused && strcmp(reason_code(reason), "ConditionalCheckFailed") == 0;
}

const json_t *dynamo_call_item(const struct dynamo_answer *answer)
{
    return json_object_get(answer->body, "Item");
}
