#include "api/content.h"

#include "api/content_disposition.h"
#include "api/query.h"
#include "api/range.h"
#include "api/reply.h"
#include "api/resource.h"
#include "api/router.h"
#include "base/mem.h"
#include "core/letter_bytes.h"
#include "core/letter_file.h"
#include "core/letter_reader.h"

#include <string.h>

#define SEALED_PIECE_BYTES (256u << 10)

/* What came from a stranger runs nothing, wherever it is shown. */
#define CSP_CONTENT                                                                                \
    "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; "   \
    "frame-ancestors 'self'"
/* Browsers' own PDF viewers do not work in a sandbox; they run no script in the page's origin. */
#define CSP_PDF                                                                                    \
    "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self'"

/* --- manifest --- */

static json_t *manifest_view(const struct letter_opened *opened)
{
    const struct manifest *manifest = &opened->manifest;
    json_t *value = json_object();
    if (manifest->has_text)
        json_object_set_new(value, "text", json_from_bytes(manifest->text));
    if (manifest->has_file) {
        json_t *file = json_object();
        json_object_set_new(file, "name", json_from_bytes(letter_file_name(manifest->file_name)));
        json_object_set_new(file, "media_type",
                            json_from_bytes(letter_file_media_type(manifest->media_type)));
        json_object_set_new(file, "size", json_integer((json_int_t)opened->content_bytes));
        json_object_set_new(value, "file", file);
    }
    json_object_set_new(value, "sender_verified", json_boolean(opened->sender_verified));
    return value;
}

enum api_next content_manifest(struct api_call *call)
{
    struct uuid id;
    struct letter_reader *reader = NULL;
    struct letter_opened opened;
    enum err e = router_uuid(call, 0, &id);
    if (e == ERR_OK)
        e = letter_reader_open(call->api->core, &call->ctx, &id, &reader, &opened);
    if (e != ERR_OK)
        return api_call_refuse(call, e);
    letter_reader_close(reader);
    return reply_json(call, 200, manifest_view(&opened));
}

/* --- ranges and validators, for both downloads --- */

struct part {
    uint64_t from;
    uint64_t to;
    uint64_t size;
    const char *etag;
};

static struct bytes request_header(const struct api_call *call, const char *name, bool *found)
{
    return call->transport->header(call->transport_self, name, found);
}

/* If-None-Match (RFC 9110 section 13.1.2): a list of tags, or '*'. Our tags have no comma. */
static bool is_not_modified(const struct api_call *call, const char *etag)
{
    bool found = false;
    struct bytes list = request_header(call, "if-none-match", &found);
    while (found && list.n > 0) {
        size_t comma = bytes_find(list, ',', 0);
        struct bytes tag = bytes_trim(bytes_slice(list, 0, comma));
        if (bytes_starts_with(tag, BYTES_LIT("W/")))
            tag = bytes_slice(tag, 2, SIZE_MAX);
        if (bytes_equal_str(tag, etag) || bytes_equal_str(tag, "*"))
            return true;
        list = comma == SIZE_MAX ? (struct bytes){0} : bytes_slice(list, comma + 1, SIZE_MAX);
    }
    return false;
}

/* Without If-Range, or when it names this very representation (section 13.1.5). */
static bool is_range_meant(const struct api_call *call, const char *etag)
{
    bool found = false;
    struct bytes tag = request_header(call, "if-range", &found);
    return !found || bytes_equal_str(bytes_trim(tag), etag);
}

/* Decides between 200, 206, 304 and 416 and sets status and headers; part->from and part->to are
 * what is to be sent. False when nothing is: the reply is complete then. */
static bool choose_part(struct api_call *call, struct part *part)
{
    part->from = 0;
    part->to = part->size;
    api_call_header(call, "ETag", part->etag);
    api_call_header(call, "Accept-Ranges", "bytes");
    if (is_not_modified(call, part->etag)) {
        call->reply.status = 304;
        return false;
    }
    bool found = false;
    struct bytes range = request_header(call, "range", &found);
    enum range_kind kind = RANGE_WHOLE;
    if (found && is_range_meant(call, part->etag))
        kind = range_read(range, part->size, &part->from, &part->to);
    if (kind == RANGE_UNSATISFIABLE) {
        (void)api_call_refuse(call, ERR_RANGE_NOT_SATISFIABLE);
        api_call_header(call, "Content-Range",
                        arena_printf(&call->arena, "bytes */%llu", (unsigned long long)part->size));
        return false;
    }
    call->reply.status = kind == RANGE_PART ? 206 : 200;
    if (kind == RANGE_PART)
        api_call_header(
            call, "Content-Range",
            arena_printf(&call->arena, "bytes %llu-%llu/%llu", (unsigned long long)part->from,
                         (unsigned long long)(part->to - 1), (unsigned long long)part->size));
    call->reply.source_size = (int64_t)(part->to - part->from);
    return true;
}

/* A letter never changes, so its id tells its versions apart: there is one. */
static const char *make_etag(struct api_call *call, const struct uuid *id, const char *suffix)
{
    char text[UUID_TEXT_BYTES];
    uuid_format(id, text);
    return arena_printf(&call->arena, "\"%s%s\"", text, suffix);
}

/* --- content --- */

struct content_source {
    struct api_source source;
    struct letter_reader *reader;
};

