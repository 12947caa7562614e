#include "api/letters_form.h"

#include "api/resource.h"
#include "envelope/manifest.h"

/* What form->current can be besides a field. */
#define CURRENT_FILE (-1)    /* the letter's file */
#define CURRENT_NO_FILE (-2) /* what browsers send for a file input that was left empty */
#define CURRENT_UNKNOWN (-3)

#define IGNORED_MAX_BYTES (64u << 10)

static const struct {
    const char *name;
    size_t max_bytes;
    enum err too_long;
} fields[FORM_FIELDS] = {
    [FORM_TO] = {"to", 64, ERR_INVALID_FIELD},
    [FORM_TEXT] = {"text", MANIFEST_MAX_TEXT_BYTES, ERR_TEXT_TOO_LONG},
    [FORM_COPY] = {"copy", 5, ERR_INVALID_FIELD},
    [FORM_EXPIRES_IN] = {"expires_in", 10, ERR_INVALID_FIELD},
};

static struct bytes value_of(const struct letters_form *form, enum letters_form_field field)
{
    return buffer_bytes(&form->values[field]);
}

static enum err read_draft(struct letters_form *form, struct letter_draft *draft)
{
    struct ctx *ctx = &form->call->ctx;
    struct bytes copy = value_of(form, FORM_COPY);
    struct bytes expires_in = value_of(form, FORM_EXPIRES_IN);
    uint64_t expires_in_s = 0;
    if (!form->seen[FORM_TO])
        return ctx_fail(ctx, ERR_MISSING_FIELD, "to is missing; fields come before the file.");
    if (form->seen[FORM_COPY] && !bytes_equal_str(copy, "true") && !bytes_equal_str(copy, "false"))
        return ctx_fail(ctx, ERR_INVALID_FIELD, "copy must be true or false.");
    if (form->seen[FORM_EXPIRES_IN] &&
        (!bytes_to_u64(expires_in, LETTER_DRAFT_EXPIRES_MAX_S, &expires_in_s) || expires_in_s == 0))
        return ctx_fail(ctx, ERR_INVALID_FIELD, "expires_in must be 1 to %lld seconds.",
                        (long long)LETTER_DRAFT_EXPIRES_MAX_S);
    draft->to = value_of(form, FORM_TO);
    draft->text = value_of(form, FORM_TEXT);
    draft->copy = !bytes_equal_str(copy, "false");
    draft->expires_in_s = (int64_t)expires_in_s;
    draft->idempotency_key = form->idempotency_key;
    return ERR_OK;
}

static enum err begin_file(struct letters_form *form, const struct multipart_part *part)
{
    struct ctx *ctx = &form->call->ctx;
    if (form->send != NULL)
        return ctx_fail(ctx, ERR_INVALID_MULTIPART, "A letter has one file at most.");
    if (!part->has_filename)
        return ctx_fail(ctx, ERR_INVALID_FILE_NAME, "The part file needs a filename.");
    if (part->filename.n == 0) {
        form->current = CURRENT_NO_FILE;
        return ERR_OK;
    }
    struct letter_draft draft = {
        .has_file = true, .file_name = part->filename, .media_type = part->content_type};
    enum err e = read_draft(form, &draft);
    form->current = CURRENT_FILE;
    return e == ERR_OK ? letter_send_begin(form->call->api->core, ctx, &draft, &form->send) : e;
}

static enum err on_part(void *self, const struct multipart_part *part)
{
    struct letters_form *form = self;
    struct ctx *ctx = &form->call->ctx;
    if (bytes_equal_str(part->name, "file"))
        return begin_file(form, part);
    for (int i = 0; i < FORM_FIELDS; i++) {
        if (!bytes_equal_str(part->name, fields[i].name))
            continue;
        if (form->send != NULL)
            return ctx_fail(ctx, ERR_INVALID_MULTIPART, "%s must come before the file.",
                            fields[i].name);
        if (form->seen[i])
            return ctx_fail(ctx, ERR_INVALID_MULTIPART, "%s comes twice.", fields[i].name);
        form->seen[i] = true;
        form->current = i;
        return ERR_OK;
    }
    form->current = CURRENT_UNKNOWN;
    return ERR_OK;
}

static enum err on_field_data(struct letters_form *form, struct bytes data)
{
    struct buffer *value = &form->values[form->current];
    buffer_append(value, data);
    if (buffer_ok(value))
        return ERR_OK;
    return ctx_fail(&form->call->ctx, fields[form->current].too_long, "%s has more than %zu bytes.",
                    fields[form->current].name, fields[form->current].max_bytes);
}

static enum err on_data(void *self, struct bytes data)
{
    struct letters_form *form = self;
    struct ctx *ctx = &form->call->ctx;
    if (form->current == CURRENT_FILE)
        return letter_send_write(form->send, ctx, data);
    if (form->current == CURRENT_NO_FILE)
        return ctx_fail(ctx, ERR_INVALID_FILE_NAME, "The file has no name.");
    if (form->current != CURRENT_UNKNOWN)
        return on_field_data(form, data);
    form->ignored_bytes += data.n;
    return form->ignored_bytes <= IGNORED_MAX_BYTES
               ? ERR_OK
               : ctx_fail(ctx, ERR_INVALID_MULTIPART, "Unknown fields are too large.");
}

static enum err on_end(void *self)
{
    struct letters_form *form = self;
    form->current = CURRENT_UNKNOWN;
    return ERR_OK;
}

enum err letters_form_init(struct letters_form *form, struct api_call *call,
                           struct bytes content_type, struct bytes idempotency_key)
{
    static const struct multipart_receiver receiver = {on_part, on_data, on_end};
    *form = (struct letters_form){.call = call, .idempotency_key = idempotency_key};
    for (int i = 0; i < FORM_FIELDS; i++)
        buffer_init(&form->values[i], fields[i].max_bytes);
    form->current = CURRENT_UNKNOWN;
    return multipart_init(&form->parser, content_type, &receiver, form);
}

enum err letters_form_feed(struct letters_form *form, struct bytes chunk, bool last)
{
    return multipart_feed(&form->parser, chunk, last);
}

enum err letters_form_take(struct letters_form *form, struct letter_send **out)
{
    enum err e = ERR_OK;
    if (form->send == NULL) {
        struct letter_draft draft = {0};
        e = read_draft(form, &draft);
        if (e == ERR_OK)
            e = letter_send_begin(form->call->api->core, &form->call->ctx, &draft, &form->send);
    }
    *out = form->send;
    form->send = NULL;
    return e;
}

void letters_form_fini(struct letters_form *form)
{
    letter_send_abort(form->send);
    multipart_fini(&form->parser);
    for (int i = 0; i < FORM_FIELDS; i++)
        buffer_fini(&form->values[i]);
    *form = (struct letters_form){0};
}
