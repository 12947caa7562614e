#include "aws/client/aws_sources.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CONTAINER_HOST "http://169.254.170.2"
#define INSTANCE_HOST "http://169.254.169.254"
#define INSTANCE_ROLES "/latest/meta-data/iam/security-credentials/"
#define INSTANCE_TOKEN_LIFETIME_S "300" /* one fetch is done with it */
#define TIMEOUT_MS INT64_C(2000)
#define TRIES 2
#define ANSWER_MAX_BYTES ((size_t)16 << 10)
#define TOKEN_MAX_BYTES ((size_t)8 << 10) /* EKS gives JSON web tokens */
#define RFC3339_SECONDS_DIGITS 19u        /* "2026-11-24T13:50:00" */

/* --- what the environment says --- */

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value == NULL ? "" : value;
}

static bool copy_text(char *out, size_t size, struct bytes text)
{
    if (text.n >= size)
        return false;
    if (text.n > 0)
        memcpy(out, text.p, text.n);
    out[text.n] = '\0';
    return strpbrk(out, "\r\n") == NULL && strlen(out) == text.n;
}

static bool copy_credentials(struct aws_credentials *out, struct bytes id, struct bytes secret,
                             struct bytes token)
{
    *out = (struct aws_credentials){.expires_unix_ms = INT64_MAX};
    return id.n > 0 && secret.n > 0 &&
           copy_text(out->access_key_id, sizeof out->access_key_id, id) &&
           copy_text(out->secret_access_key, sizeof out->secret_access_key, secret) &&
           copy_text(out->session_token, sizeof out->session_token, token);
}

static char *copy_or_null(const char *text)
{
    return text[0] == '\0' ? NULL : mem_strdup(text);
}

