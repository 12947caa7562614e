/* Resumable uploads: tus 1.0.0 with creation, termination and expiration (tus.io). Finishing one
 * makes a letter. */
#include "core/uploads.h"

#include "api/idempotency_key.h"
#include "api/reply.h"
#include "api/resource.h"
#include "api/upload_metadata.h"
#include "base/clock.h"
#include "base/mem.h"

#define TUS_VERSION "1.0.0"
#define TUS_EXTENSIONS "creation,termination,expiration"
#define TO_MAX_BYTES 64u

static enum api_next refuse(struct api_call *call, enum err e)
{
    (void)api_call_refuse(call, e);
    if (e == ERR_PRECONDITION_FAILED)
        api_call_header(call, "Tus-Version", TUS_VERSION);
    return API_REPLY;
}

static bool get_header(const struct api_call *call, const char *name, struct bytes *value)
{
    bool found = false;
    *value = call->transport->header(call->transport_self, name, &found);
    return found;
}

static enum err check_version(struct api_call *call)
{
    struct bytes version;
    (void)get_header(call, "tus-resumable", &version);
    if (!bytes_equal_str(version, TUS_VERSION))
        return ctx_fail(&call->ctx, ERR_PRECONDITION_FAILED,
                        "Tus-Resumable must be " TUS_VERSION ".");
    return ERR_OK;
}

static enum err read_number(struct api_call *call, const char *header, const char *name,
                            uint64_t *out)
{
    struct bytes text;
    if (!get_header(call, header, &text))
        return ctx_fail(&call->ctx, ERR_MISSING_FIELD, "%s is missing.", name);
    if (!bytes_to_u64(text, INT64_MAX, out))
        return ctx_fail(&call->ctx, ERR_INVALID_FIELD, "%s must be a number of bytes.", name);
    return ERR_OK;
}

static void add_number(struct api_call *call, const char *name, uint64_t value)
{
    api_call_header(call, name, arena_printf(&call->arena, "%llu", (unsigned long long)value));
}

/* What every reply about an upload tells. */
static void add_state(struct api_call *call, const struct upload_view *view)
{
    char expires[CLOCK_HTTP_DATE_BYTES];
    char id[UUID_TEXT_BYTES];
    clock_http_date(view->expires_unix_ms, expires);
    add_number(call, "Upload-Offset", view->offset);
    api_call_header(call, "Upload-Expires", arena_printf(&call->arena, "%s", expires));
    if (!view->done)
        return;
    uuid_format(&view->letter_id, id);
    api_call_header(call, "Letterlock-Letter-Id", arena_printf(&call->arena, "%s", id));
}

static enum api_next describe_service(struct api_call *call)
{
    if (!uploads_offered(call->api->core))
        return refuse(call, ERR_NOT_OFFERED);
    api_call_header(call, "Tus-Version", TUS_VERSION);
    api_call_header(call, "Tus-Extension", TUS_EXTENSIONS);
    add_number(call, "Tus-Max-Size", call->api->core->config->max_letter_bytes);
    return reply_done(call);
}

/* --- creating --- */

static enum err read_flag(struct api_call *call, const struct upload_metadata *metadata,
                          const char *key, bool *out)
{
    struct bytes text;
    if (!upload_metadata_get(metadata, key, &text))
        return ERR_OK;
    *out = bytes_equal_str(text, "true");
    if (!*out && !bytes_equal_str(text, "false"))
        return ctx_fail(&call->ctx, ERR_INVALID_FIELD, "%s must be true or false.", key);
    return ERR_OK;
}

static enum err read_expiry(struct api_call *call, const struct upload_metadata *metadata,
                            int64_t *out)
{
    struct bytes text;
    uint64_t seconds = 0;
    if (!upload_metadata_get(metadata, "expires_in", &text))
        return ERR_OK;
    if (!bytes_to_u64(text, (uint64_t)LETTER_DRAFT_EXPIRES_MAX_S, &seconds) || seconds == 0)
        return ctx_fail(&call->ctx, ERR_INVALID_FIELD, "expires_in must be 1 to %lld seconds.",
                        (long long)LETTER_DRAFT_EXPIRES_MAX_S);
    *out = (int64_t)seconds;
    return ERR_OK;
}

static enum err read_draft(struct api_call *call, struct letter_draft *draft)
{
    struct upload_metadata metadata;
    struct bytes header;
    (void)get_header(call, "upload-metadata", &header);
    if (!upload_metadata_read(&call->arena, header, &metadata))
        return ctx_fail(&call->ctx, ERR_INVALID_FIELD,
                        "Upload-Metadata must be pairs of a key and a value in base64.");
    if (!upload_metadata_get(&metadata, "to", &draft->to) || draft->to.n == 0)
        return ctx_fail(&call->ctx, ERR_MISSING_FIELD, "to is missing in Upload-Metadata.");
    if (draft->to.n > TO_MAX_BYTES)
        return ERR_UNKNOWN_RECIPIENT;
    (void)upload_metadata_get(&metadata, "filename", &draft->file_name);
    (void)upload_metadata_get(&metadata, "filetype", &draft->media_type);
    (void)upload_metadata_get(&metadata, "text", &draft->text);
    enum err e = read_flag(call, &metadata, "copy", &draft->copy);
    if (e == ERR_OK)
        e = read_expiry(call, &metadata, &draft->expires_in_s);
    return e == ERR_OK ? idempotency_key_read(call, &draft->idempotency_key) : e;
}

