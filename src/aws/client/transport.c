#include "aws/client/transport.h"

#include "base/mem.h"
#include "base/threads.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDLE_MAX 64u /* handles that wait for their next exchange; more are closed after use */
#define CONNECT_TIMEOUT_MS 3000L
#define IDLE_CONNECTION_MAX_S 45L /* AWS closes idle connections after a minute or less */
#define CONNECTIONS_PER_HANDLE 8L
#define HEADER_LINE_MAX 8192u

struct transport {
    const char *ca_file;
    struct lock lock;
    CURL *idle[IDLE_MAX];
    size_t idle_count;
};

/* curl_easy_setopt fails only for a curl built without the option, or on lack of memory. */
#define SET(curl, option, value)                                                                   \
    do {                                                                                           \
        if (curl_easy_setopt((curl), (option), (value)) != CURLE_OK)                               \
            abort();                                                                               \
    } while (0)

struct transport *transport_create(const char *ca_file)
{
    struct transport *transport = mem_alloc(sizeof *transport);
    transport->ca_file = ca_file;
    lock_init(&transport->lock);
    return transport;
}

void transport_destroy(struct transport *transport)
{
    if (transport == NULL)
        return;
    for (size_t i = 0; i < transport->idle_count; i++)
        curl_easy_cleanup(transport->idle[i]);
    lock_fini(&transport->lock);
    mem_free(transport);
}

static CURL *take_handle(struct transport *transport)
{
    CURL *curl = NULL;
    lock_acquire(&transport->lock);
    if (transport->idle_count > 0)
        curl = transport->idle[--transport->idle_count];
    lock_release(&transport->lock);
    if (curl == NULL)
        curl = curl_easy_init();
    if (curl == NULL)
        abort();
    return curl;
}

static void give_handle(struct transport *transport, CURL *curl)
{
    bool kept = false;
    curl_easy_reset(curl);
    lock_acquire(&transport->lock);
    if (transport->idle_count < IDLE_MAX) {
        transport->idle[transport->idle_count++] = curl;
        kept = true;
    }
    lock_release(&transport->lock);
    if (!kept)
        curl_easy_cleanup(curl);
}

/* --- the answer --- */

static size_t take_body(char *data, size_t size, size_t n, void *arg)
{
    struct transport_answer *answer = arg;
    buffer_append(&answer->body, bytes_of(data, size * n));
    return buffer_ok(&answer->body) ? size * n : 0;
}

static void keep_value(struct bytes value, char out[TRANSPORT_VALUE_BYTES])
{
    while (value.n > 0 && (value.p[value.n - 1] == '\r' || value.p[value.n - 1] == '\n'))
        value.n--;
    value = bytes_trim(value);
    if (value.n >= TRANSPORT_VALUE_BYTES)
        return;
    memcpy(out, value.p, value.n);
    out[value.n] = '\0';
}

static size_t take_header(char *data, size_t size, size_t n, void *arg)
{
    struct transport_answer *answer = arg;
    struct bytes line = bytes_of(data, size * n);
    const struct {
        struct bytes name;
        char *value;
    } wanted[] = {
        {BYTES_LIT("date"), answer->date},
        {BYTES_LIT("x-amzn-errortype"), answer->error_type},
        {BYTES_LIT("x-amz-crc32"), answer->crc32},
        {BYTES_LIT("etag"), answer->etag},
        {BYTES_LIT("x-amz-meta-writer"), answer->writer},
        {BYTES_LIT("content-range"), answer->content_range},
        {BYTES_LIT("content-length"), answer->content_length},
    };
    size_t colon = bytes_find(line, ':', 0);
    if (line.n > HEADER_LINE_MAX)
        return 0;
    for (size_t i = 0; colon != SIZE_MAX && i < sizeof wanted / sizeof wanted[0]; i++) {
        if (bytes_equal_nocase(bytes_slice(line, 0, colon), wanted[i].name))
            keep_value(bytes_slice(line, colon + 1, line.n), wanted[i].value);
    }
    return line.n;
}

void transport_answer_fini(struct transport_answer *answer)
{
    buffer_fini(&answer->body);
}

/* --- the exchange --- */

static struct curl_slist *header_list(const struct transport_request *request)
{
    struct curl_slist *list = NULL;
    for (size_t i = 0; i < request->header_count; i++) {
        struct buffer line;
        buffer_init(&line, HEADER_LINE_MAX);
        buffer_printf(&line, "%s: %s", request->headers[i].name, request->headers[i].value);
        buffer_append_u8(&line, '\0');
        struct curl_slist *longer =
            buffer_ok(&line) ? curl_slist_append(list, (const char *)line.p) : NULL;
        buffer_fini(&line);
        if (longer == NULL)
            abort(); /* lack of memory, or a header that is longer than any of ours */
        list = longer;
    }
    return list;
}

