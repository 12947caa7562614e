#include "aws/client/transport.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/threads.h"

#include <assert.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As many exchanges with a host at the same time; more wait their turn. */
#define HANDLES_MAX 64u
#define CONNECT_TIMEOUT_MS 3000L
#define IDLE_CONNECTION_MAX_S 45L /* AWS closes idle connections after a minute or less */
#define HEADER_VALUE_MAX ((size_t)8 << 10)
#define HEADER_LINE_MAX (HEADER_VALUE_MAX + 256)

struct transport {
    const char *ca_file;
    struct lock lock;
    struct condition given_back;
    CURL *idle[HANDLES_MAX]; /* the last used first: its connection is the least likely closed */
    size_t idle_count;
    size_t in_use;
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
    condition_init(&transport->given_back);
    return transport;
}

void transport_destroy(struct transport *transport)
{
    if (transport == NULL)
        return;
    for (size_t i = 0; i < transport->idle_count; i++)
        curl_easy_cleanup(transport->idle[i]);
    condition_fini(&transport->given_back);
    lock_fini(&transport->lock);
    mem_free(transport);
}

/* NULL when all handles stay in use until the deadline. */
static CURL *take_handle(struct transport *transport, int64_t deadline_mono_ms)
{
    CURL *curl = NULL;
    bool in_time = true;
    lock_acquire(&transport->lock);
    while (transport->in_use == HANDLES_MAX && in_time)
        in_time = condition_wait(&transport->given_back, &transport->lock, deadline_mono_ms);
    bool mine = transport->in_use < HANDLES_MAX;
    if (mine)
        transport->in_use++;
    if (mine && transport->idle_count > 0)
        curl = transport->idle[--transport->idle_count];
    lock_release(&transport->lock);
    if (mine && curl == NULL && (curl = curl_easy_init()) == NULL)
        abort();
    return curl;
}

static void give_handle(struct transport *transport, CURL *curl)
{
    curl_easy_reset(curl); /* keeps the connection */
    lock_acquire(&transport->lock);
    transport->idle[transport->idle_count++] = curl;
    transport->in_use--;
    condition_signal(&transport->given_back);
    lock_release(&transport->lock);
}

/* --- the answer --- */

static size_t take_body(char *data, size_t size, size_t n, void *arg)
{
    struct transport_answer *answer = arg;
    buffer_append(&answer->body, bytes_of(data, size * n));
    return buffer_ok(&answer->body) ? size * n : 0;
}

/* An answer begins; what an interim one (100 Continue) said is not of it. */
static void forget_values(struct transport_answer *answer)
{
    struct buffer body = answer->body;
    *answer = (struct transport_answer){.body = body};
}

static void keep_value(struct bytes value, char out[TRANSPORT_VALUE_BYTES])
{
    while (value.n > 0 && (value.p[value.n - 1] == '\r' || value.p[value.n - 1] == '\n'))
        value.n--;
    value = bytes_trim(value);
    if (value.n == 0 || value.n >= TRANSPORT_VALUE_BYTES)
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
        {BYTES_LIT("x-amz-retry-after"), answer->retry_after_ms},
        {BYTES_LIT("etag"), answer->etag},
        {BYTES_LIT("x-amz-meta-writer"), answer->writer},
        {BYTES_LIT("content-range"), answer->content_range},
        {BYTES_LIT("content-length"), answer->content_length},
    };
    size_t colon = bytes_find(line, ':', 0);
    if (bytes_starts_with(line, BYTES_LIT("HTTP/")))
        forget_values(answer);
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

static bool is_well_formed(const struct transport_request *request)
{
    for (size_t i = 0; i < request->header_count; i++) {
        const char *value = request->headers[i].value;
        if (strlen(value) > HEADER_VALUE_MAX || strpbrk(value, "\r\n") != NULL)
            return false;
    }
    return true;
}

