#include "api/letters_post.h"

#include "api/fields.h"
#include "api/idempotency_key.h"
#include "api/letter_view.h"
#include "api/letters_form.h"
#include "api/query.h"
#include "api/reply.h"
#include "api/resource.h"
#include "api/router.h"
#include "base/json_flat.h"
#include "base/mem.h"
#include "envelope/manifest.h"

/* A text of the largest size, in the longest escapes (\u0001), and room for the rest. */
#define JSON_MAX_BYTES (6 * MANIFEST_MAX_TEXT_BYTES + (64u << 10))
#define TO_MAX_BYTES 64u
/* Larger bodies are rare, and their strings would fill the call's arena. */
#define FLAT_MAX_BYTES (64u << 10)

enum form { FORM_JSON, FORM_MULTIPART, FORM_SEALED };

struct post {
    enum form form;
    struct bytes idempotency_key;
    struct buffer json; /* FORM_JSON, when it comes in several chunks */
    struct letters_form multipart;
    struct letter_send *send; /* FORM_SEALED */
};

static void post_free(void *state)
{
    struct post *post = state;
    letter_send_abort(post->send);
    letters_form_fini(&post->multipart);
    buffer_fini(&post->json);
    mem_free(post);
}

/* Gives up at once: what was written is removed here, on a thread that may block. */
static enum api_next refuse(struct api_call *call, enum err e)
{
    struct post *post = call->state;
    letter_send_abort(post->send);
    post->send = NULL;
    letters_form_fini(&post->multipart);
    return api_call_refuse(call, e);
}

/* --- storing: the end of every form --- */

static void write_reply(struct api_call *call, const struct message_record *letter)
{
    char id[UUID_TEXT_BYTES];
    uuid_format(&letter->id, id);
    api_call_header(call, "Location", arena_printf(&call->arena, "/v1/letters/%s", id));
    /* Just sealed to present keys: none of them is lost. */
    letter_view_write(&call->reply.body, letter, &call->actor, 0);
    (void)reply_json_written(call, 201);
}

static void on_stored(void *arg, const struct letter_outcome *outcome)
{
    struct api_call *call = arg;
    if (outcome->e != ERR_OK) {
        (void)api_call_refuse(call, outcome->e);
    } else if (outcome->duplicate) {
        reply_start(call);
        write_reply(call, outcome->letter);
    }
    call->transport->resume(call->transport_self);
}

/* Takes send. The reply is written before the letter is stored, so that the thread that stores
 * letters does not have to. */
static enum api_next store(struct api_call *call, struct letter_send *send)
{
    const struct message_record *letter = NULL;
    enum err e = letter_send_seal(send, &call->ctx, &letter);
    if (e != ERR_OK) {
        letter_send_abort(send);
        return refuse(call, e);
    }
    write_reply(call, letter);
    letter_send_store(send, &call->ctx, on_stored, call);
    return API_LATER;
}

/* --- JSON --- */

static bool flat_integer(const struct json_flat *object, const char *name, int64_t max,
                         int64_t *out)
{
    const struct json_flat_member *member = json_flat_find(object, name);
    if (member == NULL || member->kind == JSON_FLAT_NULL)
        return true;
    *out = member->integer;
    return member->kind == JSON_FLAT_INTEGER && member->integer >= 1 && member->integer <= max;
}

static bool flat_boolean(const struct json_flat *object, const char *name, bool *out)
{
    const struct json_flat_member *member = json_flat_find(object, name);
    if (member == NULL || member->kind == JSON_FLAT_NULL)
        return true;
    *out = member->boolean;
    return member->kind == JSON_FLAT_BOOLEAN;
}

static bool flat_string(const struct json_flat *object, const char *name, size_t max_bytes,
                        struct bytes *out)
{
    const struct json_flat_member *member = json_flat_find(object, name);
    if (member == NULL || member->kind != JSON_FLAT_STRING)
        return false;
    *out = member->string;
    return out->n >= 1 && out->n <= max_bytes;
}

/* The common letter in one pass. False when anything is not as it should be: read_fields then says
 * what. */
static bool read_flat(struct api_call *call, struct bytes body, struct letter_draft *draft)
{
    struct json_flat object;
    return body.n <= FLAT_MAX_BYTES && json_flat_read(&call->arena, body, &object) &&
           flat_string(&object, "to", TO_MAX_BYTES, &draft->to) &&
           flat_string(&object, "text", MANIFEST_MAX_TEXT_BYTES, &draft->text) &&
           flat_boolean(&object, "copy", &draft->copy) &&
           flat_integer(&object, "expires_in", LETTER_DRAFT_EXPIRES_MAX_S, &draft->expires_in_s);
}

static void read_fields(struct fields *fields, struct letter_draft *draft)
{
    draft->to = fields_text(fields, "to", TO_MAX_BYTES);
    draft->text = fields_optional_text(fields, "text", SIZE_MAX);
    draft->copy = fields_optional_bool(fields, "copy", true);
    draft->expires_in_s =
        fields_optional_int(fields, "expires_in", 1, LETTER_DRAFT_EXPIRES_MAX_S, 0);
}