static enum err content_read(struct api_source *source, struct ctx *ctx, uint8_t *data, size_t n,
                             size_t *got)
{
    struct content_source *content = (struct content_source *)source;
    return letter_reader_read(content->reader, ctx, data, n, got);
}

static void content_close(struct api_source *source)
{
    struct content_source *content = (struct content_source *)source;
    letter_reader_close(content->reader);
    mem_free(content);
}

static void describe_content(struct api_call *call, const struct letter_opened *opened,
                             bool wants_inline)
{
    const struct manifest *manifest = &opened->manifest;
    struct bytes type = manifest->has_file ? letter_file_media_type(manifest->media_type)
                                           : BYTES_LIT("text/plain; charset=utf-8");
    struct bytes name =
        manifest->has_file ? letter_file_name(manifest->file_name) : BYTES_LIT("letter.txt");
    bool is_inline = wants_inline && content_disposition_may_inline(type);
    bool is_pdf = is_inline && bytes_equal_nocase(bytes_slice(type, 0, strlen("application/pdf")),
                                                  BYTES_LIT("application/pdf"));
    api_call_header(call, "Content-Type", arena_str(&call->arena, type));
    api_call_header(call, "Content-Disposition",
                    content_disposition_format(&call->arena, is_inline, name));
    api_call_header(call, "Content-Security-Policy", is_pdf ? CSP_PDF : CSP_CONTENT);
    api_call_header(call, "Cache-Control", "private, no-store");
}

static enum api_next send_content(struct api_call *call, struct letter_reader *reader,
                                  const struct letter_opened *opened, bool wants_inline)
{
    struct part part = {.size = opened->content_bytes,
                        .etag = make_etag(call, &opened->record.id, "")};
    if (!choose_part(call, &part)) {
        letter_reader_close(reader);
        return API_REPLY;
    }
    enum err e = letter_reader_seek(reader, &call->ctx, part.from, part.to);
    if (e != ERR_OK) {
        letter_reader_close(reader);
        return api_call_refuse(call, e);
    }
    struct content_source *content = mem_alloc(sizeof *content);
    content->source = (struct api_source){.read = content_read, .close = content_close};
    content->reader = reader;
    call->reply.source = &content->source;
    describe_content(call, opened, wants_inline);
    return API_REPLY;
}

enum api_next content_download(struct api_call *call)
{
    struct uuid id;
    struct letter_reader *reader = NULL;
    struct letter_opened opened;
    bool wants_inline = false;
    api_call_extend(call);
    enum err e = router_uuid(call, 0, &id);
    if (e == ERR_OK)
        e = query_flag(call, "inline", &wants_inline);
    if (e == ERR_OK)
        e = letter_reader_open(call->api->core, &call->ctx, &id, &reader, &opened);
    if (e != ERR_OK)
        return api_call_refuse(call, e);
    return send_content(call, reader, &opened, wants_inline);
}

/* --- the sealed message --- */

struct sealed_source {
    struct api_source source;
    struct letter_bytes stored;
    uint64_t next;
    uint64_t end;
    struct buffer scratch;
};

static enum err sealed_read(struct api_source *source, struct ctx *ctx, uint8_t *data, size_t n,
                            size_t *got)
{
    struct sealed_source *sealed = (struct sealed_source *)source;
    uint64_t left = sealed->end - sealed->next;
    if (n > SEALED_PIECE_BYTES)
        n = SEALED_PIECE_BYTES;
    if (n > left)
        n = (size_t)left;
    struct bytes piece;
    enum err e = letter_bytes_get(&sealed->stored, ctx, sealed->next, n, &sealed->scratch, &piece);
    *got = 0;
    if (e != ERR_OK || n == 0)
        return e;
    memcpy(data, piece.p, n);
    sealed->next += n;
    *got = n;
    return ERR_OK;
}

static void sealed_close(struct api_source *source)
{
    struct sealed_source *sealed = (struct sealed_source *)source;
    letter_bytes_fini(&sealed->stored);
    buffer_fini(&sealed->scratch);
    mem_free(sealed);
}

enum api_next content_sealed(struct api_call *call)
{
    struct uuid id;
    api_call_extend(call);
    enum err e = router_uuid(call, 0, &id);
    if (e != ERR_OK)
        return api_call_refuse(call, e);
    struct sealed_source *sealed = mem_alloc(sizeof *sealed);
    sealed->source = (struct api_source){.read = sealed_read, .close = sealed_close};
    buffer_init(&sealed->scratch, SEALED_PIECE_BYTES);
    e = letter_bytes_init(&sealed->stored, call->api->core, &call->ctx, &id);
    if (e != ERR_OK) {
        sealed_close(&sealed->source);
        return api_call_refuse(call, e);
    }
    struct part part = {.size = sealed->stored.size, .etag = make_etag(call, &id, "-sealed")};
    if (!choose_part(call, &part)) {
        sealed_close(&sealed->source);
        return API_REPLY;
    }
    sealed->next = part.from;
    sealed->end = part.to;
    call->reply.source = &sealed->source;
    api_call_header(call, "Content-Type", "application/vnd.letterlock.sealed");
    api_call_header(
        call, "Content-Disposition",
        arena_printf(&call->arena, "attachment; filename=\"%.36s.letter\"", part.etag + 1));
    api_call_header(call, "Cache-Control", "private, no-store");
    return API_REPLY;
}