static struct curl_slist *without(struct curl_slist *list, const char *name)
{
    struct curl_slist *longer = curl_slist_append(list, name);
    if (longer == NULL)
        abort();
    return longer;
}

static bool has_header(const struct transport_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (bytes_equal_nocase(bytes_of_str(request->headers[i].name), bytes_of_str(name)))
            return true;
    }
    return false;
}

static void set_method(CURL *curl, const struct transport_request *request)
{
    if (strcmp(request->method, "HEAD") == 0) {
        SET(curl, CURLOPT_NOBODY, 1L);
        return;
    }
    if (request->body.n > 0 || strcmp(request->method, "POST") == 0 ||
        strcmp(request->method, "PUT") == 0) {
        SET(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.n);
        SET(curl, CURLOPT_POSTFIELDS, request->body.n == 0 ? "" : (const char *)request->body.p);
    }
    SET(curl, CURLOPT_CUSTOMREQUEST, request->method);
}

/* libcurl sends a request a second time by itself when a connection that it kept breaks off before
 * an answer. Whether to do that is for the caller to say. */
static int allow_one_send(void *arg, char *peer, char *here, int peer_port, int here_port)
{
    bool *sent = arg;
    (void)peer;
    (void)here;
    (void)peer_port;
    (void)here_port;
    if (*sent)
        return CURL_PREREQFUNC_ABORT;
    *sent = true;
    return CURL_PREREQFUNC_OK;
}

static void set_up(struct transport *transport, CURL *curl, const struct transport_request *request,
                   struct transport_answer *answer)
{
    long timeout_ms = (long)request->timeout_ms;
    SET(curl, CURLOPT_URL, request->url);
    SET(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(curl, CURLOPT_PROXY, "");
    SET(curl, CURLOPT_NOSIGNAL, 1L);
    SET(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(curl, CURLOPT_PATH_AS_IS, 1L);
    SET(curl, CURLOPT_TIMEOUT_MS, timeout_ms);
    SET(curl, CURLOPT_CONNECTTIMEOUT_MS,
        timeout_ms < CONNECT_TIMEOUT_MS ? timeout_ms : CONNECT_TIMEOUT_MS);
    SET(curl, CURLOPT_MAXAGE_CONN, IDLE_CONNECTION_MAX_S);
    SET(curl, CURLOPT_MAXCONNECTS, CONNECTIONS_PER_HANDLE);
    SET(curl, CURLOPT_WRITEFUNCTION, take_body);
    SET(curl, CURLOPT_WRITEDATA, answer);
    SET(curl, CURLOPT_HEADERFUNCTION, take_header);
    SET(curl, CURLOPT_HEADERDATA, answer);
    if (transport->ca_file[0] != '\0')
        SET(curl, CURLOPT_CAINFO, transport->ca_file);
    set_method(curl, request);
}

/* What a failure says of the request. */
static enum transport_outcome outcome_of(CURL *curl, CURLcode code,
                                         const struct transport_answer *answer)
{
    curl_off_t sent_at_us = 0;
    if (code == CURLE_OK)
        return TRANSPORT_ANSWERED;
    if (code == CURLE_WRITE_ERROR)
        return buffer_ok(&answer->body) ? TRANSPORT_LOST : TRANSPORT_TOO_LARGE;
    if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT ||
        code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION)
        return TRANSPORT_NOT_SENT;
    (void)curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME_T, &sent_at_us);
    return sent_at_us == 0 ? TRANSPORT_NOT_SENT : TRANSPORT_LOST;
}

enum transport_outcome transport_exchange(struct transport *transport,
                                          const struct transport_request *request,
                                          struct transport_answer *answer, const char **cause)
{
    *answer = (struct transport_answer){0};
    *cause = "no time left";
    buffer_init(&answer->body, request->answer_max);
    if (request->timeout_ms <= 0)
        return TRANSPORT_NOT_SENT;
    CURL *curl = take_handle(transport);
    struct curl_slist *headers = without(header_list(request), "Expect:");
    headers = without(headers, "Transfer-Encoding:");
    if (!has_header(request, "content-type"))
        headers = without(headers, "Content-Type:");
    set_up(transport, curl, request, answer);
    bool sent = false;
    SET(curl, CURLOPT_PREREQFUNCTION, allow_one_send);
    SET(curl, CURLOPT_PREREQDATA, &sent);
    SET(curl, CURLOPT_HTTPHEADER, headers);
    CURLcode code = curl_easy_perform(curl);
    enum transport_outcome outcome = outcome_of(curl, code, answer);
    *cause = curl_easy_strerror(code);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    give_handle(transport, curl);
    curl_slist_free_all(headers);
    return outcome;
}
