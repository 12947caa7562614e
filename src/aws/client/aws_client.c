#include "aws/client/aws_client.h"

#include "aws/client/answers.h"
#include "aws/client/endpoints.h"
#include "aws/client/retry.h"
#include "aws/client/signer.h"
#include "aws/client/transport.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ANSWER_DEFAULT_MAX (1u << 20)
#define BODY_MAX_BYTES (8u << 20) /* of a JSON request; DynamoDB takes 4 MiB */
/* Services take five minutes of difference, S3 fifteen. */
#define SKEW_MIN_MS (INT64_C(4) * 60 * 1000)
#define WORTH_SPLITTING_MS 1000 /* less time than this is not left to another attempt */
#define ASKED_DELAY_MAX_MS 5000 /* what x-amz-retry-after is heeded to */
#define AUTHORIZATION_MAX_BYTES 4096u
#define SERVER_ERROR 500

struct aws_client {
    struct arena arena; /* of the endpoints */
    const struct aws_config *config;
    struct aws_chain *chain;
    _Atomic int64_t skew_ms; /* AWS's clock less ours */
    /* By service, so that one in trouble does not take others' connections and retries. */
    struct endpoint endpoints[AWS_SERVICE_COUNT];
    struct transport *transports[AWS_SERVICE_COUNT];
    struct retry_budget *budgets[AWS_SERVICE_COUNT];
    _Atomic uint64_t counts[AWS_SERVICE_COUNT];
};

enum err aws_client_create(struct ctx *ctx, const struct aws_config *config,
                           struct aws_client **out)
{
    struct aws_client *client = mem_alloc(sizeof *client);
    arena_init(&client->arena);
    client->config = config;
    enum err e = endpoints_init(ctx, &client->arena, config, client->endpoints);
    if (e != ERR_OK) {
        arena_fini(&client->arena);
        mem_free(client);
        return e;
    }
    client->chain = aws_chain_create();
    for (int i = 0; i < AWS_SERVICE_COUNT; i++) {
        client->transports[i] = transport_create(config->ca_file);
        client->budgets[i] = retry_budget_create();
    }
    *out = client;
    return ERR_OK;
}

void aws_client_destroy(struct aws_client *client)
{
    if (client == NULL)
        return;
    for (int i = 0; i < AWS_SERVICE_COUNT; i++) {
        retry_budget_destroy(client->budgets[i]);
        transport_destroy(client->transports[i]);
    }
    aws_chain_destroy(client->chain);
    arena_fini(&client->arena);
    mem_free(client);
}

const struct aws_config *aws_client_config(const struct aws_client *client)
{
    return client->config;
}

int64_t aws_client_now(const struct aws_client *client)
{
    return clock_unix_ms() + atomic_load(&client->skew_ms);
}

uint64_t aws_client_count(const struct aws_client *client, enum aws_service service)
{
    return atomic_load(&client->counts[service]);
}

/* --- one attempt --- */

/* A call under way. */
struct attempt {
    struct aws_client *client;
    struct ctx *ctx;
    const struct aws_call *call;
    const struct endpoint *endpoint;
    const char *path; /* with the bucket, for path-style S3 */
    struct aws_credentials credentials;
    int64_t signed_unix_ms;
    int64_t asked_delay_ms; /* by the last answer; 0: not */
    unsigned retries;
    unsigned cost; /* of the last retry, from the budget */
    bool renewed;  /* credentials were refused as expired, and fetched anew */
    bool clock_corrected;
    bool sent; /* an earlier attempt may have been carried out */
};

static void add_header(struct transport_request *request, const char *name, const char *value)
{
    if (request->header_count < TRANSPORT_HEADERS_MAX)
        request->headers[request->header_count++] = (struct transport_header){name, value};
}

static struct retry_budget *budget_of(const struct attempt *a)
{
    return a->client->budgets[a->call->service];
}

