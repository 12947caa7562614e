#include "core/letter_draft.h"

#include "core/letter_context.h"
#include "core/letter_file.h"
#include "core/recipients.h"
#include "envelope/manifest.h"

#include <string.h>

enum err letter_draft_check(struct ctx *ctx, const struct letter_draft *draft)
{
    if (draft->text.n == 0 && !draft->has_file)
        return ERR_EMPTY_LETTER;
    if (draft->text.n > MANIFEST_MAX_TEXT_BYTES)
        return ERR_TEXT_TOO_LONG;
    if (!bytes_is_utf8(draft->text) || bytes_find(draft->text, 0, 0) != SIZE_MAX)
        return ctx_fail(ctx, ERR_INVALID_FIELD, "text must be UTF-8 without NUL.");
    if (draft->has_file && !letter_file_name_is_valid(draft->file_name))
        return ERR_INVALID_FILE_NAME;
    return ERR_OK;
}

static enum err check_expiry(struct ctx *ctx, int64_t expires_in_s)
{
    if (expires_in_s >= 0 && expires_in_s <= LETTER_DRAFT_EXPIRES_MAX_S)
        return ERR_OK;
    return ctx_fail(ctx, ERR_INVALID_FIELD, "expires_in must be 1 to %lld seconds.",
                    (long long)LETTER_DRAFT_EXPIRES_MAX_S);
}

/* The recipient's key before the letter is sealed: if it is lost by the time the letter is stored,
 * so may be the one that the letter was sealed to. */
static enum err find_key(struct core *core, struct ctx *ctx, struct user_record *recipient)
{
    const struct keys *keys = &core->ports->keys;
    struct key_description key;
    enum err e = keys->describe(keys->self, ctx, &recipient->id, &key);
    if (e == ERR_OK)
        memcpy(recipient->key_reference, key.reference, sizeof recipient->key_reference);
    /* A user without a key has not finished signing up. */
    return e == ERR_NOT_FOUND ? ERR_UNKNOWN_RECIPIENT : e;
}

enum err letter_draft_recipient(struct core *core, struct ctx *ctx,
                                const struct letter_draft *draft, struct user_record *recipient)
{
    enum err e = check_expiry(ctx, draft->expires_in_s);
    if (e == ERR_OK)
        e = recipients_find(core, ctx, draft->to, recipient);
    if (e == ERR_OK)
        e = find_key(core, ctx, recipient);
    return e;
}

/* The sender's key reference, for keys that wrap the copy under it. */
static enum err find_sender(struct core *core, struct ctx *ctx, struct user_record *out)
{
    const struct records *records = &core->ports->records;
    enum err e = records->user_by_id(records->self, ctx, &ctx->actor->user_id, out);
    return e == ERR_NOT_FOUND ? ERR_UNAUTHENTICATED : e;
}

static enum err wrap_key(struct letter_sink *sink, struct ctx *ctx, bool copy,
                         const struct letter_context *context, struct key_wrapped *out)
{
    struct core *core = sink->core;
    const struct keys *keys = &core->ports->keys;
    struct user_record sender = {0};
    enum err e = copy ? find_sender(core, ctx, &sender) : ERR_OK;
    if (e != ERR_OK)
        return e;
    const struct key_wrap wrap = {
        .recipient_id = &sink->recipient.id,
        .recipient_reference = sink->recipient.key_reference,
        .sender_reference = sender.key_reference,
        .copy = copy,
        .context = letter_context_bytes(context),
        .pairs = &context->pairs,
    };
    e = keys->wrap(keys->self, ctx, &wrap, out);
    /* A user without a key has not finished signing up. */
    return e == ERR_NOT_FOUND ? ERR_UNKNOWN_RECIPIENT : e;
}

enum err letter_draft_seal(struct letter_sink *sink, struct ctx *ctx, bool copy,
                           struct sealer *sealer, struct secret *data_key)
{
    struct message_record *record = &sink->put.record;
    struct letter_context context;
    letter_context_init(&context, &record->id, &record->recipient_id, &record->sender_id);
    struct key_wrapped wrapped = {0};
    enum err e = wrap_key(sink, ctx, copy, &context, &wrapped);
    if (e == ERR_OK) {
        record->sender_can_open = wrapped.sender_can_open;
        record->sender_verified = wrapped.sender_verified;
        const struct sealer_message message = {
            .aad = letter_context_bytes(&context),
            .edks = wrapped.edks,
            .edk_count = wrapped.edk_count,
            .frame_length = HEADER_LETTER_FRAME_LENGTH,
        };
        e = sealer_init(sealer, &message, &wrapped.data_key, &sink->header);
        if (e != ERR_OK)
            e = ctx_log_fail(ctx, ERR_INTERNAL, "header_not_written", "edks=%zu",
                             wrapped.edk_count);
    }
    if (e == ERR_OK && data_key != NULL)
        *data_key = wrapped.data_key;
    secret_fini(&wrapped.data_key);
    if (e == ERR_OK)
        letter_sink_start(sink, sealer->message_id);
    return e;
}

enum err letter_draft_manifest(const struct ctx *ctx, const struct letter_draft *draft,
                               struct buffer *out)
{
    const struct manifest manifest = {
        .has_text = draft->text.n > 0,
        .text = draft->text,
        .has_file = draft->has_file,
        .file_name = draft->file_name,
        .media_type = letter_file_media_type(draft->media_type),
        .has_sent_at = true,
        .sent_at_unix_ms = ctx->now_unix_ms,
    };
    return manifest_write(&manifest, out);
}

void letter_draft_fingerprint_way(const struct letter_draft *draft, const struct uuid *recipient_id,
                                  struct letter_idempotency *idempotency)
{
    letter_idempotency_add(idempotency, uuid_bytes(recipient_id));
    letter_idempotency_add(idempotency, bytes_of(&draft->expires_in_s, sizeof draft->expires_in_s));
}

void letter_draft_fingerprint_parts(const struct letter_draft *draft,
                                    struct letter_idempotency *idempotency)
{
    uint8_t flags = (uint8_t)(draft->copy | draft->has_file << 1);
    letter_idempotency_add(idempotency, bytes_of(&flags, sizeof flags));
    letter_idempotency_add(idempotency, draft->text);
    letter_idempotency_add(idempotency, draft->file_name);
    letter_idempotency_add(idempotency, draft->media_type);
}
