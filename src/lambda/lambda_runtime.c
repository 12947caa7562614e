#include "lambda/lambda_runtime.h"

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION_PATH "/2018-06-01/runtime"
#define URL_BYTES 512u
#define CONNECT_TIMEOUT_MS 1000L
#define ANSWER_TIMEOUT_MS 10000L
#define EVENT_MAX_BYTES (LAMBDA_PAYLOAD_MAX + (1u << 20)) /* with what API Gateway adds */
#define IGNORED_MAX_BYTES 65536u
#define ACCEPTED 202
#define OK 200

struct lambda_runtime {
    const char *api;
    CURL *curl;
};

/* One exchange. */
struct exchange {
    struct buffer body;
    struct lambda_invocation *invocation; /* NULL: its headers are not wanted */
};

/* curl_easy_setopt fails only for a curl built without the option, or on lack of memory. */
#define SET(curl, option, value)                                                                   \
    do {                                                                                           \
        if (curl_easy_setopt((curl), (option), (value)) != CURLE_OK)                               \
            abort();                                                                               \
    } while (0)

struct lambda_runtime *lambda_runtime_create(const char *runtime_api)
{
    struct lambda_runtime *runtime = mem_alloc(sizeof *runtime);
    runtime->api = runtime_api;
    runtime->curl = curl_easy_init();
    if (runtime->curl == NULL)
        abort();
    return runtime;
}

void lambda_runtime_destroy(struct lambda_runtime *runtime)
{
    if (runtime == NULL)
        return;
    curl_easy_cleanup(runtime->curl);
    mem_free(runtime);
}

void lambda_invocation_fini(struct lambda_invocation *invocation)
{
    buffer_fini(&invocation->event);
}

/* What is too much is dropped, so that the connection stays in order. */
static size_t take_body(char *data, size_t size, size_t n, void *arg)
{
    struct exchange *x = arg;
    buffer_append(&x->body, bytes_of(data, size * n));
    return size * n;
}

/* The value of a header line if it has that name. */
static bool read_header(struct bytes line, const char *name, struct bytes *value)
{
    size_t colon = bytes_find(line, ':', 0);
    if (colon == SIZE_MAX || !bytes_equal_nocase(bytes_slice(line, 0, colon), bytes_of_str(name)))
        return false;
    *value = bytes_slice(line, colon + 1, SIZE_MAX);
    while (value->n > 0 && (value->p[value->n - 1] == '\r' || value->p[value->n - 1] == '\n'))
        value->n--;
    *value = bytes_trim(*value);
    return true;
}

/* Nothing of a value that does not fit. */
static void copy_text(char *out, size_t size, struct bytes value)
{
    if (value.n == 0 || value.n >= size)
        return;
    memcpy(out, value.p, value.n);
    out[value.n] = '\0';
}

static size_t take_header(char *data, size_t size, size_t n, void *arg)
{
    struct lambda_invocation *out = ((struct exchange *)arg)->invocation;
    struct bytes line = bytes_of(data, size * n);
    struct bytes value;
    uint64_t deadline;
    if (out == NULL)
        return line.n;
    if (read_header(line, "Lambda-Runtime-Aws-Request-Id", &value))
        copy_text(out->request_id, sizeof out->request_id, value);
    else if (read_header(line, "Lambda-Runtime-Trace-Id", &value))
        copy_text(out->trace_id, sizeof out->trace_id, value);
    else if (read_header(line, "Lambda-Runtime-Deadline-Ms", &value) &&
             bytes_to_u64(value, INT64_MAX, &deadline))
        out->deadline_unix_ms = (int64_t)deadline;
    return line.n;
}

static struct curl_slist *add_header(struct curl_slist *headers, const char *line)
{
    headers = curl_slist_append(headers, line);
    if (headers == NULL)
        abort();
    return headers;
}

/* One exchange. A kept connection may have died while the sandbox was frozen: curl then sends the
 * request again over a new one, as long as nothing of an answer has come. */