static struct signer_scope scope_of(const struct attempt *a)
{
    return (struct signer_scope){
        .region = a->client->config->region,
        .service = a->endpoint->signing_name,
        .encode_path_once = a->call->service == AWS_S3,
        .normalize_path = a->call->service != AWS_S3,
        .unix_ms = a->signed_unix_ms,
    };
}

static const char *hash_of_body(struct arena *arena, struct bytes body)
{
    struct buffer hex;
    uint8_t digest[DIGEST_SHA256_BYTES];
    digest_sha256(body, digest);
    buffer_init(&hex, 2 * sizeof digest + 1);
    encode_hex(&hex, bytes_of(digest, sizeof digest));
    const char *text = arena_str(arena, buffer_bytes(&hex));
    buffer_fini(&hex);
    return text;
}

/* Adds the headers that signing asks for, and Authorization over all there are. */
static enum err sign_headers(const struct attempt *a, struct transport_request *request)
{
    struct arena *arena = a->ctx->arena;
    struct signer_scope scope = scope_of(a);
    struct signer_header headers[SIGNER_HEADERS_MAX];
    struct buffer text;
    char *date = arena_alloc(arena, SIGNER_DATE_BYTES);
    const char *hash = a->call->payload_hash;
    signer_date(scope.unix_ms, date);
    if (hash == NULL)
        hash = hash_of_body(arena, a->call->body);
    add_header(request, "host", a->endpoint->host);
    add_header(request, "x-amz-date", date);
    if (a->call->service == AWS_S3)
        add_header(request, "x-amz-content-sha256", hash);
    if (a->credentials.session_token[0] != '\0')
        add_header(request, "x-amz-security-token", a->credentials.session_token);
    for (size_t i = 0; i < request->header_count; i++)
        headers[i] = (struct signer_header){request->headers[i].name,
                                            bytes_of_str(request->headers[i].value)};
    const struct signer_request sign = {
        .method = a->call->method,
        .path = bytes_of_str(a->path),
        .query = bytes_of_str(a->call->query == NULL ? "" : a->call->query),
        .headers = headers,
        .header_count = request->header_count,
        .payload_hash = hash,
    };
    buffer_init(&text, AUTHORIZATION_MAX_BYTES);
    enum err e = signer_authorization(&sign, &scope, &a->credentials, &text);
    add_header(request, "Authorization", arena_str(arena, buffer_bytes(&text)));
    buffer_fini(&text);
    return e;
}

/* While a further attempt is possible, this one leaves time for it. One that timed out is repeated
 * only if that may be. */
static int64_t timeout_of(const struct attempt *a)
{
    int64_t left_ms = ctx_left_ms(a->ctx);
    bool last = !a->call->repeatable || a->retries + 1 >= RETRY_ATTEMPTS_MAX;
    return last || left_ms < WORTH_SPLITTING_MS ? left_ms : left_ms / 2;
}

static enum err make_request(const struct attempt *a, struct transport_request *request)
{
    const struct aws_call *call = a->call;
    bool query = call->query != NULL && call->query[0] != '\0';
    *request = (struct transport_request){
        .method = call->method,
        .url = arena_printf(a->ctx->arena, "%s%s%s%s", a->endpoint->base, a->path, query ? "?" : "",
                            query ? call->query : ""),
        .body = call->body,
        .timeout_ms = timeout_of(a),
        .answer_max = call->answer_max == 0 ? ANSWER_DEFAULT_MAX : call->answer_max,
    };
    for (size_t i = 0; i < call->header_count; i++)
        add_header(request, call->headers[i].name, call->headers[i].value);
    return call->signing == AWS_SIGN_NONE ? ERR_OK : sign_headers(a, request);
}

static enum err find_credentials(struct attempt *a)
{
    a->signed_unix_ms = aws_client_now(a->client);
    if (a->call->signing == AWS_SIGN_SERVER)
        return aws_chain_get(a->client->chain, a->ctx, &a->credentials);
    if (a->call->signing == AWS_SIGN_GIVEN)
        a->credentials = *a->call->credentials;
    return ERR_OK;
}

