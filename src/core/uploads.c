#include "core/uploads.h"

#include "base/clock.h"
#include "base/mem.h"
#include "core/upload_work.h"
#include "envelope/manifest.h"

#include <string.h>

#define MS_PER_S 1000
#define SWEEP_BATCH 50u
/* The file begins in the first frame. */
#define MANIFEST_BYTES_MAX (UPLOAD_FRAME_BYTES / 2)

bool uploads_offered(const struct core *core)
{
    return core->ports->uploads.create != NULL;
}

static struct upload *make(struct core *core)
{
    struct upload *u = mem_alloc(sizeof *u);
    u->core = core;
    u->saved_mono_ms = clock_mono_ms();
    upload_state_init(&u->state);
    return u;
}

void upload_close(struct upload *u)
{
    if (u == NULL)
        return;
    if (u->draft != NULL)
        u->core->ports->objects.draft_close(u->draft);
    checksum_fini(&u->checksum);
    sealer_fini(&u->sealer);
    buffer_fini(&u->frames);
    upload_state_fini(&u->state);
    secret_fini(&u->secret);
    secret_fini(&u->key);
    mem_free(u);
}

struct upload_view upload_view(const struct upload *u)
{
    struct upload_view view = {
        .offset = upload_state_offset(&u->state),
        .length = u->state.length,
        .expires_unix_ms = u->expires_unix_ms,
        .done = u->state.done,
        .letter_id = u->state.letter_id,
    };
    upload_name_write(&u->state.id, &u->secret, view.name);
    return view;
}

/* --- creating --- */

/* Spares what has no chance the way; what counts is the check when the letter is stored. */
static enum err check_room(struct core *core, struct ctx *ctx, const struct letter_sink *sink,
                           uint64_t length)
{
    const struct records *records = &core->ports->records;
    int64_t used_bytes = 0;
    enum err e = records->user_usage(records->self, ctx, &sink->recipient.id, &used_bytes);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_UNKNOWN_RECIPIENT : e;
    int64_t room = sink->put.quota_bytes - used_bytes;
    return room < 0 || length > (uint64_t)room ? ERR_QUOTA_EXCEEDED : ERR_OK;
}

/* Puts the letter's beginning into the state: key, header, manifest. */
static enum err begin_letter(struct upload *u, struct ctx *ctx, struct letter_sink *sink,
                             const struct letter_draft *draft)
{
    struct upload_state *s = &u->state;
    struct message_record *record = &sink->put.record;
    record->id = s->id;
    enum err e = letter_draft_manifest(ctx, draft, &s->plain);
    if (e == ERR_OK && s->plain.n > MANIFEST_BYTES_MAX)
        e = ERR_TEXT_TOO_LONG;
    if (e == ERR_OK)
        e = letter_draft_seal(sink, ctx, draft->copy, &u->sealer, &s->data_key);
    if (e != ERR_OK)
        return e;
    memcpy(s->message_id, u->sealer.message_id, sizeof s->message_id);
    sealer_fini(&u->sealer);
    buffer_append(&s->header, buffer_bytes(&sink->header));
    s->manifest_bytes = s->plain.n;
    s->sender_can_open = record->sender_can_open;
    s->sender_verified = record->sender_verified;
    s->recipient_id = record->recipient_id;
    memcpy(s->recipient_key, sink->recipient.key_reference, sizeof s->recipient_key);
    s->expires_in_s = draft->expires_in_s;
    letter_idempotency_init(&s->idempotency, draft->idempotency_key);
    letter_draft_fingerprint_way(draft, &s->recipient_id, &s->idempotency);
    letter_draft_fingerprint_parts(draft, &s->idempotency);
    return ERR_OK;
}

static enum err store_new(struct upload *u, struct ctx *ctx)
{
    const struct uploads *uploads = &u->core->ports->uploads;
    const struct upload_limits limits = {
        .count_max = UPLOADS_OPEN_MAX,
        .bytes_max = (uint64_t)u->core->config->quota_bytes,
    };
    struct buffer sealed;
    buffer_init(&sealed, UPLOAD_STATE_MAX_BYTES);
    u->state.version = 1;
    upload_state_seal(&u->state, &u->key, &sealed);
    const struct upload_record record = {
        .id = u->state.id,
        .owner_id = ctx->actor->user_id,
        .length = u->state.length,
        .version = 1,
        .expires_unix_ms = u->expires_unix_ms,
        .draft = "",
        .state = buffer_bytes(&sealed),
    };
    enum err e = buffer_ok(&sealed) ? uploads->create(uploads->self, ctx, &record, &limits)
                                    : ctx_log_fail(ctx, ERR_INTERNAL, "upload_state_overflow",
                                                   "header=%zu", u->state.header.n);
    buffer_fini(&sealed);
    return e;
}

static enum err create(struct upload *u, struct ctx *ctx, const struct letter_draft *draft)
{
    struct user_record recipient;
    struct letter_sink sink = {0};
    enum err e = letter_draft_recipient(u->core, ctx, draft, &recipient);
    if (e != ERR_OK)
        return e;
    letter_sink_init(&sink, u->core, ctx, &recipient);
    e = check_room(u->core, ctx, &sink, u->state.length);
    if (e == ERR_OK)
        e = begin_letter(u, ctx, &sink, draft);
    letter_sink_fini(&sink);
    if (e == ERR_OK)
        e = store_new(u, ctx);
    if (e == ERR_OK && u->state.length == 0)
        e = upload_settle(u, ctx);
    return e;
}