/* Credentials go only over TLS, to this machine, or to the addresses where ECS and EKS answer. */
static bool may_be_asked(const char *text)
{
    static const char *const hosts[] = {"localhost",     "127.0.0.1",      "[::1]",
                                        "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
    CURLU *url = curl_url();
    char *scheme = NULL;
    char *host = NULL;
    bool ok = url != NULL && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK;
    bool known = ok && strcmp(scheme, "https") == 0;
    for (size_t i = 0; ok && !known && i < sizeof hosts / sizeof hosts[0]; i++)
        known = strcmp(scheme, "http") == 0 && strcasecmp(host, hosts[i]) == 0;
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(url);
    return known;
}

static bool read_fixed(struct aws_sources *sources)
{
    const char *id = environment("AWS_ACCESS_KEY_ID");
    const char *secret = environment("AWS_SECRET_ACCESS_KEY");
    if (id[0] == '\0' || secret[0] == '\0')
        return false;
    sources->source = AWS_SOURCE_FIXED;
    if (!copy_credentials(&sources->fixed, bytes_of_str(id), bytes_of_str(secret),
                          bytes_of_str(environment("AWS_SESSION_TOKEN")))) {
        log_error("aws_credentials", "source=environment cause=malformed");
        sources->source = AWS_SOURCE_NONE;
    }
    return true;
}

static bool read_container(struct aws_sources *sources)
{
    const char *relative = environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = environment("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (relative[0] == '\0' && full[0] == '\0')
        return false;
    struct buffer url;
    buffer_init(&url, TOKEN_MAX_BYTES);
    buffer_append_str(&url, relative[0] == '\0' ? full : CONTAINER_HOST);
    buffer_append_str(&url, relative);
    buffer_append_u8(&url, '\0');
    if (buffer_ok(&url) && may_be_asked((const char *)url.p)) {
        sources->source = AWS_SOURCE_CONTAINER;
        sources->url = mem_strdup((const char *)url.p);
        sources->authorization = copy_or_null(environment("AWS_CONTAINER_AUTHORIZATION_TOKEN"));
        sources->authorization_file =
            copy_or_null(environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"));
    } else {
        log_error("aws_credentials", "source=container cause=uri");
    }
    buffer_fini(&url);
    return true;
}

static void read_instance(struct aws_sources *sources)
{
    if (strcasecmp(environment("AWS_EC2_METADATA_DISABLED"), "true") == 0)
        return;
    const char *host = environment("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    sources->source = AWS_SOURCE_INSTANCE;
    sources->url = mem_strdup(host[0] == '\0' ? INSTANCE_HOST : host);
    size_t n = strlen(sources->url);
    if (n > 0 && sources->url[n - 1] == '/')
        sources->url[n - 1] = '\0';
}

void aws_sources_init(struct aws_sources *sources)
{
    *sources = (struct aws_sources){.source = AWS_SOURCE_NONE};
    if (!read_fixed(sources) && !read_container(sources))
        read_instance(sources);
    if (sources->url != NULL)
        sources->transport = transport_create("");
}

void aws_sources_fini(struct aws_sources *sources)
{
    aws_credentials_fini(&sources->fixed);
    mem_free(sources->url);
    if (sources->authorization != NULL)
        mem_cleanse(sources->authorization, strlen(sources->authorization));
    mem_free(sources->authorization);
    mem_free(sources->authorization_file);
    transport_destroy(sources->transport);
    *sources = (struct aws_sources){.source = AWS_SOURCE_NONE};
}

/* --- requests --- */

/* A source that is being asked. */
struct asking {
    const struct aws_sources *sources;
    struct ctx *ctx;
    const char *name; /* for the log */
};

static enum err say(const struct asking *a, const char *cause, long status)
{
    return ctx_log_fail(a->ctx, ERR_UNAVAILABLE, "aws_credentials",
                        "source=%s cause=\"%s\" status=%ld", a->name, cause, status);
}

/* Asks one address; *body is to be finished by the caller in any case. */
static enum err ask(const struct asking *a, struct transport_request *request, struct buffer *body)
{
    struct transport_answer answer = {0};
    enum transport_outcome outcome = TRANSPORT_NOT_SENT;
    const char *cause = "";
    for (unsigned i = 0; i < TRIES; i++) {
        int64_t left_ms = ctx_left_ms(a->ctx);
        request->timeout_ms = left_ms < TIMEOUT_MS ? left_ms : TIMEOUT_MS;
        request->answer_max = ANSWER_MAX_BYTES;
        transport_answer_fini(&answer);
        outcome = transport_exchange(a->sources->transport, request, &answer, &cause);
        if (outcome == TRANSPORT_REFUSED || (outcome == TRANSPORT_ANSWERED && answer.status < 500))
            break;
    }
    *body = answer.body;
    if (outcome != TRANSPORT_ANSWERED)
        return say(a, cause, 0);
    return answer.status == 200 ? ERR_OK : say(a, "refused", answer.status);
}

/* "2026-11-24T13:50:00Z", with or without a fraction. */
static bool read_expiration(struct bytes text, int64_t *unix_ms)
{
    char whole[CLOCK_RFC3339_BYTES];
    if (text.n <= RFC3339_SECONDS_DIGITS || text.p[text.n - 1] != 'Z')
        return false;
    (void)snprintf(whole, sizeof whole, "%.*s.000Z", (int)RFC3339_SECONDS_DIGITS,
                   (const char *)text.p);
    return clock_from_rfc3339(whole, unix_ms);
}

static bool read_answer(struct bytes body, struct aws_credentials *out)
{
    json_t *object = json_parse_object(body);
    struct bytes code = BYTES_LIT("Success");
    struct bytes id = {0};
    struct bytes secret = {0};
    struct bytes token = {0};
    struct bytes expiration = {0};
    (void)json_get_bytes(object, "Code", &code);
    (void)json_get_bytes(object, "Token", &token);
    bool ok = bytes_equal_str(code, "Success") && json_get_bytes(object, "AccessKeyId", &id) &&
              json_get_bytes(object, "SecretAccessKey", &secret) &&
              copy_credentials(out, id, secret, token);
    if (ok && json_get_bytes(object, "Expiration", &expiration))
        ok = read_expiration(expiration, &out->expires_unix_ms);
    json_decref(object);
    return ok;
}

static enum err ask_credentials(const struct asking *a, struct transport_request *request,
                                struct aws_credentials *out)
{
    struct buffer body;
    enum err e = ask(a, request, &body);
    if (e == ERR_OK && !read_answer(buffer_bytes(&body), out))
        e = say(a, "malformed", 200);
    buffer_fini(&body);
    return e;
}

/* --- container --- */

/* The first line. */
static bool read_file(const char *path, char *out, size_t size)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    setbuf(file, NULL); /* no copy of the token stays behind */
    bool ok = fgets(out, (int)size, file) != NULL;
    (void)fclose(file);
    out[ok ? strcspn(out, "\r\n") : 0] = '\0';
    return out[0] != '\0';
}

static enum err fetch_container(const struct asking *a, struct aws_credentials *out)
{
    const struct aws_sources *sources = a->sources;
    char token[TOKEN_MAX_BYTES] = "";
    struct transport_request request = {.method = "GET", .url = sources->url};
    if (sources->authorization_file != NULL && /* EKS writes a new one now and then */
        !read_file(sources->authorization_file, token, sizeof token))
        return say(a, "token file", 0);
    const char *authorization =
        sources->authorization_file != NULL ? token : sources->authorization;
    if (authorization != NULL)
        request.headers[request.header_count++] =
            (struct transport_header){"Authorization", authorization};
    enum err e = ask_credentials(a, &request, out);
    mem_cleanse(token, sizeof token);
    return e;
}

/* --- instance --- */

static enum err ask_line(const struct asking *a, struct transport_request *request,
                         const char **out)
{
    struct buffer body;
    enum err e = ask(a, request, &body);
    struct bytes line = buffer_bytes(&body);
    line = bytes_slice(line, 0, bytes_find(line, '\n', 0));
    *out = arena_str(a->ctx->arena, line);
    if (e == ERR_OK && *out[0] == '\0')
        e = say(a, "malformed", 200);
    buffer_fini(&body);
    return e;
}

static const char *role_url(const struct asking *a, const char *role)
{
    struct buffer name;
    buffer_init(&name, 3 * ANSWER_MAX_BYTES);
    encode_percent(&name, bytes_of_str(role));
    const char *url = arena_printf(a->ctx->arena, "%s" INSTANCE_ROLES "%.*s", a->sources->url,
                                   BYTES_FMT(buffer_bytes(&name)));
    buffer_fini(&name);
    return url;
}

/* A session's token, the role of the instance, and that role's credentials (EC2 User Guide, "Use
 * the Instance Metadata Service": version 2 only). */
static enum err fetch_instance(const struct asking *a, struct aws_credentials *out)
{
    struct arena *arena = a->ctx->arena;
    const char *token = NULL;
    const char *role = NULL;
    struct transport_request session = {
        .method = "PUT",
        .url = arena_printf(arena, "%s/latest/api/token", a->sources->url),
        .headers = {{"X-aws-ec2-metadata-token-ttl-seconds", INSTANCE_TOKEN_LIFETIME_S}},
        .header_count = 1,
    };
    enum err e = ask_line(a, &session, &token);
    if (e != ERR_OK)
        return e;
    struct transport_request get = {
        .method = "GET",
        .url = arena_printf(arena, "%s" INSTANCE_ROLES, a->sources->url),
        .headers = {{"X-aws-ec2-metadata-token", token}},
        .header_count = 1,
    };
    e = ask_line(a, &get, &role);
    if (e != ERR_OK)
        return e;
    get.url = role_url(a, role);
    return ask_credentials(a, &get, out);
}

enum err aws_sources_fetch(const struct aws_sources *sources, struct ctx *ctx,
                           struct aws_credentials *out)
{
    struct asking a = {.sources = sources, .ctx = ctx, .name = "none"};
    switch (sources->source) {
    case AWS_SOURCE_FIXED:
        *out = sources->fixed;
        return ERR_OK;
    case AWS_SOURCE_CONTAINER:
        a.name = "container";
        return fetch_container(&a, out);
    case AWS_SOURCE_INSTANCE:
        a.name = "instance";
        return fetch_instance(&a, out);
    case AWS_SOURCE_NONE:
        break;
    }
    return say(&a, "not configured", 0);
}