/* --- reading the answer --- */

static bool is_intact(const struct attempt *a, const struct transport_answer *from)
{
    uint64_t crc;
    if (a->call->service != AWS_DYNAMODB || from->crc32[0] == '\0')
        return true;
    return bytes_to_u64(bytes_of_str(from->crc32), UINT32_MAX, &crc) &&
           crc == answers_crc32(buffer_bytes(&from->body));
}

static void read_answer(const struct attempt *a, const struct transport_answer *from,
                        struct aws_answer *answer)
{
    *answer = (struct aws_answer){.status = from->status, .message = ""};
    answer->body = arena_copy(a->ctx->arena, buffer_bytes(&from->body));
    (void)snprintf(answer->etag, sizeof answer->etag, "%.*s", (int)sizeof answer->etag - 1,
                   from->etag);
    (void)snprintf(answer->writer, sizeof answer->writer, "%.*s", (int)sizeof answer->writer - 1,
                   from->writer);
    if (!answers_range_size(from->content_range, &answer->object_size))
        (void)bytes_to_u64(bytes_of_str(from->content_length), INT64_MAX, &answer->object_size);
    bool disguised = a->call->service == AWS_S3 && from->status == 200 &&
                     strcmp(a->call->method, "POST") == 0 &&
                     answers_is_disguised_error(answer->body);
    if (disguised)
        answer->status = SERVER_ERROR;
    if (answer->status >= 300)
        answer->message = answers_code(a->ctx->arena, from->error_type, answer->body, answer->code);
}

static bool is_expired_code(const char *code)
{
    return strcmp(code, "ExpiredToken") == 0 || strcmp(code, "ExpiredTokenException") == 0;
}

static bool is_clock_code(const char *code)
{
    return strcmp(code, "RequestTimeTooSkewed") == 0 || strcmp(code, "RequestExpired") == 0 ||
           strcmp(code, "RequestInTheFuture") == 0 ||
           strcmp(code, "InvalidSignatureException") == 0 ||
           strcmp(code, "SignatureDoesNotMatch") == 0;
}

/* Sets the clock by the answer's date when that is far from the time that was signed. The time, not
 * the present correction: another call may have made the same one meanwhile. */
static bool correct_clock(struct attempt *a, const char *date)
{
    int64_t theirs;
    if (a->clock_corrected || !answers_date(date, &theirs) ||
        llabs(theirs - a->signed_unix_ms) < SKEW_MIN_MS)
        return false;
    int64_t skew_ms = theirs - clock_unix_ms();
    a->clock_corrected = true;
    atomic_store(&a->client->skew_ms, skew_ms);
    log_warning("aws_clock_skew", "ms=%lld", (long long)skew_ms);
    return true;
}

static bool renew_credentials(struct attempt *a)
{
    if (a->renewed || a->call->signing != AWS_SIGN_SERVER)
        return false;
    a->renewed = true;
    return aws_chain_refused(a->client->chain, &a->credentials);
}

/* --- deciding --- */

enum verdict { DONE, AGAIN_NOW, AGAIN_LATER };

static enum verdict judge_answer(struct attempt *a, const struct transport_answer *from,
                                 const struct aws_answer *answer, enum retry_reason *reason)
{
    if (answer->status < 300) {
        retry_budget_give(budget_of(a), a->cost);
        return DONE;
    }
    if (is_expired_code(answer->code))
        return renew_credentials(a) ? AGAIN_NOW : DONE;
    if (is_clock_code(answer->code))
        return correct_clock(a, from->date) ? AGAIN_NOW : DONE;
    *reason = RETRY_THROTTLED;
    if (retry_is_throttle(answer->code) || answer->status == 429)
        return AGAIN_LATER;
    *reason = RETRY_TRANSIENT;
    bool transient = answer->status >= SERVER_ERROR || retry_is_transient(answer->code);
    a->sent = a->sent || transient;
    return transient && a->call->repeatable ? AGAIN_LATER : DONE;
}

