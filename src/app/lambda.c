/* letterlock lambda: the API and Cognito's trigger as one AWS Lambda function. */
#include "lambda/lambda.h"
#include "app/commands.h"
#include "app/process.h"
#include "app/service.h"
#include "core/provision.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START_TIMEOUT_MS 9000 /* Lambda's own limit of the init phase is 10 s */

/* Names that have to be NUL-terminated for records. */
static enum err confirmed(void *arg, struct ctx *ctx, const struct uuid *user_id,
                          struct bytes username, struct bytes email)
{
    struct service *service = arg;
    const struct provision_account account = {
        .id = *user_id,
        .username = arena_str(ctx->arena, username),
        .email = arena_str(ctx->arena, email),
        .created_unix_ms = ctx->now_unix_ms,
    };
    return provision_user(service->core, ctx, &account);
}

static void settle(void *arg, struct ctx *ctx)
{
    struct service *service = arg;
    backend_settle(service->backend, ctx);
}

/* Requests of more than a few megabytes do not come through API Gateway, and clients that are told
 * of uploads send larger ones. */
static enum err open_service(struct service *service, struct ctx *ctx)
{
    enum err e = service_open(service, ctx);
    if (e == ERR_OK)
        backend_ports(service->backend)->uploads = (struct uploads){0};
    return e;
}

static int run(struct service *service, struct lambda_config *config)
{
    struct ctx ctx;
    ctx_init(&ctx, &service->arena, START_TIMEOUT_MS);
    enum err e = open_service(service, &ctx);
    if (e == ERR_OK)
        return lambda_run(service->api, config);
    (void)fprintf(stderr, "letterlock: cannot start: %s %s\n", err_text(e), ctx.detail);
    lambda_report_init_error(config, "Letterlock.CannotStart", ctx.detail);
    return APP_EXIT_FAILED;
}

/* A package brings the authorities that it trusts: Amazon Linux keeps its own where curl does not
 * look. Before any thread is there. */
static void trust_package(void)
{
    char path[PATH_MAX];
    const char *root = getenv("LAMBDA_TASK_ROOT");
    int n = root == NULL ? 0 : snprintf(path, sizeof path, "%s/ca-certificates.crt", root);
    if (n > 0 && (size_t)n < sizeof path && access(path, R_OK) == 0)
        (void)setenv("LETTERLOCK_AWS_CA_FILE", path, 0);
}

int lambda_main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        printf("usage: letterlock lambda [--env-file FILE]\n\n"
               "Serves invocations of AWS Lambda (provided.al2023): API Gateway proxy events,\n"
               "REST and HTTP, and Cognito's PostConfirmation trigger. Settings are those of "
               "`letterlock serve`.\n");
        return APP_EXIT_OK;
    }
    const char *runtime_api = getenv("AWS_LAMBDA_RUNTIME_API");
    if (argc != 1 || runtime_api == NULL) {
        (void)fprintf(stderr, "letterlock lambda: runs inside AWS Lambda, without arguments: "
                              "AWS_LAMBDA_RUNTIME_API is not set\n");
        return APP_EXIT_USAGE;
    }
    const char *prefix = getenv("LETTERLOCK_LAMBDA_STAGE_PREFIX");
    struct service service = {0};
    struct lambda_config config = {
        .runtime_api = runtime_api,
        .stage_prefix = prefix == NULL ? "" : prefix,
        .confirmed = confirmed,
        .settle = settle,
        .arg = &service,
    };
    int status = APP_EXIT_USAGE;
    trust_package();
    if (service_configure(&service)) {
        process_prepare_server();
        status = run(&service, &config);
    } else {
        lambda_report_init_error(&config, "Letterlock.Configuration",
                                 "a LETTERLOCK_ variable is faulty: see the log");
    }
    service_close(&service);
    return status;
}
