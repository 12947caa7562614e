#include "http/admission.h"

#include "base/mem.h"
#include "http/framing.h"
#include "http/reply.h"
#include "http/target.h"
#include "http/upload.h"
#include "http/web.h"

#include <stddef.h>
#include <string.h>

/* A refused body up to this size is read and dropped, so that the connection can be kept; so is one
 * for a streaming route gathered and handed over at once. */
#define SMALL_BODY_BYTES (64u << 10)
/* A reply that is finished at the very deadline still gets out. */
#define REPLY_GRACE_MS 5000

/* --- headers --- */

struct header_sizes {
    struct framing framing;
    const uint8_t *line; /* where the next line must begin; NULL once the layout was bad */
    size_t count;
    size_t text_bytes;
};

static enum MHD_Result check_header(void *cls, enum MHD_ValueKind kind, const char *key,
                                    size_t key_size, const char *value, size_t value_size)
{
    (void)kind;
    struct header_sizes *sizes = cls;
    struct bytes name = bytes_of(key, key_size);
    struct bytes text = bytes_of(value, value_size);
    framing_add(&sizes->framing, name, text);
    sizes->line = value == NULL ? NULL : framing_next_field(sizes->line, name, text);
    sizes->count++;
    sizes->text_bytes += key_size + value_size;
    return MHD_YES;
}

struct header_copy {
    struct request_header *next;
    char *text;
};

static struct bytes copy_text(struct header_copy *copy, const char *s, size_t n)
{
    char *start = copy->text;
    memcpy(start, s, n);
    copy->text += n;
    return bytes_of(start, n);
}

static enum MHD_Result copy_header(void *cls, enum MHD_ValueKind kind, const char *key,
                                   size_t key_size, const char *value, size_t value_size)
{
    (void)kind;
    struct header_copy *copy = cls;
    copy->next->name = copy_text(copy, key, key_size);
    copy->next->value = bytes_trim(copy_text(copy, value, value_size));
    copy->next++;
    return MHD_YES;
}

#if MHD_VERSION < 0x01000000
/* True when the lines follow each other from the request line to the empty line, without a gap. */
static bool is_contiguous(const struct request *r, const char *method,
                          const struct header_sizes *sizes)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    const uint8_t *end = (const uint8_t *)method + info->header_size;
    return sizes->line != NULL && sizes->line + 2 == end;
}
#else
/* From 1.0 on the library refuses all of this by itself (see start_daemon). */
static bool is_contiguous(const struct request *r, const char *method,
                          const struct header_sizes *sizes)
{
    (void)r;
    (void)method;
    (void)sizes;
    return true;
}
#endif

/* Checks the framing and copies the headers into one block. method and version lie in the library's
 * buffer. */
static bool take_headers(struct request *r, const char *method, const char *version,
                         int64_t *content_length)
{
    struct header_sizes sizes = {.line = framing_next_line(version)};
    framing_init(&sizes.framing, strcmp(version, MHD_HTTP_VERSION_1_1) == 0);
    (void)MHD_get_connection_values_n(r->connection, MHD_HEADER_KIND, check_header, &sizes);
    if (!is_contiguous(r, method, &sizes) || !framing_finish(&sizes.framing, content_length))
        return false;
    size_t table_bytes = sizes.count * sizeof r->headers[0];
    r->headers = mem_alloc(table_bytes + sizes.text_bytes);
    r->header_count = sizes.count;
    struct header_copy copy = {r->headers, (char *)r->headers + table_bytes};
    (void)MHD_get_connection_values_n(r->connection, MHD_HEADER_KIND, copy_header, &copy);
    return true;
}

void admission_free_headers(struct request *r)
{
    mem_free(r->headers);
}

static struct bytes get_header(void *self, const char *name, bool *found)
{
    const struct request *r = self;
    struct bytes wanted = bytes_of_str(name);
    for (size_t i = 0; i < r->header_count; i++) {
        if (bytes_equal_nocase(r->headers[i].name, wanted)) {
            *found = true;
            return r->headers[i].value;
        }
    }
    *found = false;
    return (struct bytes){0};
}

/* Runs on a thread of the API's: gives the request back and nothing more. */
static void resume(void *self)
{
    struct request *r = self;
    r->reply_ready = true;
    if (handoff_end(&r->handoff, r->connection))
        request_destroy(r);
}

static const struct api_transport transport = {.header = get_header, .resume = resume};

/* --- admission --- */

static bool method_from_str(const char *s, enum api_method *out)
{
    static const char *const names[] = {
        [API_GET] = "GET",         [API_HEAD] = "HEAD",   [API_POST] = "POST",
        [API_PUT] = "PUT",         [API_PATCH] = "PATCH", [API_DELETE] = "DELETE",
        [API_OPTIONS] = "OPTIONS",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(s, names[i]) == 0) {
            *out = (enum api_method)i;
            return true;
        }
    }
    return false;
}

