#include "cli/cli_http.h"

#include "base/encode.h"
#include "cli/cli_interrupt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONNECT_TIMEOUT_S = 10,
    STALL_BYTES_PER_S = 1,  /* slower than this for … */
    STALL_TIME_S = 60,      /* … this long ends a transfer */
    ANSWER_TIMEOUT_S = 120, /* of a request without a streamed body, as a whole */
    BODY_MAX_BYTES = 8 << 20,
    CURL_BUFFER_BYTES = 128 * 1024,
};

/* One request under way. */
struct exchange {
    const struct cli_http_request *request;
    struct cli_http_response *response;
    CURL *curl;
    bool sink_begun;
    bool failed_here;
    bool too_long;
};

void cli_http_append_query(struct buffer *path, const char *name, struct bytes value)
{
    bool first = bytes_find(buffer_bytes(path), '?', 0) == SIZE_MAX;
    buffer_printf(path, "%c%s=", first ? '?' : '&', name);
    encode_percent(path, value);
}

/* curl_easy_setopt fails only for a curl built without the option, or on lack of memory. */
#define SET(curl, option, value)                                                                   \
    do {                                                                                           \
        if (curl_easy_setopt((curl), (option), (value)) != CURLE_OK)                               \
            abort();                                                                               \
    } while (0)

void cli_http_init(struct cli_http *http, struct arena *arena, const char *url, const char *ca_file)
{
    *http = (struct cli_http){.arena = arena, .url = url, .ca_file = ca_file};
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        abort();
    http->curl = curl_easy_init();
    if (http->curl == NULL)
        abort();
}

void cli_http_fini(struct cli_http *http)
{
    curl_easy_cleanup(http->curl);
    *http = (struct cli_http){0};
}

void cli_http_response_fini(struct cli_http_response *response)
{
    buffer_fini(&response->body);
}

static bool begin_sink(struct exchange *x)
{
    if (x->sink_begun)
        return true;
    x->sink_begun = true;
    curl_off_t length = -1;
    curl_easy_getinfo(x->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    x->response->length = length;
    x->failed_here = !x->request->sink->begin(x->request->sink, x->response);
    return !x->failed_here;
}

static bool goes_to_sink(struct exchange *x)
{
    curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &x->response->status);
    return x->request->sink != NULL && (x->response->status == 200 || x->response->status == 206);
}

static size_t take_body(char *p, size_t size, size_t count, void *arg)
{
    struct exchange *x = arg;
    struct bytes data = bytes_of(p, size * count);
    if (goes_to_sink(x)) {
        if (!begin_sink(x))
            return CURL_WRITEFUNC_ERROR;
        x->failed_here = !x->request->sink->write(x->request->sink, data);
        return x->failed_here ? CURL_WRITEFUNC_ERROR : data.n;
    }
    buffer_append(&x->response->body, data);
    x->too_long = !buffer_ok(&x->response->body);
    return x->too_long ? CURL_WRITEFUNC_ERROR : data.n;
}

static bool header_value(struct bytes line, struct bytes name, struct bytes *value)
{
    size_t colon = bytes_find(line, ':', 0);
    if (colon == SIZE_MAX || !bytes_equal_nocase(bytes_slice(line, 0, colon), name))
        return false;
    *value = bytes_slice(line, colon + 1, line.n);
    while (value->n > 0 && (value->p[value->n - 1] == '\n' || value->p[value->n - 1] == '\r'))
        value->n--;
    *value = bytes_trim(*value);
    return true;
}

/* "bytes 1000-1999/2000" (RFC 9110 section 14.4): the first number, or -1. */
static int64_t content_range_start(struct bytes value)
{
    struct bytes unit = BYTES_LIT("bytes ");
    uint64_t start = 0;
    if (!bytes_starts_with(value, unit))
        return -1;
    struct bytes range = bytes_slice(value, unit.n, value.n);
    size_t dash = bytes_find(range, '-', 0);
    if (dash == SIZE_MAX || !bytes_to_u64(bytes_slice(range, 0, dash), INT64_MAX, &start))
        return -1;
    return (int64_t)start;
}

/* A value that does not fit is as good as none. */
static void keep_value(char *out, size_t size, struct bytes value)
{
    if (value.n < size)
        (void)snprintf(out, size, "%.*s", BYTES_FMT(value));
}

