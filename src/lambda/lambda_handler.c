#include "lambda/lambda_handler.h"

#include "base/log.h"
#include "lambda/lambda_gateway.h"
#include "lambda/lambda_trigger.h"

#define BAD_EVENT "Letterlock.BadEvent"

static bool fail(struct lambda_error *error, const char *type, const char *message)
{
    *error = (struct lambda_error){type, message};
    return false;
}

static bool answer_trigger(const struct lambda_config *config, struct ctx *ctx, const json_t *event,
                           struct buffer *out, struct lambda_error *error)
{
    enum err e = lambda_trigger_serve(config, ctx, event, out);
    if (e == ERR_INVALID_REQUEST)
        return fail(error, BAD_EVENT, "The event is not that of a confirmed user.");
    return e == ERR_OK || fail(error, "Letterlock.ProvisioningFailed", err_text(e));
}

static bool answer_request(struct api *api, const struct lambda_config *config, struct ctx *ctx,
                           const json_t *event, struct buffer *out, struct lambda_error *error)
{
    struct lambda_request request;
    const char *fault;
    if (!lambda_event_read(event, config->stage_prefix, ctx->arena, &request, &fault))
        return fail(error, BAD_EVENT, fault);
    lambda_gateway_answer(api, &request, ctx->deadline_mono_ms, out);
    return true;
}

/* Only a client's own text makes such names: in a query, or in headers. The answer suits either
 * payload. */
static bool refuse_nul(struct api *api, const struct ctx *ctx, struct buffer *out)
{
    const struct lambda_request request = {
        .payload = LAMBDA_PAYLOAD_2, .refusal = ERR_INVALID_REQUEST, .target = "/"};
    lambda_gateway_answer(api, &request, ctx->deadline_mono_ms, out);
    return true;
}

bool lambda_handler_answer(struct api *api, const struct lambda_config *config, struct ctx *ctx,
                           struct bytes event, struct buffer *out, struct lambda_error *error)
{
    bool nul_in_name;
    bool ok;
    json_t *object = json_parse_quoting(event, &nul_in_name);
    if (nul_in_name)
        ok = refuse_nul(api, ctx, out);
    else if (lambda_trigger_is(object))
        ok = answer_trigger(config, ctx, object, out, error);
    else if (lambda_event_is_request(object))
        ok = answer_request(api, config, ctx, object, out, error);
    else
        ok = fail(error, BAD_EVENT, "The event is none of API Gateway or Cognito.");
    json_decref(object);
    if (ok && !buffer_ok(out))
        ok = fail(error, "Letterlock.AnswerTooLarge", "The answer does not fit into a payload.");
    if (!ok)
        log_warning("lambda_event_failed", "type=%s cause=\"%s\"", error->type, error->message);
    return ok;
}