/* Who asks, and over what, by the word of a trusted proxy where there is one. */
static void take_origin(struct request *r)
{
    const struct proxies *proxies = &r->server->proxies;
    memcpy(r->client_address, r->peer->address, sizeof r->client_address);
    r->call.secure = r->server->secure;
    if (proxies_contain(proxies, r->peer->address)) {
        bool found;
        struct bytes protocol = get_header(r, "x-forwarded-proto", &found);
        r->call.secure |= found && bytes_equal_nocase(protocol, BYTES_LIT("https"));
        (void)proxies_client(proxies, get_header(r, "x-forwarded-for", &found), r->client_address);
    }
    r->call.ctx.client_address = r->client_address;
}

/* A refusal that ends the connection: what follows cannot be trusted, or is too much to read. */
static enum MHD_Result refuse_and_close(struct request *r, enum err e, enum metrics_refusal reason)
{
    metrics_add(&r->server->metrics.refused[reason], 1);
    request_refuse(r, e);
    r->close = true;
    return reply_send(r);
}

static bool expects_continue(const struct request *r)
{
    bool found;
    (void)get_header((void *)(uintptr_t)r, "expect", &found);
    return found;
}

/* The reply is there before the body: read a small body, so that the connection stays; refuse to
 * take a large one. */
static enum MHD_Result reply_early(struct request *r)
{
    int64_t n = r->call.content_length;
    r->body_kind = REQUEST_DROPPED;
    if (n < 0 || n > (int64_t)SMALL_BODY_BYTES || (n > 0 && expects_continue(r)))
        return reply_send(r);
    return MHD_YES;
}

static void authenticate(struct job *job)
{
    struct request *r = (struct request *)((char *)job - offsetof(struct request, job));
    request_fed(r, api_call_feed(&r->call, (struct bytes){0}, false));
}

/* Chooses how the body is taken. */
static enum MHD_Result admit_body(struct request *r)
{
    uint64_t max = api_call_body_max(&r->call);
    int64_t n = r->call.content_length;
    if (n > 0 && (uint64_t)n > max) {
        metrics_add(&r->server->metrics.refused[METRICS_REFUSED_LENGTH], 1);
        request_refuse(r, ERR_BODY_TOO_LARGE);
        return reply_early(r);
    }
    bool large = n < 0 || n > (int64_t)SMALL_BODY_BYTES;
    if (!api_call_streams(&r->call) || !large) {
        buffer_init(&r->body, max < SIZE_MAX ? (size_t)max : SIZE_MAX);
        return MHD_YES;
    }
    if (!upload_start(r)) {
        request_refuse_busy(r);
        return reply_early(r);
    }
    r->body_kind = REQUEST_CHUNKED;
    r->phase = REQUEST_ADMITTING;
    return request_run(r, r->server->caller, authenticate);
}

static void take_deadline(struct request *r)
{
    r->deadline_mono_ms = r->call.ctx.deadline_mono_ms;
    connections_set_deadline(r->peer, r->deadline_mono_ms + REPLY_GRACE_MS);
}

enum MHD_Result admission_finish(struct request *r)
{
    take_deadline(r);
    r->phase = REQUEST_BODY;
    return r->reply_ready ? reply_early(r) : MHD_YES;
}

static enum MHD_Result admit_call(struct request *r)
{
    enum api_next next = api_call_begin(&r->call);
    take_deadline(r);
    if (next == API_REPLY) {
        r->reply_ready = true;
        return reply_early(r);
    }
    return admit_body(r);
}

enum MHD_Result admission_begin(struct request *r, const char *method, const char *version)
{
    if (atomic_load(&r->server->closing))
        return MHD_NO;
    api_call_init(&r->call, r->server->api);
    r->call.transport = &transport;
    r->call.transport_self = r;
    take_deadline(r);
    r->phase = REQUEST_BODY;
    if (!take_headers(r, method, version, &r->call.content_length))
        return refuse_and_close(r, ERR_INVALID_REQUEST, METRICS_REFUSED_FRAMING);
    take_origin(r);
    enum err e = target_check(r->target, &r->call.target);
    if (e != ERR_OK)
        return refuse_and_close(r, e, METRICS_REFUSED_TARGET);
    if (!method_from_str(method, &r->call.method))
        return refuse_and_close(r, ERR_METHOD_NOT_ALLOWED, METRICS_REFUSED_TARGET);
    r->web = r->call.content_length == 0 && web_wants(r->server->web, &r->call);
    return r->web ? MHD_YES : admit_call(r);
}