static enum err create_upload(struct api_call *call, struct upload **out)
{
    struct letter_draft draft = {.has_file = true, .copy = true};
    uint64_t length = 0;
    enum err e = check_version(call);
    if (e == ERR_OK)
        e = read_number(call, "upload-length", "Upload-Length", &length);
    if (e == ERR_OK)
        e = read_draft(call, &draft);
    return e == ERR_OK ? uploads_create(call->api->core, &call->ctx, &draft, length, out) : e;
}

static enum api_next create(struct api_call *call)
{
    struct upload *upload = NULL;
    enum err e = create_upload(call, &upload);
    if (e != ERR_OK)
        return refuse(call, e);
    struct upload_view view = upload_view(upload);
    upload_close(upload);
    api_call_header(call, "Location", arena_printf(&call->arena, "/v1/uploads/%s", view.name));
    mem_cleanse(view.name, sizeof view.name);
    add_state(call, &view);
    call->reply.status = 201;
    return API_REPLY;
}

/* --- asking and ending --- */

static enum api_next show(struct api_call *call)
{
    struct upload *upload = NULL;
    enum err e = check_version(call);
    if (e == ERR_OK)
        e = uploads_open(call->api->core, &call->ctx, call->params[0], &upload);
    if (e != ERR_OK)
        return refuse(call, e);
    struct upload_view view = upload_view(upload);
    upload_close(upload);
    mem_cleanse(view.name, sizeof view.name);
    add_state(call, &view);
    add_number(call, "Upload-Length", view.length);
    json_t *value = json_object();
    json_object_set_new(value, "offset", json_integer((json_int_t)view.offset));
    json_object_set_new(value, "length", json_integer((json_int_t)view.length));
    json_object_set_new(value, "expires_at", json_from_time(view.expires_unix_ms));
    json_object_set_new(value, "letter_id",
                        view.done ? json_from_uuid(&view.letter_id) : json_null());
    return reply_json(call, 200, value);
}

static enum api_next erase(struct api_call *call)
{
    enum err e = check_version(call);
    if (e == ERR_OK)
        e = uploads_delete(call->api->core, &call->ctx, call->params[0]);
    return e == ERR_OK ? reply_done(call) : refuse(call, e);
}

/* --- going on --- */

static void free_upload(void *state)
{
    upload_close(state);
}

static enum err start_patch(struct api_call *call, struct upload **out)
{
    struct bytes type;
    uint64_t offset = 0;
    enum err e = check_version(call);
    if (e != ERR_OK)
        return e;
    (void)get_header(call, "content-type", &type);
    if (!bytes_equal_nocase(type, BYTES_LIT("application/offset+octet-stream")))
        return ctx_fail(&call->ctx, ERR_UNSUPPORTED_MEDIA_TYPE,
                        "The bytes of an upload are application/offset+octet-stream.");
    e = read_number(call, "upload-offset", "Upload-Offset", &offset);
    if (e == ERR_OK)
        e = uploads_open(call->api->core, &call->ctx, call->params[0], out);
    if (e != ERR_OK)
        return e;
    struct upload_view view = upload_view(*out);
    if (offset != view.offset)
        return ctx_fail(&call->ctx, ERR_OFFSET_MISMATCH, "The upload goes on at offset %llu.",
                        (unsigned long long)view.offset);
    if (call->content_length > 0 && (uint64_t)call->content_length > view.length - view.offset)
        return ERR_BODY_TOO_LARGE;
    return ERR_OK;
}

static enum api_next patch_start(struct api_call *call)
{
    struct upload *upload = NULL;
    enum err e = start_patch(call, &upload);
    call->state = upload;
    call->state_free = free_upload;
    return e == ERR_OK ? API_MORE : refuse(call, e);
}

static enum api_next patch_chunk(struct api_call *call, struct bytes chunk, bool last)
{
    struct upload *upload = call->state;
    enum err e = upload_write(upload, &call->ctx, chunk);
    if (e == ERR_OK && !last)
        return API_MORE;
    if (e == ERR_OK)
        e = upload_settle(upload, &call->ctx);
    if (e != ERR_OK)
        return refuse(call, e);
    struct upload_view view = upload_view(upload);
    mem_cleanse(view.name, sizeof view.name);
    add_state(call, &view);
    return reply_done(call);
}

#define UPLOADS_PATTERN "/v1/uploads"
#define UPLOAD_PATTERN "/v1/uploads/{upload}"

static const struct api_route rows[] = {
    {.method = API_OPTIONS,
     .pattern = UPLOADS_PATTERN,
     .auth = API_AUTH_NONE,
     .tus = true,
     .handle = describe_service},
    {.method = API_POST,
     .pattern = UPLOADS_PATTERN,
     .auth = API_AUTH_ANY,
     .tus = true,
     .handle = create},
    {.method = API_OPTIONS,
     .pattern = UPLOAD_PATTERN,
     .auth = API_AUTH_NONE,
     .tus = true,
     .handle = describe_service},
    {.method = API_GET,
     .pattern = UPLOAD_PATTERN,
     .auth = API_AUTH_ANY,
     .tus = true,
     .handle = show},
    {.method = API_PATCH,
     .pattern = UPLOAD_PATTERN,
     .auth = API_AUTH_ANY,
     .body_max = API_BODY_LETTER,
     .tus = true,
     .start = patch_start,
     .chunk = patch_chunk},
    {.method = API_DELETE,
     .pattern = UPLOAD_PATTERN,
     .auth = API_AUTH_ANY,
     .tus = true,
     .handle = erase},
};

const struct api_routes uploads_routes = {rows, sizeof rows / sizeof rows[0]};