static struct curl_slist *with(struct curl_slist *list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(list, line);
    if (longer == NULL)
        abort(); /* lack of memory */
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

static struct curl_slist *header_list(const struct transport_request *request)
{
    /* "name:" keeps libcurl from adding a header of its own: no wait for 100 Continue, no chunks
     * (S3 refuses them). "name;" is how it takes a header without a value. */
    struct curl_slist *list = with(with(NULL, "Expect:"), "Transfer-Encoding:");
    if (!has_header(request, "content-type"))
        list = with(list, "Content-Type:");
    for (size_t i = 0; i < request->header_count; i++) {
        struct buffer line;
        buffer_init(&line, HEADER_LINE_MAX);
        buffer_append_str(&line, request->headers[i].name);
        buffer_append_str(&line, request->headers[i].value[0] == '\0' ? ";" : ": ");
        buffer_append_str(&line, request->headers[i].value);
        buffer_append_u8(&line, '\0');
        assert(buffer_ok(&line));
        list = with(list, (const char *)line.p);
        buffer_fini(&line);
    }
    return list;
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
 * an answer. Whether to do that is for the caller to say: AWS may have carried it out. */
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
    SET(curl, CURLOPT_URL, request->url);
    SET(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(curl, CURLOPT_PROXY, ""); /* whatever the environment says */
    SET(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(curl, CURLOPT_USERAGENT, "letterlock/" LETTERLOCK_VERSION);
    SET(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    SET(curl, CURLOPT_NOSIGNAL, 1L);
    SET(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(curl, CURLOPT_PATH_AS_IS, 1L);
    SET(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    SET(curl, CURLOPT_MAXAGE_CONN, IDLE_CONNECTION_MAX_S);
    SET(curl, CURLOPT_MAXCONNECTS, 1L);
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
    switch ((int)code) {
    case CURLE_OK:
        return TRANSPORT_ANSWERED;
    case CURLE_WRITE_ERROR:
        return buffer_ok(&answer->body) ? TRANSPORT_LOST : TRANSPORT_TOO_LARGE;
    case CURLE_ABORTED_BY_CALLBACK: /* by allow_one_send: it was sent before */
        return TRANSPORT_LOST;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return TRANSPORT_REFUSED;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
        return TRANSPORT_NOT_SENT;
    default:
        break;
    }
    (void)curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME_T, &sent_at_us);
    return sent_at_us == 0 ? TRANSPORT_NOT_SENT : TRANSPORT_LOST;
}

static const char *cause_of(CURLcode code)
{
    return code == CURLE_ABORTED_BY_CALLBACK ? "the connection was closed"
                                             : curl_easy_strerror(code);
}

enum transport_outcome transport_exchange(struct transport *transport,
                                          const struct transport_request *request,
                                          struct transport_answer *answer, const char **cause)
{
    int64_t deadline_mono_ms = clock_mono_ms() + request->timeout_ms;
    *answer = (struct transport_answer){0};
    *cause = "a header value is malformed";
    buffer_init(&answer->body, request->answer_max);
    if (!is_well_formed(request))
        return TRANSPORT_REFUSED;
    *cause = "no time left";
    CURL *curl = request->timeout_ms <= 0 ? NULL : take_handle(transport, deadline_mono_ms);
    if (curl == NULL)
        return TRANSPORT_NOT_SENT;
    int64_t left_ms = deadline_mono_ms - clock_mono_ms();
    struct curl_slist *headers = header_list(request);
    bool sent = false;
    set_up(transport, curl, request, answer);
    SET(curl, CURLOPT_TIMEOUT_MS, (long)(left_ms > 0 ? left_ms : 1));
    SET(curl, CURLOPT_PREREQFUNCTION, allow_one_send);
    SET(curl, CURLOPT_PREREQDATA, &sent);
    SET(curl, CURLOPT_HTTPHEADER, headers);
    CURLcode code = curl_easy_perform(curl);
    enum transport_outcome outcome = outcome_of(curl, code, answer);
    *cause = cause_of(code);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    give_handle(transport, curl);
    curl_slist_free_all(headers);
    return outcome;
}