static enum verdict judge_loss(struct attempt *a, enum transport_outcome outcome,
                               enum retry_reason *reason)
{
    *reason = RETRY_TRANSIENT;
    if (outcome == TRANSPORT_TOO_LARGE || outcome == TRANSPORT_REFUSED)
        return DONE;
    a->sent = a->sent || outcome == TRANSPORT_LOST;
    return outcome == TRANSPORT_NOT_SENT || a->call->repeatable ? AGAIN_LATER : DONE;
}

/* Waits before a repetition; false when attempts, budget or time are at an end. */
static bool wait_for_retry(struct attempt *a, enum retry_reason reason)
{
    if (a->retries + 1 >= RETRY_ATTEMPTS_MAX)
        return false;
    int64_t delay_ms = retry_delay_ms(a->retries + 1, reason);
    if (delay_ms < a->asked_delay_ms)
        delay_ms = a->asked_delay_ms;
    if (delay_ms >= ctx_left_ms(a->ctx))
        return false;
    a->cost = retry_budget_take(budget_of(a), reason);
    if (a->cost == 0)
        return false;
    a->retries++;
    struct timespec time = {.tv_sec = delay_ms / 1000, .tv_nsec = delay_ms % 1000 * 1000000};
    (void)nanosleep(&time, NULL);
    return true;
}

static enum err lost(const struct attempt *a, const char *cause)
{
    enum err e = ctx_left_ms(a->ctx) == 0 ? ERR_DEADLINE : ERR_UNAVAILABLE;
    return ctx_log_fail(a->ctx, e, "aws_unreachable", "operation=%s cause=\"%s\" attempts=%u",
                        a->call->operation, cause, a->retries + 1);
}

/* One attempt. *answered tells whether *answer is set. */
static enum verdict exchange(struct attempt *a, const struct transport_request *request,
                             struct aws_answer *answer, bool *answered, const char **cause,
                             enum retry_reason *reason)
{
    struct transport_answer from;
    enum verdict verdict;
    atomic_fetch_add(&a->client->counts[a->call->service], 1);
    enum transport_outcome outcome =
        transport_exchange(a->client->transports[a->call->service], request, &from, cause);
    uint64_t asked_ms = 0;
    (void)bytes_to_u64(bytes_of_str(from.retry_after_ms), UINT32_MAX, &asked_ms);
    a->asked_delay_ms = asked_ms < ASKED_DELAY_MAX_MS ? (int64_t)asked_ms : ASKED_DELAY_MAX_MS;
    if (outcome == TRANSPORT_ANSWERED && !is_intact(a, &from)) {
        outcome = TRANSPORT_LOST;
        *cause = "the answer's checksum is wrong";
    }
    *answered = outcome == TRANSPORT_ANSWERED;
    if (*answered) {
        read_answer(a, &from, answer);
        verdict = judge_answer(a, &from, answer, reason);
    } else {
        verdict = judge_loss(a, outcome, reason);
    }
    transport_answer_fini(&from);
    return verdict;
}

static enum err call_with_retries(struct attempt *a, struct aws_answer *answer)
{
    for (;;) {
        struct transport_request request;
        const char *cause = "";
        enum retry_reason reason = RETRY_TRANSIENT;
        bool answered = false;
        enum err e = find_credentials(a);
        if (e == ERR_OK)
            e = make_request(a, &request);
        if (e != ERR_OK)
            return e;
        enum verdict verdict = exchange(a, &request, answer, &answered, &cause, &reason);
        if (verdict == AGAIN_NOW || (verdict == AGAIN_LATER && wait_for_retry(a, reason)))
            continue;
        answer->repeated = a->sent && a->retries > 0;
        return answered ? ERR_OK : lost(a, cause);
    }
}

