#include "aws/client/aws_credentials.h"

#include "aws/client/transport.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/threads.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RENEW_BEFORE_MS (INT64_C(5) * 60 * 1000)
#define RENEW_EVERY_MS 1000 /* at most, however short-lived or refused they are */
#define METADATA_TIMEOUT_MS 2000
#define METADATA_MAX_BYTES 16384u
#define TOKEN_SECONDS "21600" /* of an instance metadata session: the longest that it takes */
#define CONTAINER_HOST "http://169.254.170.2"
#define INSTANCE_HOST "http://169.254.169.254"
#define ROLE_PATH "/latest/meta-data/iam/security-credentials/"
#define SETTING_BYTES 512u

enum source { SOURCE_ENVIRONMENT, SOURCE_CONTAINER, SOURCE_INSTANCE, SOURCE_NONE };

struct aws_chain {
    enum source source;
    char url[SETTING_BYTES];        /* of the container's credentials, or the instance's service */
    char token[SETTING_BYTES];      /* the container's authorization */
    char token_file[SETTING_BYTES]; /* or the file that has it, read anew each time */
    struct transport *transport;

    struct lock lock;
    struct condition renewed;
    bool renewing; /* one caller is asking the source */
    bool have;
    struct aws_credentials present;
    int64_t next_attempt_mono_ms;
};

void aws_credentials_fini(struct aws_credentials *credentials)
{
    OPENSSL_cleanse(credentials, sizeof *credentials);
}

static bool copy_text(const char *text, char *out, size_t n)
{
    if (text == NULL || text[0] == '\0' || strlen(text) >= n)
        return false;
    memcpy(out, text, strlen(text) + 1);
    return true;
}

/* --- sources --- */

static bool from_environment(struct aws_credentials *out)
{
    *out = (struct aws_credentials){.expires_unix_ms = INT64_MAX};
    const char *token = getenv("AWS_SESSION_TOKEN");
    return copy_text(getenv("AWS_ACCESS_KEY_ID"), out->access_key_id, sizeof out->access_key_id) &&
           copy_text(getenv("AWS_SECRET_ACCESS_KEY"), out->secret_access_key,
                     sizeof out->secret_access_key) &&
           (token == NULL || token[0] == '\0' ||
            copy_text(token, out->session_token, sizeof out->session_token));
}