enum err uploads_create(struct core *core, struct ctx *ctx, const struct letter_draft *draft,
                        uint64_t length, struct upload **out)
{
    uint64_t max = core->config->max_letter_bytes;
    if (!uploads_offered(core))
        return ERR_NOT_OFFERED;
    enum err e = letter_draft_check(ctx, draft);
    if (e != ERR_OK)
        return e;
    if (draft->text.n > max || length > max - draft->text.n)
        return ERR_LETTER_TOO_LARGE;
    struct upload *u = make(core);
    u->state.id = uuid_at(ctx->now_unix_ms);
    u->state.place.id = u->state.id;
    u->state.length = length;
    u->expires_unix_ms = ctx->now_unix_ms + (int64_t)UPLOAD_LIFETIME_S * MS_PER_S;
    secret_random(&u->secret);
    upload_state_key(&u->secret, &u->key);
    e = create(u, ctx, draft);
    if (e != ERR_OK) {
        upload_close(u);
        return e;
    }
    *out = u;
    return ERR_OK;
}

/* --- finding --- */

static enum err find(struct upload *u, struct ctx *ctx, struct bytes name, bool *expired)
{
    const struct uploads *uploads = &u->core->ports->uploads;
    struct upload_record record;
    struct uuid id;
    if (!upload_name_read(name, &id, &u->secret))
        return ERR_NOT_FOUND;
    enum err e = uploads->get(uploads->self, ctx, &id, &record);
    if (e != ERR_OK)
        return e;
    upload_state_key(&u->secret, &u->key);
    if (!upload_state_open(&u->state, &id, record.version, &u->key, record.state))
        return ERR_NOT_FOUND;
    size_t n = strlen(record.draft);
    if (n >= sizeof u->state.place.token)
        return ctx_log_fail(ctx, ERR_INTERNAL, "upload_token", "bytes=%zu", n);
    memcpy(u->state.place.token, record.draft, n + 1);
    u->expires_unix_ms = record.expires_unix_ms;
    u->saved_offset = upload_state_offset(&u->state);
    *expired = record.expires_unix_ms <= ctx->now_unix_ms;
    return ERR_OK;
}

static enum err open_any(struct core *core, struct ctx *ctx, struct bytes name, bool *expired,
                         struct upload **out)
{
    if (!uploads_offered(core))
        return ERR_NOT_OFFERED;
    struct upload *u = make(core);
    enum err e = find(u, ctx, name, expired);
    if (e == ERR_OK)
        *out = u;
    else
        upload_close(u);
    return e;
}

enum err uploads_open(struct core *core, struct ctx *ctx, struct bytes name, struct upload **out)
{
    bool expired = false;
    enum err e = open_any(core, ctx, name, &expired, out);
    if (e != ERR_OK || !expired)
        return e;
    upload_close(*out);
    *out = NULL;
    return ERR_UPLOAD_EXPIRED;
}

/* --- ending --- */

/* The draft goes first: what is forgotten nobody removes. An object that was made of it belongs to
 * its letter, or is an orphan. */
static enum err remove_draft(struct core *core, struct ctx *ctx, const struct uuid *id,
                             const char *token)
{
    const struct objects *objects = &core->ports->objects;
    struct object_draft_place place = {.id = *id};
    size_t n = strlen(token);
    if (n < sizeof place.token)
        memcpy(place.token, token, n);
    return objects->draft_remove(objects->self, ctx, &place);
}

/* A request that was cut off may have stored the letter without noting it. */
static enum err check_not_stored(const struct upload *u, struct ctx *ctx)
{
    const struct records *records = &u->core->ports->records;
    bool stored = u->state.done;
    enum err e = ERR_OK;
    if (u->state.complete && !stored)
        e = records->message_exists(records->self, ctx, &u->state.id, &stored);
    if (e == ERR_OK && stored)
        e = ctx_fail(ctx, ERR_CONFLICT, "The upload is complete: its letter was sent.");
    return e;
}

enum err uploads_delete(struct core *core, struct ctx *ctx, struct bytes name)
{
    struct upload *u = NULL;
    bool expired = false;
    enum err e = open_any(core, ctx, name, &expired, &u);
    if (e != ERR_OK)
        return e;
    const struct uploads *uploads = &core->ports->uploads;
    e = check_not_stored(u, ctx);
    if (e == ERR_OK)
        e = remove_draft(core, ctx, &u->state.id, u->state.place.token);
    if (e == ERR_OK)
        e = uploads->remove(uploads->self, ctx, &u->state.id);
    upload_close(u);
    return e;
}

enum err uploads_sweep(struct core *core, struct ctx *ctx, size_t *removed)
{
    const struct uploads *uploads = &core->ports->uploads;
    struct upload_page page = {.count = SWEEP_BATCH};
    *removed = 0;
    while (uploads_offered(core) && page.count == SWEEP_BATCH && ctx_left_ms(ctx) > 0) {
        enum err e = uploads->expired(uploads->self, ctx, SWEEP_BATCH, &page);
        for (size_t i = 0; e == ERR_OK && i < page.count; i++) {
            e = remove_draft(core, ctx, &page.items[i].id, page.items[i].draft);
            if (e == ERR_OK)
                e = uploads->forget(uploads->self, ctx, &page.items[i]);
            *removed += e == ERR_OK;
        }
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}