static bool perform(struct lambda_runtime *runtime, const char *url, const struct bytes *payload,
                    const char *header, struct exchange *x, long *status)
{
    CURL *curl = runtime->curl;
    struct curl_slist *headers = add_header(NULL, "Expect:");
    if (payload != NULL)
        headers = add_header(headers, "Content-Type: application/json");
    if (header != NULL)
        headers = add_header(headers, header);
    curl_easy_reset(curl);
    SET(curl, CURLOPT_URL, url);
    SET(curl, CURLOPT_PROXY, "");
    SET(curl, CURLOPT_NOSIGNAL, 1L);
    SET(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    SET(curl, CURLOPT_TIMEOUT_MS, payload == NULL ? 0L : ANSWER_TIMEOUT_MS);
    SET(curl, CURLOPT_WRITEFUNCTION, take_body);
    SET(curl, CURLOPT_WRITEDATA, x);
    SET(curl, CURLOPT_HEADERFUNCTION, take_header);
    SET(curl, CURLOPT_HEADERDATA, x);
    SET(curl, CURLOPT_HTTPHEADER, headers);
    if (payload != NULL) {
        SET(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)payload->n);
        SET(curl, CURLOPT_POSTFIELDS, payload->n == 0 ? "" : (const char *)payload->p);
    }
    CURLcode code = curl_easy_perform(curl);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
    curl_slist_free_all(headers);
    if (code != CURLE_OK)
        log_error("lambda_runtime", "cause=\"%s\"", curl_easy_strerror(code));
    return code == CURLE_OK;
}

enum err lambda_runtime_next(struct lambda_runtime *runtime, struct lambda_invocation *out)
{
    char url[URL_BYTES];
    long status = 0;
    *out = (struct lambda_invocation){0};
    struct exchange x = {.invocation = out};
    buffer_init(&x.body, EVENT_MAX_BYTES);
    (void)snprintf(url, sizeof url, "http://%s" VERSION_PATH "/invocation/next", runtime->api);
    bool ok = perform(runtime, url, NULL, NULL, &x, &status);
    out->event = x.body;
    return ok && status == OK && out->request_id[0] != '\0' ? ERR_OK : ERR_UNAVAILABLE;
}

static enum err post(struct lambda_runtime *runtime, const char *url, struct bytes payload,
                     const char *header)
{
    long status = 0;
    struct exchange x = {0};
    buffer_init(&x.body, IGNORED_MAX_BYTES);
    bool ok = perform(runtime, url, &payload, header, &x, &status);
    buffer_fini(&x.body);
    if (ok && status != ACCEPTED)
        log_warning("lambda_refused", "status=%ld", status);
    return ok && status == ACCEPTED ? ERR_OK : ERR_UNAVAILABLE;
}

enum err lambda_runtime_respond(struct lambda_runtime *runtime,
                                const struct lambda_invocation *invocation, struct bytes payload)
{
    char url[URL_BYTES];
    (void)snprintf(url, sizeof url, "http://%s" VERSION_PATH "/invocation/%s/response",
                   runtime->api, invocation->request_id);
    return post(runtime, url, payload, NULL);
}

enum err lambda_runtime_fail(struct lambda_runtime *runtime,
                             const struct lambda_invocation *invocation, const char *type,
                             const char *message)
{
    char url[URL_BYTES];
    char header[URL_BYTES];
    struct buffer body;
    if (invocation == NULL)
        (void)snprintf(url, sizeof url, "http://%s" VERSION_PATH "/init/error", runtime->api);
    else
        (void)snprintf(url, sizeof url, "http://%s" VERSION_PATH "/invocation/%s/error",
                       runtime->api, invocation->request_id);
    (void)snprintf(header, sizeof header, "Lambda-Runtime-Function-Error-Type: %s", type);
    json_t *document = json_object();
    json_object_set_new(document, "errorMessage", json_from_bytes(bytes_of_str(message)));
    json_object_set_new(document, "errorType", json_string(type));
    json_object_set_new(document, "stackTrace", json_array());
    buffer_init(&body, IGNORED_MAX_BYTES);
    json_write(&body, document);
    json_decref(document);
    enum err e = post(runtime, url, buffer_bytes(&body), header);
    buffer_fini(&body);
    return e;
}
