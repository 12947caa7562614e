#include "lambda/lambda.h"

#include "base/clock.h"
#include "base/log.h"
#include "lambda/lambda_handler.h"
#include "lambda/lambda_runtime.h"

#define DEFAULT_TIMEOUT_MS 25000
#define MARGIN_MS 500 /* before the sandbox stops: for the answer itself */
#define EXIT_RUNTIME_GONE 1

static int64_t time_left_ms(const struct lambda_invocation *invocation)
{
    if (invocation->deadline_unix_ms == 0)
        return DEFAULT_TIMEOUT_MS;
    int64_t left_ms = invocation->deadline_unix_ms - clock_unix_ms() - MARGIN_MS;
    return left_ms > 0 ? left_ms : 0;
}

static void serve(struct lambda_runtime *runtime, struct api *api,
                  const struct lambda_config *config, const struct lambda_invocation *invocation)
{
    struct arena arena;
    struct ctx ctx;
    struct buffer out;
    struct lambda_error error;
    arena_init(&arena);
    ctx_init(&ctx, &arena, time_left_ms(invocation));
    buffer_init(&out, LAMBDA_PAYLOAD_MAX);
    log_debug("lambda_invocation", "request=%s trace=\"%s\"", invocation->request_id,
              invocation->trace_id);
    enum err e =
        lambda_handler_answer(api, config, &ctx, buffer_bytes(&invocation->event), &out, &error)
            ? lambda_runtime_respond(runtime, invocation, buffer_bytes(&out))
            : lambda_runtime_fail(runtime, invocation, error.type, error.message);
    if (e != ERR_OK)
        log_error("lambda_answer_lost", "request=%s", invocation->request_id);
    config->settle(config->arg, &ctx);
    buffer_fini(&out);
    arena_fini(&arena);
}

int lambda_run(struct api *api, const struct lambda_config *config)
{
    struct lambda_runtime *runtime = lambda_runtime_create(config->runtime_api);
    struct lambda_invocation invocation;
    while (lambda_runtime_next(runtime, &invocation) == ERR_OK) {
        serve(runtime, api, config, &invocation);
        lambda_invocation_fini(&invocation);
    }
    lambda_invocation_fini(&invocation);
    lambda_runtime_destroy(runtime);
    return EXIT_RUNTIME_GONE;
}

void lambda_report_init_error(const struct lambda_config *config, const char *type,
                              const char *message)
{
    struct lambda_runtime *runtime = lambda_runtime_create(config->runtime_api);
    if (lambda_runtime_fail(runtime, NULL, type, message) != ERR_OK)
        log_error("lambda_init_error_lost", "%s", type);
    lambda_runtime_destroy(runtime);
}
