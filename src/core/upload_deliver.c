#include "base/mem.h"
#include "core/upload_work.h"

#include <string.h>

static enum err find_recipient(struct upload *u, struct ctx *ctx, struct user_record *out)
{
    const struct records *records = &u->core->ports->records;
    const struct upload_state *s = &u->state;
    enum err e = records->user_by_id(records->self, ctx, &s->recipient_id, out);
    /* They may have been disabled since; a letter that an earlier try stored stays stored. */
    bool stored = false;
    if (e == ERR_OK && out->state != USER_READY)
        e = records->message_exists(records->self, ctx, &s->id, &stored);
    if (e == ERR_OK && out->state != USER_READY && !stored)
        e = ERR_UNKNOWN_RECIPIENT;
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_UNKNOWN_RECIPIENT : e;
    memcpy(out->key_reference, s->recipient_key, sizeof out->key_reference);
    return ERR_OK;
}

/* The letter's record, of an object that lies there. */
static void fill_sink(struct letter_sink *sink, struct upload *u, const struct ctx *ctx)
{
    const struct upload_state *s = &u->state;
    struct message_record *record = &sink->put.record;
    letter_sink_expire(sink, ctx, s->expires_in_s);
    buffer_append(&sink->header, buffer_bytes(&s->header));
    sink->object_stored = true;
    record->id = s->id;
    record->size = s->manifest_bytes + s->length;
    record->sealed_size = s->header.n + s->place.size;
    record->sender_can_open = s->sender_can_open;
    record->sender_verified = s->sender_verified;
    record->header = buffer_bytes(&sink->header);
    memcpy(record->checksum, s->sealed_sum, sizeof record->checksum);
}

/* Only a loss of the recipient's key is for good: what the letter was sealed to opens nothing. */
static enum err explain(struct upload *u, struct ctx *ctx, enum err e)
{
    const struct keys *keys = &u->core->ports->keys;
    struct key_description key;
    if (e == ERR_UNAVAILABLE &&
        keys->describe(keys->self, ctx, &u->state.recipient_id, &key) == ERR_OK &&
        key.lost_before_unix_ms > uuid_unix_ms(&u->state.id))
        return ctx_fail(ctx, ERR_UPLOAD_EXPIRED,
                        "The recipient's key was lost after this upload began. Start again.");
    return e;
}

/* Stores it, or finds that an earlier try did. *fresh tells which; *letter_id is that of the letter
 * that there is now. */
static enum err store(struct upload *u, struct ctx *ctx, struct letter_sink *sink, bool *fresh)
{
    const struct records *records = &u->core->ports->records;
    struct upload_state *s = &u->state;
    struct message_put_result result = letter_sink_put(sink, ctx);
    if (result.e == ERR_CONFLICT) {
        struct message_record stored;
        result.e = records->message_get(records->self, ctx, &s->id, false, &stored);
    } else if (result.e == ERR_OK) {
        *fresh = !result.duplicate;
    }
    s->letter_id = result.e == ERR_OK && result.duplicate ? result.stored.id : s->id;
    return explain(u, ctx, result.e);
}

/* All that is kept from now on is which letter it became. */
static void forget_content(struct upload_state *s)
{
    s->done = true;
    s->promise_count = 0;
    secret_fini(&s->data_key);
    letter_idempotency_fini(&s->idempotency);
    buffer_clear(&s->header);
    buffer_clear(&s->plain);
}

static enum err deliver_to(struct upload *u, struct ctx *ctx, const struct user_record *recipient)
{
    struct upload_state *s = &u->state;
    struct letter_sink sink;
    bool fresh = false;
    letter_sink_init(&sink, u->core, ctx, recipient);
    fill_sink(&sink, u, ctx);
    letter_idempotency_add(&s->idempotency, bytes_of(s->content, sizeof s->content));
    letter_idempotency_add(&s->idempotency,
                           bytes_of(s->promises, s->promise_count * sizeof s->promises[0]));
    letter_idempotency_finish(&s->idempotency, &sink.put);
    enum err e = store(u, ctx, &sink, &fresh);
    if (e == ERR_OK) {
        bool other = !uuid_equal(&s->letter_id, &s->id);
        if (fresh)
            letter_sink_announce(&sink, ctx);
        forget_content(s);
        /* The letter is there whatever becomes of the note: without it, the next try finds it. */
        enum err saved = upload_save(u, ctx);
        if (saved == ERR_OK && other)
            letter_sink_discard(&sink, ctx);
    }
    letter_sink_fini(&sink);
    return e;
}

enum err upload_deliver(struct upload *u, struct ctx *ctx)
{
    const struct objects *objects = &u->core->ports->objects;
    struct user_record recipient;
    enum err e = find_recipient(u, ctx, &recipient);
    if (e == ERR_OK)
        e = objects->draft_commit(objects->self, ctx, &u->state.place);
    return e == ERR_OK ? deliver_to(u, ctx, &recipient) : e;
}
