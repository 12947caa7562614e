#include "http/web.h"

#include "base/mem.h"
#include "http/media_types.h"
#include "http/reply.h"
#include "http/target.h"
#include "http/web_files.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CSP_MAX_BYTES 2048u

/* What the client's trusted-types policy is called; nothing else may make a script or markup sink
 * accept a string. */
#define WEB_TRUSTED_TYPES "'none'"

struct web {
    int directory;
    char csp[CSP_MAX_BYTES];
};

static const struct {
    const char *name;
    const char *value;
} fixed_headers[] = {
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"X-Frame-Options", "DENY"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy", "accelerometer=(), camera=(), display-capture=(), geolocation=(), "
                           "gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), "
                           "usb=(), browsing-topics=()"},
};

/* A source list (CSP level 3) cannot be allowed to end its directive. */
static bool is_source_list(const char *s)
{
    for (; *s != 0; s++) {
        if (*s < 0x20 || *s > 0x7e || *s == ';' || *s == ',')
            return false;
    }
    return true;
}

enum err web_create(struct ctx *ctx, const char *dir, const char *connect_src, struct web **out)
{
    if (!is_source_list(connect_src))
        return ctx_fail(ctx, ERR_INVALID_FIELD, "web_connect_src is not a list of sources");
    int directory = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return ctx_fail(ctx, ERR_INVALID_FIELD, "web_dir cannot be opened");
    struct web *web = mem_alloc(sizeof *web);
    web->directory = directory;
    int n = snprintf(web->csp, sizeof web->csp,
                     "default-src 'none'; script-src 'self'; style-src 'self'; "
                     "img-src 'self' blob: data:; font-src 'self'; connect-src 'self'%s%s; "
                     "media-src 'self' blob:; frame-src 'self' blob:; manifest-src 'self'; "
                     "worker-src 'self'; base-uri 'none'; form-action 'self'; "
                     "frame-ancestors 'none'; require-trusted-types-for 'script'; "
                     "trusted-types " WEB_TRUSTED_TYPES,
                     connect_src[0] == 0 ? "" : " ", connect_src);
    if (n < 0 || (size_t)n >= sizeof web->csp) {
        web_destroy(web);
        return ctx_fail(ctx, ERR_INVALID_FIELD, "web_connect_src is too long");
    }
    *out = web;
    return ERR_OK;
}

void web_destroy(struct web *web)
{
    if (web == NULL)
        return;
    (void)close(web->directory);
    mem_free(web);
}

bool web_wants(const struct web *web, const struct api_call *call)
{
    static const char *const api_paths[] = {"/v1", "/.well-known", "/openapi.json", "/healthz",
                                            "/readyz"};
    if (web == NULL || (call->method != API_GET && call->method != API_HEAD))
        return false;
    struct bytes path = target_path(call->target);
    for (size_t i = 0; i < sizeof api_paths / sizeof api_paths[0]; i++) {
        struct bytes prefix = bytes_of_str(api_paths[i]);
        if (bytes_starts_with(path, prefix) && (path.n == prefix.n || path.p[prefix.n] == '/'))
            return false;
    }
    return true;
}

static struct bytes header(const struct request *r, const char *name)
{
    bool found;
    return r->call.transport->header(r->call.transport_self, name, &found);
}

/* A page of the application itself, by an address that only its router knows. */
static bool is_navigation(const struct request *r, const char *path)
{
    const char *name = strrchr(path, '/');
    return strchr(name == NULL ? path : name, '.') == NULL &&
           web_files_accepts(header(r, "accept"), "text/html");
}

static bool open_file(struct web *web, const char *path, const struct request *r,
                      struct web_file *file)
{
    return media_types_compressible(path)
               ? web_files_open_encoded(web->directory, path, header(r, "accept-encoding"), file)
               : web_files_open(web->directory, path, file);
}