static enum err begin_json(struct api_call *call, struct bytes body, struct letter_send **out)
{
    const struct post *post = call->state;
    struct core *core = call->api->core;
    struct letter_draft draft = {.copy = true, .idempotency_key = post->idempotency_key};
    if (read_flat(call, body, &draft))
        return letter_send_begin(core, &call->ctx, &draft, out);
    draft = (struct letter_draft){.idempotency_key = post->idempotency_key};
    call->body = body;
    struct fields fields = fields_open(call);
    read_fields(&fields, &draft);
    enum err e = fields.e;
    if (e == ERR_OK)
        e = letter_send_begin(core, &call->ctx, &draft, out);
    fields_close(&fields);
    call->body = (struct bytes){0};
    return e;
}

static enum api_next chunk_json(struct api_call *call, struct bytes chunk, bool last)
{
    struct post *post = call->state;
    struct bytes body = chunk;
    if (!last || post->json.n > 0) {
        buffer_append(&post->json, chunk);
        body = buffer_bytes(&post->json);
    }
    if (!buffer_ok(&post->json) || body.n > JSON_MAX_BYTES)
        return refuse(call, ERR_TEXT_TOO_LONG);
    if (!last)
        return API_MORE;
    struct letter_send *send = NULL;
    enum err e = begin_json(call, body, &send);
    buffer_fini(&post->json);
    return e == ERR_OK ? store(call, send) : refuse(call, e);
}

/* --- multipart --- */

static enum api_next chunk_multipart(struct api_call *call, struct bytes chunk, bool last)
{
    struct post *post = call->state;
    struct letter_send *send = NULL;
    enum err e = letters_form_feed(&post->multipart, chunk, last);
    if (e == ERR_OK && !last)
        return API_MORE;
    if (e == ERR_OK)
        e = letters_form_take(&post->multipart, &send);
    return e == ERR_OK ? store(call, send) : refuse(call, e);
}

/* --- sealed --- */

static enum err begin_sealed(struct api_call *call)
{
    struct post *post = call->state;
    struct letter_draft draft = {.idempotency_key = post->idempotency_key};
    uint64_t expires_in_s = 0;
    if (!router_query(call, "to", &draft.to))
        return ctx_fail(&call->ctx, ERR_MISSING_FIELD, "to is missing in the query.");
    enum err e = query_number(call, "expires_in", 1, LETTER_DRAFT_EXPIRES_MAX_S, &expires_in_s);
    draft.expires_in_s = (int64_t)expires_in_s;
    return e == ERR_OK ? letter_send_begin_sealed(call->api->core, &call->ctx, &draft, &post->send)
                       : e;
}

static enum api_next chunk_sealed(struct api_call *call, struct bytes chunk, bool last)
{
    struct post *post = call->state;
    enum err e = letter_send_write(post->send, &call->ctx, chunk);
    if (e != ERR_OK)
        return refuse(call, e);
    if (!last)
        return API_MORE;
    struct letter_send *send = post->send;
    post->send = NULL;
    return store(call, send);
}

/* --- start --- */

static enum err start_form(struct api_call *call, struct post *post)
{
    bool found = false;
    struct bytes type = call->transport->header(call->transport_self, "content-type", &found);
    struct bytes essence = bytes_trim(bytes_slice(type, 0, bytes_find(type, ';', 0)));
    buffer_init(&post->json, JSON_MAX_BYTES);
    if (bytes_equal_nocase(essence, BYTES_LIT("application/json"))) {
        post->form = FORM_JSON;
        return ERR_OK;
    }
    if (bytes_equal_nocase(essence, BYTES_LIT("multipart/form-data"))) {
        post->form = FORM_MULTIPART;
        return letters_form_init(&post->multipart, call, type, post->idempotency_key);
    }
    if (bytes_equal_nocase(essence, BYTES_LIT("application/vnd.letterlock.sealed"))) {
        post->form = FORM_SEALED;
        return begin_sealed(call);
    }
    return ctx_fail(&call->ctx, ERR_UNSUPPORTED_MEDIA_TYPE,
                    "A letter is application/json, multipart/form-data or "
                    "application/vnd.letterlock.sealed.");
}

enum api_next letters_post_start(struct api_call *call)
{
    struct post *post = mem_alloc(sizeof *post);
    call->state = post;
    call->state_free = post_free;
    enum err e = idempotency_key_read(call, &post->idempotency_key);
    if (e == ERR_OK)
        e = start_form(call, post);
    return e == ERR_OK ? API_MORE : refuse(call, e);
}

enum api_next letters_post_chunk(struct api_call *call, struct bytes chunk, bool last)
{
    const struct post *post = call->state;
    switch (post->form) {
    case FORM_JSON:
        return chunk_json(call, chunk, last);
    case FORM_MULTIPART:
        return chunk_multipart(call, chunk, last);
    case FORM_SEALED:
        return chunk_sealed(call, chunk, last);
    }
    return refuse(call, ERR_INTERNAL);
}