static size_t take_header(char *p, size_t size, size_t count, void *arg)
{
    struct exchange *x = arg;
    struct bytes line = bytes_of(p, size * count);
    struct bytes value;
    if (bytes_starts_with(line, BYTES_LIT("HTTP/"))) { /* a 100 Continue may come first */
        x->response->etag[0] = '\0';
        x->response->location[0] = '\0';
        x->response->range_start = -1;
    } else if (header_value(line, BYTES_LIT("etag"), &value)) {
        keep_value(x->response->etag, sizeof x->response->etag, value);
    } else if (header_value(line, BYTES_LIT("location"), &value)) {
        keep_value(x->response->location, sizeof x->response->location, value);
    } else if (header_value(line, BYTES_LIT("content-range"), &value)) {
        x->response->range_start = content_range_start(value);
    }
    return line.n;
}

static size_t give_file(char *p, size_t size, size_t count, void *arg)
{
    struct exchange *x = arg;
    size_t n = x->request->form->read(x->request->form, (uint8_t *)p, size * count);
    x->failed_here = n == SIZE_MAX;
    return x->failed_here ? CURL_READFUNC_ABORT : n;
}

/* curl goes back when it must send again on a fresh connection. */
static int seek_file(void *arg, curl_off_t offset, int origin)
{
    struct exchange *x = arg;
    if (origin != SEEK_SET || offset != 0 || !x->request->form->restart(x->request->form))
        return CURL_SEEKFUNC_CANTSEEK;
    return CURL_SEEKFUNC_OK;
}

static int watch(void *arg, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                 curl_off_t up)
{
    (void)down_total, (void)down, (void)up_total, (void)up;
    struct exchange *x = arg;
    if (x->request->progress != NULL)
        cli_progress_draw(x->request->progress);
    return cli_interrupted() ? 1 : 0;
}

