/* A function for tests/lambda: lambda_run over the embedded backend in the directory that is its
 * argument. Tells what was confirmed and settled on standard output. */
#include "api/api.h"
#include "app/embedded_backend.h"
#include "lambda/lambda.h"

#include <curl/curl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define START_TIMEOUT_MS 10000
#define MAX_LETTER_BYTES (64u << 20)
#define TIMEOUT_MS 30000
#define REFUSED "refused" /* a username whose provisioning fails */

static enum err tell_confirmed(void *arg, struct ctx *ctx, const struct uuid *user_id,
                               struct bytes username, struct bytes email)
{
    char id[UUID_TEXT_BYTES];
    (void)arg;
    (void)ctx;
    uuid_format(user_id, id);
    printf("confirmed %s %.*s %.*s\n", id, BYTES_FMT(username), BYTES_FMT(email));
    (void)fflush(stdout);
    return bytes_equal_str(username, REFUSED) ? ERR_UNAVAILABLE : ERR_OK;
}

static void tell_settled(void *arg, struct ctx *ctx)
{
    (void)arg;
    printf("settled %s\n", ctx_left_ms(ctx) > 0 ? "in time" : "late");
    (void)fflush(stdout);
}

static int run(struct embedded *backend, struct ctx *ctx, const struct lambda_config *lambda)
{
    static const struct core_config core_config = {.sign_up_domains = "",
                                                   .max_letter_bytes = MAX_LETTER_BYTES,
                                                   .quota_bytes = INT64_C(1) << 30};
    static const struct api_config api_config = {.public_url = "https://letters.example.org",
                                                 .allowed_origin = "",
                                                 .backend = "embedded",
                                                 .mail = "outbox",
                                                 .request_timeout_ms = TIMEOUT_MS,
                                                 .stream_timeout_ms = TIMEOUT_MS};
    struct core *core = NULL;
    int status = EXIT_FAILURE;
    if (core_create(ctx, embedded_backend_ports(backend), &core_config, &core) == ERR_OK) {
        struct api *api = api_create(core, &api_config);
        status = lambda_run(api, lambda);
        api_destroy(api);
    }
    core_destroy(core);
    return status;
}

int main(int argc, char **argv)
{
    const char *runtime_api = getenv("AWS_LAMBDA_RUNTIME_API");
    if (argc != 2 || runtime_api == NULL || sodium_init() < 0 ||
        curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return EXIT_FAILURE;
    const struct config config = {.data_dir = argv[1],
                                  .public_url = "https://letters.example.org",
                                  .smtp_url = "",
                                  .smtp_user = "",
                                  .smtp_password = "",
                                  .smtp_ca_file = "",
                                  .smtp_tls = "",
                                  .mail_from = "letterlock@example.org",
                                  .token_lifetime = 3600,
                                  .session_lifetime = 86400};
    const struct lambda_config lambda = {.runtime_api = runtime_api,
                                         .stage_prefix = "/prod",
                                         .confirmed = tell_confirmed,
                                         .settle = tell_settled};
    struct arena arena = {0};
    struct ctx ctx;
    struct embedded *backend = NULL;
    ctx_init(&ctx, &arena, START_TIMEOUT_MS);
    int status = EXIT_FAILURE;
    if (embedded_backend_open(&ctx, &config, &backend) == ERR_OK)
        status = run(backend, &ctx, &lambda);
    else
        lambda_report_init_error(&lambda, "Letterlock.CannotStart", ctx.detail);
    embedded_backend_close(backend);
    curl_global_cleanup();
    arena_fini(&arena);
    return status;
}
