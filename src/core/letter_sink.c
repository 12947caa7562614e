#include "core/letter_sink.h"

#include "base/threads.h"
#include "core/events.h"
#include "core/unread.h"
#include "envelope/header.h"

#include <stdlib.h>
#include <string.h>

void letter_sink_init(struct letter_sink *sink, struct core *core, struct ctx *ctx,
                      const struct user_record *recipient)
{
    const struct ports *ports = core->ports;
    *sink = (struct letter_sink){.core = core, .recipient = *recipient};
    sink->put.recipient_key = sink->recipient.key_reference;
    sink->put.quota_bytes =
        recipient->quota_bytes > 0 ? recipient->quota_bytes : core->config->quota_bytes;
    sink->put.record = (struct message_record){
        .sender_id = ctx->actor->user_id,
        .recipient_id = recipient->id,
        .sender_username = ctx->actor->username,
        .recipient_username = recipient->username,
        .sent_unix_ms = ctx->now_unix_ms,
    };
    size_t kept = ports->records.inline_max_bytes > ports->objects.chunk_bytes
                      ? ports->records.inline_max_bytes
                      : ports->objects.chunk_bytes;
    buffer_init(&sink->header, HEADER_MAX_BYTES);
    buffer_init(&sink->frames, kept + LETTER_SINK_PIECE_BYTES);
}

void letter_sink_expire(struct letter_sink *sink, const struct ctx *ctx, int64_t expires_in_s)
{
    if (expires_in_s == 0)
        expires_in_s = sink->core->config->default_expires_s;
    sink->put.record.expires_unix_ms =
        expires_in_s == 0 ? 0 : ctx->now_unix_ms + expires_in_s * 1000;
}

void letter_sink_start(struct letter_sink *sink, const uint8_t message_id[CHECKSUM_KEY_BYTES])
{
    checksum_init(&sink->checksum, message_id);
}

static uint64_t sealed_bytes(const struct letter_sink *sink)
{
    return sink->header.n + sink->frames_bytes + sink->frames.n;
}

/* Spares a large letter the way; what counts is the check in the transaction of the put, where
 * other letters cannot interfere. */
static enum err start_object(struct letter_sink *sink, struct ctx *ctx)
{
    const struct ports *ports = sink->core->ports;
    const struct message_record *record = &sink->put.record;
    int64_t used_bytes = 0;
    enum err e =
        ports->records.user_usage(ports->records.self, ctx, &record->recipient_id, &used_bytes);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_UNKNOWN_RECIPIENT : e;
    sink->room_bytes = sink->put.quota_bytes - used_bytes;
    return ports->objects.begin(ports->objects.self, ctx, &record->id, &sink->writer);
}

static bool has_room(const struct letter_sink *sink)
{
    return sink->room_bytes >= 0 && sealed_bytes(sink) <= (uint64_t)sink->room_bytes;
}

static enum err flush(struct letter_sink *sink, struct ctx *ctx)
{
    const struct objects *objects = &sink->core->ports->objects;
    struct bytes frames = buffer_bytes(&sink->frames);
    checksum_add(&sink->checksum, frames);
    enum err e = objects->write(sink->writer, ctx, frames);
    sink->frames_bytes += frames.n;
    buffer_clear(&sink->frames);
    return e;
}

enum err letter_sink_settle(struct letter_sink *sink, struct ctx *ctx)
{
    const struct ports *ports = sink->core->ports;
    if (!buffer_ok(&sink->frames))
        return ctx_log_fail(ctx, ERR_INTERNAL, "frames_overflow", "kept=%zu", sink->frames.n);
    if (sink->writer == NULL) {
        if (sink->frames.n <= ports->records.inline_max_bytes)
            return ERR_OK;
        enum err e = start_object(sink, ctx);
        if (e != ERR_OK)
            return e;
    }
    if (!has_room(sink))
        return ERR_QUOTA_EXCEEDED;
    return sink->frames.n < ports->objects.chunk_bytes ? ERR_OK : flush(sink, ctx);
}

static enum err commit_object(struct letter_sink *sink, struct ctx *ctx)
{
    enum err e = flush(sink, ctx);
    if (e != ERR_OK)
        return e;
    struct object_writer *writer = sink->writer;
    sink->writer = NULL;
    e = sink->core->ports->objects.commit(writer, ctx);
    sink->object_stored = e == ERR_OK;
    return e;
}

enum err letter_sink_close(struct letter_sink *sink, struct ctx *ctx)
{
    enum err e = letter_sink_settle(sink, ctx);
    if (e != ERR_OK)
        return e;
    struct message_record *record = &sink->put.record;
    record->sealed_size = sealed_bytes(sink);
    record->header = buffer_bytes(&sink->header);
    record->inline_frames = letter_sink_is_inline(sink);
    if (record->inline_frames) {
        record->frames = buffer_bytes(&sink->frames);
        checksum_add(&sink->checksum, record->frames);
    } else {
        e = commit_object(sink, ctx);
    }
    if (e != ERR_OK)
        return e;
    checksum_add(&sink->checksum, record->header);
    checksum_finish(&sink->checksum, record->checksum);
    return ERR_OK;
}

bool letter_sink_is_inline(const struct letter_sink *sink)
{
    return sink->writer == NULL && !sink->object_stored;
}

struct put_wait {
    struct gate gate;
    struct message_put_result result;
};

static void open_gate(void *arg, const struct message_put_result *result)
{
    struct put_wait *wait = arg;
    wait->result = *result;
    gate_open(&wait->gate);
}

struct message_put_result letter_sink_put(struct letter_sink *sink, struct ctx *ctx)
{
    const struct records *records = &sink->core->ports->records;
    struct put_wait wait = {0};
    gate_init(&wait.gate);
    records->message_put(records->self, ctx, &sink->put, open_gate, &wait);
    if (!gate_wait(&wait.gate, INT64_MAX))
        abort();
    gate_fini(&wait.gate);
    return wait.result;
}

void letter_sink_announce(struct letter_sink *sink, struct ctx *ctx)
{
    const struct message_record *letter = &sink->put.record;
    struct events *events = sink->core->events;
    events_publish_letter(events, &letter->recipient_id, letter);
    if (!uuid_equal(&letter->sender_id, &letter->recipient_id))
        events_publish_letter(events, &letter->sender_id, letter);
    unread_announce(sink->core, ctx, &letter->recipient_id);
    core_count(&sink->core->counts.letters_sent);
    const struct notices *notices = &sink->core->ports->notices;
    notices->letter_arrived(notices->self, &sink->recipient);
}

void letter_sink_remove_object(struct core *core, struct ctx *ctx, const struct uuid *id)
{
    const struct objects *objects = &core->ports->objects;
    char text[UUID_TEXT_BYTES];
    uuid_format(id, text);
    if (objects->remove(objects->self, ctx, id) != ERR_OK)
        (void)ctx_log_fail(ctx, ERR_INTERNAL, "object_not_removed", "letter=%s", text);
}

void letter_sink_discard(struct letter_sink *sink, struct ctx *ctx)
{
    if (sink->object_stored)
        letter_sink_remove_object(sink->core, ctx, &sink->put.record.id);
    sink->object_stored = false;
}

void letter_sink_fini(struct letter_sink *sink)
{
    if (sink->writer != NULL)
        sink->core->ports->objects.abort(sink->writer);
    checksum_fini(&sink->checksum);
    buffer_fini(&sink->header);
    buffer_fini(&sink->frames);
    *sink = (struct letter_sink){0};
}