static void set_security(const struct cli_http *http)
{
    CURL *curl = http->curl;
    SET(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(curl, CURLOPT_FOLLOWLOCATION, 0L); /* tokens go to this server only */
    SET(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    SET(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    SET(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (http->ca_file != NULL)
        SET(curl, CURLOPT_CAINFO, http->ca_file);
    /* A proxy would read plain HTTP; https passes through it closed. */
    if (strncmp(http->url, "http:", 5) == 0)
        SET(curl, CURLOPT_PROXY, "");
}

static void set_limits(struct exchange *x)
{
    bool streams = x->request->form != NULL || x->request->sink != NULL;
    SET(x->curl, CURLOPT_NOSIGNAL, 1L);
    SET(x->curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
    SET(x->curl, CURLOPT_LOW_SPEED_LIMIT, (long)STALL_BYTES_PER_S);
    SET(x->curl, CURLOPT_LOW_SPEED_TIME, (long)STALL_TIME_S);
    SET(x->curl, CURLOPT_TIMEOUT, streams ? 0L : (long)ANSWER_TIMEOUT_S);
    SET(x->curl, CURLOPT_BUFFERSIZE, (long)CURL_BUFFER_BYTES);
    SET(x->curl, CURLOPT_UPLOAD_BUFFERSIZE, (long)CURL_BUFFER_BYTES);
    SET(x->curl, CURLOPT_USERAGENT, "letterlock/" LETTERLOCK_VERSION);
}

static void set_callbacks(struct exchange *x)
{
    SET(x->curl, CURLOPT_WRITEFUNCTION, take_body);
    SET(x->curl, CURLOPT_WRITEDATA, x);
    SET(x->curl, CURLOPT_HEADERFUNCTION, take_header);
    SET(x->curl, CURLOPT_HEADERDATA, x);
    SET(x->curl, CURLOPT_NOPROGRESS, 0L);
    SET(x->curl, CURLOPT_XFERINFOFUNCTION, watch);
    SET(x->curl, CURLOPT_XFERINFODATA, x);
    SET(x->curl, CURLOPT_ERRORBUFFER, x->response->message);
}

static void add_header(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer == NULL)
        abort();
    *list = longer;
}

static struct curl_slist *make_headers(const struct cli_http *http,
                                       const struct cli_http_request *request)
{
    struct curl_slist *list = NULL;
    add_header(&list, "Accept: application/json, application/problem+json, */*;q=0.1");
    if (request->bearer != NULL)
        add_header(&list, arena_printf(http->arena, "Authorization: Bearer %s", request->bearer));
    if (request->json.p != NULL)
        add_header(&list, "Content-Type: application/json");
    for (size_t i = 0; i < CLI_HTTP_HEADERS_MAX && request->headers[i] != NULL; i++)
        add_header(&list, request->headers[i]);
    return list;
}

static void add_part(curl_mime *mime, const char *name, struct bytes value)
{
    curl_mimepart *part = curl_mime_addpart(mime);
    if (part == NULL || curl_mime_name(part, name) != CURLE_OK ||
        curl_mime_data(part, (const char *)value.p, value.n) != CURLE_OK)
        abort();
}

static curl_mime *make_form(struct exchange *x)
{
    struct cli_http_form *form = x->request->form;
    curl_mime *mime = curl_mime_init(x->curl);
    if (mime == NULL)
        abort();
    for (size_t i = 0; i < form->field_count; i++)
        add_part(mime, form->fields[i].name, form->fields[i].value);
    curl_mimepart *file = curl_mime_addpart(mime);
    if (file == NULL || curl_mime_name(file, "file") != CURLE_OK ||
        curl_mime_filename(file, form->file_name) != CURLE_OK ||
        curl_mime_data_cb(file, form->size, give_file, seek_file, NULL, x) != CURLE_OK)
        abort();
    return mime;
}

static void set_bare_file(struct exchange *x)
{
    SET(x->curl, CURLOPT_UPLOAD, 1L);
    SET(x->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)x->request->form->size);
    SET(x->curl, CURLOPT_READFUNCTION, give_file);
    SET(x->curl, CURLOPT_READDATA, x);
    SET(x->curl, CURLOPT_SEEKFUNCTION, seek_file);
    SET(x->curl, CURLOPT_SEEKDATA, x);
}

static void set_body(struct exchange *x, curl_mime *mime)
{
    if (mime != NULL) {
        SET(x->curl, CURLOPT_MIMEPOST, mime);
    } else if (x->request->form != NULL) {
        set_bare_file(x);
    } else if (x->request->json.p != NULL || strcmp(x->request->method, "POST") == 0) {
        SET(x->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->request->json.n);
        SET(x->curl, CURLOPT_POSTFIELDS,
            x->request->json.p == NULL ? "" : (const char *)x->request->json.p);
    }
    SET(x->curl, CURLOPT_CUSTOMREQUEST, x->request->method);
}

/* What became of the transfer, as an exit code. */
static enum cli_exit judge(struct exchange *x, CURLcode code)
{
    struct cli_http_response *response = x->response;
    long sent = 0;
    curl_easy_getinfo(x->curl, CURLINFO_REQUEST_SIZE, &sent);
    response->never_connected = sent == 0;
    if (cli_interrupted())
        return cli_fail(CLI_LOCAL, "Interrupted.");
    if (x->failed_here)
        return CLI_LOCAL;
    if (code == CURLE_OK)
        return !goes_to_sink(x) || begin_sink(x) ? CLI_OK : CLI_LOCAL;
    if (x->request->form != NULL && response->status >= 400)
        return CLI_OK; /* refused and hung up while we were still sending */
    if (x->too_long)
        snprintf(response->message, sizeof response->message, "the answer is too long");
    else if (response->message[0] == '\0')
        snprintf(response->message, sizeof response->message, "%s", curl_easy_strerror(code));
    return CLI_NETWORK;
}

enum cli_exit cli_http_perform(struct cli_http *http, const struct cli_http_request *request,
                               struct cli_http_response *response)
{
    *response = (struct cli_http_response){.range_start = -1, .length = -1};
    buffer_init(&response->body, BODY_MAX_BYTES);
    struct exchange x = {.request = request, .response = response, .curl = http->curl};

    curl_easy_reset(http->curl); /* keeps the connection */
    SET(http->curl, CURLOPT_URL, arena_printf(http->arena, "%s%s", http->url, request->path));
    set_security(http);
    set_limits(&x);
    set_callbacks(&x);
    struct curl_slist *headers = make_headers(http, request);
    SET(http->curl, CURLOPT_HTTPHEADER, headers);
    bool parts = request->form != NULL && !request->form->bare;
    curl_mime *mime = parts ? make_form(&x) : NULL;
    set_body(&x, mime);

    CURLcode code = curl_easy_perform(http->curl);
    curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &response->status);
    enum cli_exit exit = judge(&x, code);
    curl_easy_reset(http->curl); /* it must not point at this frame any more */
    curl_mime_free(mime);
    curl_slist_free_all(headers);
    return exit;
}