static bool configure_container(struct aws_chain *chain)
{
    const char *relative = getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (relative != NULL && relative[0] == '/')
        (void)snprintf(chain->url, sizeof chain->url, CONTAINER_HOST "%s", relative);
    else if (!copy_text(full, chain->url, sizeof chain->url))
        return false;
    (void)copy_text(getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN"), chain->token, sizeof chain->token);
    (void)copy_text(getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"), chain->token_file,
                    sizeof chain->token_file);
    return true;
}

static bool configure_instance(struct aws_chain *chain)
{
    const char *disabled = getenv("AWS_EC2_METADATA_DISABLED");
    if (disabled != NULL && strcmp(disabled, "true") == 0)
        return false;
    if (!copy_text(getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT"), chain->url, sizeof chain->url))
        (void)copy_text(INSTANCE_HOST, chain->url, sizeof chain->url);
    size_t n = strlen(chain->url);
    if (n > 0 && chain->url[n - 1] == '/')
        chain->url[n - 1] = '\0';
    return true;
}

struct aws_chain *aws_chain_create(void)
{
    struct aws_chain *chain = mem_alloc(sizeof *chain);
    struct aws_credentials found;
    lock_init(&chain->lock);
    condition_init(&chain->renewed);
    chain->transport = transport_create("");
    if (from_environment(&found)) {
        chain->source = SOURCE_ENVIRONMENT;
        chain->present = found;
        chain->have = true;
    } else if (configure_container(chain)) {
        chain->source = SOURCE_CONTAINER;
    } else if (configure_instance(chain)) {
        chain->source = SOURCE_INSTANCE;
    } else {
        chain->source = SOURCE_NONE;
    }
    aws_credentials_fini(&found);
    return chain;
}

void aws_chain_destroy(struct aws_chain *chain)
{
    if (chain == NULL)
        return;
    transport_destroy(chain->transport);
    condition_fini(&chain->renewed);
    lock_fini(&chain->lock);
    aws_credentials_fini(&chain->present);
    OPENSSL_cleanse(chain->token, sizeof chain->token);
    mem_free(chain);
}

/* --- metadata services --- */

/* One request to a metadata service; the body, in the arena. */
static bool ask(struct aws_chain *chain, struct ctx *ctx, struct transport_request *request,
                struct bytes *body)
{
    struct transport_answer answer;
    const char *cause;
    int64_t left_ms = ctx_left_ms(ctx);
    request->timeout_ms = left_ms < METADATA_TIMEOUT_MS ? left_ms : METADATA_TIMEOUT_MS;
    request->answer_max = METADATA_MAX_BYTES;
    enum transport_outcome outcome = transport_exchange(chain->transport, request, &answer, &cause);
    bool ok = outcome == TRANSPORT_ANSWERED && answer.status == 200;
    if (ok)
        *body = arena_copy(ctx->arena, buffer_bytes(&answer.body));
    else if (outcome == TRANSPORT_ANSWERED)
        log_warning("aws_credentials_refused", "status=%ld", answer.status);
    else
        log_warning("aws_credentials_unreachable", "cause=\"%s\"", cause);
    transport_answer_fini(&answer);
    return ok;
}

static bool get_text(const json_t *object, const char *name, char *out, size_t n)
{
    return copy_text(json_string_value(json_object_get(object, name)), out, n);
}

/* The document of both services (AWS SDKs and Tools Reference Guide, container credentials; EC2
 * User Guide, instance metadata). */
static bool read_document(struct bytes body, struct aws_credentials *out)
{
    char expires[64];
    json_t *document = json_parse_object(body);
    *out = (struct aws_credentials){0};
    bool ok = document != NULL &&
              get_text(document, "AccessKeyId", out->access_key_id, sizeof out->access_key_id) &&
              get_text(document, "SecretAccessKey", out->secret_access_key,
                       sizeof out->secret_access_key) &&
              get_text(document, "Token", out->session_token, sizeof out->session_token) &&
              get_text(document, "Expiration", expires, sizeof expires);
    json_decref(document);
    if (ok && strlen(expires) == strlen("2026-11-24T00:00:00Z"))
        (void)snprintf(expires + strlen(expires) - 1, 6, ".000Z");
    return ok && clock_from_rfc3339(expires, &out->expires_unix_ms);
}

static bool read_token_file(const char *path, char *out, size_t n)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    bool ok = fgets(out, (int)n, file) != NULL;
    (void)fclose(file);
    out[ok ? strcspn(out, "\r\n") : 0] = '\0';
    return ok && out[0] != '\0';
}

static bool from_container(struct aws_chain *chain, struct ctx *ctx, struct aws_credentials *out)
{
    char token[SETTING_BYTES] = "";
    struct bytes body;
    struct transport_request request = {.method = "GET", .url = chain->url};
    (void)memcpy(token, chain->token, sizeof token);
    if (chain->token_file[0] != '\0' && !read_token_file(chain->token_file, token, sizeof token)) {
        log_warning("aws_credentials_token_file", "what=unreadable");
        return false;
    }
    if (token[0] != '\0')
        request.headers[request.header_count++] = (struct transport_header){"Authorization", token};
    bool ok = ask(chain, ctx, &request, &body) && read_document(body, out);
    OPENSSL_cleanse(token, sizeof token);
    return ok;
}

static bool from_instance(struct aws_chain *chain, struct ctx *ctx, struct aws_credentials *out)
{
    struct bytes token;
    struct bytes role;
    struct bytes body;
    struct transport_request session = {
        .method = "PUT",
        .url = arena_printf(ctx->arena, "%s/latest/api/token", chain->url),
        .headers = {{"X-aws-ec2-metadata-token-ttl-seconds", TOKEN_SECONDS}},
        .header_count = 1,
    };
    if (!ask(chain, ctx, &session, &token))
        return false;
    struct transport_request list = {
        .method = "GET",
        .url = arena_printf(ctx->arena, "%s" ROLE_PATH, chain->url),
        .headers = {{"X-aws-ec2-metadata-token", arena_str(ctx->arena, token)}},
        .header_count = 1,
    };
    if (!ask(chain, ctx, &list, &role))
        return false;
    size_t line = bytes_find(role, '\n', 0);
    role = bytes_slice(role, 0, line == SIZE_MAX ? role.n : line);
    struct transport_request get = list;
    get.url = arena_printf(ctx->arena, "%s" ROLE_PATH "%.*s", chain->url, BYTES_FMT(role));
    return ask(chain, ctx, &get, &body) && read_document(body, out);
}

static bool fetch(struct aws_chain *chain, struct ctx *ctx, struct aws_credentials *out)
{
    switch (chain->source) {
    case SOURCE_ENVIRONMENT:
        return from_environment(out);
    case SOURCE_CONTAINER:
        return from_container(chain, ctx, out);
    case SOURCE_INSTANCE:
        return from_instance(chain, ctx, out);
    case SOURCE_NONE:
        break;
    }
    log_warning("aws_credentials_missing", "what=\"no source is configured\"");
    return false;
}

/* --- the cache --- */

/* Asks the source with the lock let go, and stores what it gave. */
static void renew(struct aws_chain *chain, struct ctx *ctx)
{
    struct aws_credentials fresh;
    chain->renewing = true;
    lock_release(&chain->lock);
    bool ok = fetch(chain, ctx, &fresh);
    lock_acquire(&chain->lock);
    chain->renewing = false;
    if (ok) {
        chain->present = fresh;
        chain->have = true;
    }
    chain->next_attempt_mono_ms = clock_mono_ms() + RENEW_EVERY_MS;
    aws_credentials_fini(&fresh);
    condition_broadcast(&chain->renewed);
}

static bool is_usable(const struct aws_chain *chain, int64_t margin_ms)
{
    return chain->have && chain->present.expires_unix_ms > clock_unix_ms() + margin_ms;
}

enum err aws_chain_get(struct aws_chain *chain, struct ctx *ctx, struct aws_credentials *out)
{
    lock_acquire(&chain->lock);
    if (!is_usable(chain, RENEW_BEFORE_MS) && !chain->renewing &&
        clock_mono_ms() >= chain->next_attempt_mono_ms)
        renew(chain, ctx);
    bool in_time = true;
    while (!is_usable(chain, 0) && chain->renewing && in_time)
        in_time = condition_wait(&chain->renewed, &chain->lock, ctx->deadline_mono_ms);
    bool ok = is_usable(chain, 0);
    if (ok)
        *out = chain->present;
    lock_release(&chain->lock);
    return ok ? ERR_OK : ERR_UNAVAILABLE;
}

void aws_chain_refused(struct aws_chain *chain, const struct aws_credentials *credentials)
{
    lock_acquire(&chain->lock);
    if (strcmp(chain->present.access_key_id, credentials->access_key_id) == 0) {
        chain->have = false;
        chain->next_attempt_mono_ms = 0;
    }
    lock_release(&chain->lock);
}