enum err aws_client_call(struct aws_client *client, struct ctx *ctx, const struct aws_call *call,
                         struct aws_answer *answer)
{
    const struct endpoint *endpoint = &client->endpoints[call->service];
    struct attempt a = {
        .client = client,
        .ctx = ctx,
        .call = call,
        .endpoint = endpoint,
        .path = arena_printf(ctx->arena, "%s%s", endpoint->path_prefix, call->path),
    };
    *answer = (struct aws_answer){.message = ""};
    enum err e = call_with_retries(&a, answer);
    aws_credentials_fini(&a.credentials);
    return e;
}

enum err aws_client_json(struct aws_client *client, struct ctx *ctx, const struct aws_call *like,
                         const json_t *in, json_t **out, struct aws_answer *answer)
{
    const struct endpoint *endpoint = &client->endpoints[like->service];
    struct aws_call call = *like;
    struct buffer body;
    *out = NULL;
    buffer_init(&body, BODY_MAX_BYTES);
    json_write(&body, in);
    call.method = "POST";
    call.path = "/";
    call.query = "";
    call.body = buffer_bytes(&body);
    call.header_count = 0;
    call.headers[call.header_count++] = (struct aws_header){"content-type", endpoint->content_type};
    call.headers[call.header_count++] = (struct aws_header){
        "x-amz-target", arena_printf(ctx->arena, "%s%s", endpoint->target_prefix, like->operation)};
    enum err e =
        buffer_ok(&body) ? aws_client_call(client, ctx, &call, answer) : ERR_BODY_TOO_LARGE;
    buffer_fini(&body);
    if (e != ERR_OK || answer->status != 200)
        return e;
    *out = answer->body.n == 0 ? json_object() : json_parse_object(answer->body);
    return *out != NULL ? ERR_OK
                        : ctx_log_fail(ctx, ERR_UNAVAILABLE, "aws_answer_malformed", "operation=%s",
                                       like->operation);
}

enum err aws_answer_error(struct ctx *ctx, const struct aws_call *call,
                          const struct aws_answer *answer)
{
    if (answer->status >= 200 && answer->status < 300)
        return ERR_OK;
    bool later = answer->status >= SERVER_ERROR || answer->status == 429 ||
                 retry_is_throttle(answer->code) || retry_is_transient(answer->code);
    return ctx_log_fail(ctx, later ? ERR_UNAVAILABLE : ERR_INTERNAL, "aws_refused",
                        "operation=%s status=%ld code=%s", call->operation, answer->status,
                        answer->code);
}

enum err aws_client_presign(struct aws_client *client, struct ctx *ctx, const char *method,
                            const char *path, const char *query, int64_t expires_s,
                            struct buffer *out)
{
    const struct endpoint *endpoint = &client->endpoints[AWS_S3];
    const struct aws_call call = {.service = AWS_S3, .method = method, .signing = AWS_SIGN_SERVER};
    struct attempt a = {.client = client, .ctx = ctx, .call = &call, .endpoint = endpoint};
    enum err e = find_credentials(&a);
    if (e != ERR_OK)
        return e;
    const char *whole = arena_printf(ctx->arena, "%s%s", endpoint->path_prefix, path);
    const struct signer_header host = {"host", bytes_of_str(endpoint->host)};
    const struct signer_request request = {
        .method = method,
        .path = bytes_of_str(whole),
        .query = bytes_of_str(query),
        .headers = &host,
        .header_count = 1,
        .payload_hash = "UNSIGNED-PAYLOAD",
    };
    struct signer_scope scope = scope_of(&a);
    buffer_append_str(out, endpoint->base);
    buffer_append_str(out, whole);
    buffer_append_u8(out, '?');
    e = signer_presign(&request, &scope, &a.credentials, expires_s, out);
    aws_credentials_fini(&a.credentials);
    return e;
}