/* Finds the file for the request; *path becomes what is served. */
static bool find_file(struct web *web, const struct request *r, struct buffer *path,
                      struct web_file *file)
{
    if (!web_files_path(target_path(r->call.target), path))
        return false;
    const char *name = (const char *)path->p;
    if (name[0] != 0 && open_file(web, name, r, file))
        return true;
    if (name[0] != 0 && !is_navigation(r, name))
        return false;
    buffer_clear(path);
    buffer_append(path, bytes_of("index.html", sizeof "index.html"));
    return open_file(web, (const char *)path->p, r, file);
}

/* Formats the entity tag: it changes with every change of the file and differs by encoding. */
static void format_etag(const struct web_file *file, char *out, size_t n)
{
    (void)snprintf(out, n, "\"%" PRIx64 ".%" PRIx64 "-%" PRIx64 "%s\"",
                   (uint64_t)file->info.st_mtim.tv_sec, (uint64_t)file->info.st_mtim.tv_nsec,
                   (uint64_t)file->info.st_size, file->encoding == NULL ? "" : file->encoding);
}

/* If-None-Match by weak comparison (RFC 9110 section 13.1.2). */
static bool matches(struct bytes list, const char *etag)
{
    while (list.n > 0) {
        size_t comma = bytes_find(list, ',', 0);
        struct bytes tag = bytes_trim(bytes_slice(list, 0, comma));
        if (bytes_starts_with(tag, BYTES_LIT("W/")))
            tag = bytes_slice(tag, 2, tag.n);
        if (bytes_equal_str(tag, etag) || bytes_equal_str(tag, "*"))
            return true;
        list = comma == SIZE_MAX ? (struct bytes){0} : bytes_slice(list, comma + 1, list.n);
    }
    return false;
}

static bool add(struct MHD_Response *response, const char *name, const char *value)
{
    return MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool add_headers(const struct web *web, const struct request *r, const char *path,
                        const struct web_file *file, struct MHD_Response *response)
{
    bool hashed = strncmp(path, "assets/", 7) == 0;
    bool ok =
        add(response, "Content-Type", media_types_of(path)) &&
        add(response, "Content-Security-Policy", web->csp) &&
        add(response, "Cache-Control", hashed ? "public, max-age=31536000, immutable" : "no-cache");
    for (size_t i = 0; ok && i < sizeof fixed_headers / sizeof fixed_headers[0]; i++)
        ok = add(response, fixed_headers[i].name, fixed_headers[i].value);
    if (ok && media_types_compressible(path))
        ok = add(response, "Vary", "Accept-Encoding");
    if (ok && file->encoding != NULL)
        ok = add(response, "Content-Encoding", file->encoding);
    if (ok && r->call.secure)
        ok = add(response, "Strict-Transport-Security", "max-age=31536000");
    return ok;
}

enum MHD_Result web_send(struct web *web, struct request *r)
{
    struct buffer path;
    buffer_init(&path, WEB_FILES_PATH_MAX);
    struct web_file file;
    if (!find_file(web, r, &path, &file)) {
        buffer_fini(&path);
        request_refuse(r, ERR_NOT_FOUND);
        return reply_send(r);
    }
    char etag[80];
    format_etag(&file, etag, sizeof etag);
    bool same = matches(header(r, "if-none-match"), etag);
    struct MHD_Response *response;
    if (same) {
        (void)close(file.fd);
        response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    } else {
        response = MHD_create_response_from_fd_at_offset64((uint64_t)file.info.st_size, file.fd, 0);
        if (response == NULL)
            (void)close(file.fd);
        else if (r->call.method == API_GET)
            metrics_add(&r->server->metrics.body_bytes_sent, file.info.st_size);
    }
    bool ok = response != NULL && add(response, "ETag", etag) &&
              add_headers(web, r, (const char *)path.p, &file, response);
    buffer_fini(&path);
    if (response != NULL && !ok)
        MHD_destroy_response(response);
    return ok ? reply_queue(r, same ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response) : MHD_NO;
}
