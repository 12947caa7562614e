#include "core/letter_reader.h"

#include "base/mem.h"
#include "core/letter_bytes.h"
#include "core/letter_context.h"
#include "envelope/opener.h"

#include <assert.h>
#include <string.h>

/* Stored bytes read at once: of content, and for the manifest, which is in the first frame as a
 * rule. A frame of the largest kind comes in several pieces. */
#define PIECE_BYTES (256u << 10)
#define MANIFEST_PIECE_BYTES (HEADER_LETTER_FRAME_LENGTH + FRAME_REGULAR_OVERHEAD)

struct letter_reader {
    struct letter_bytes stored;
    struct header header;
    struct secret data_key;
    struct frame_layout layout;
    bool sender_verified;
    bool complete; /* the final frame was verified */
    bool has_file;
    struct bytes text; /* content of a letter without file; in the arena */
    uint64_t file_at;  /* offset of the file in the plaintext */
    uint64_t content_bytes;
    struct buffer scratch; /* stored bytes */
    /* the range being read */
    bool has_opener;
    struct opener opener;
    uint64_t next;       /* offset of the next stored bytes, in header || frames */
    uint64_t stored_end; /* and of their end */
    uint64_t left;       /* content bytes still to be given */
    size_t given;        /* bytes at the start of plaintext (or text) skipped or given */
    struct buffer plaintext;
};

static enum err damaged(const struct letter_reader *r, struct ctx *ctx, enum envelope_reason reason)
{
    char id[UUID_TEXT_BYTES];
    uuid_format(&r->stored.record.id, id);
    return ctx_log_fail(ctx, ERR_LETTER_DAMAGED, "letter_refused", "letter=%s reason=%s", id,
                        envelope_reason_text(reason));
}

/* --- key and header --- */

static enum err check_context(const struct letter_reader *r, struct ctx *ctx)
{
    const struct message_record *record = &r->stored.record;
    struct letter_context context;
    letter_context_init(&context, &record->id, &record->recipient_id, &record->sender_id);
    return bytes_equal(letter_context_bytes(&context), r->header.aad)
               ? ERR_OK
               : damaged(r, ctx, ENVELOPE_REASON_CONTEXT_MISMATCH);
}

static enum err unwrap(struct letter_reader *r, struct core *core, struct ctx *ctx)
{
    const struct keys *keys = &core->ports->keys;
    const struct message_record *record = &r->stored.record;
    enum envelope_reason reason = ENVELOPE_REASON_NONE;
    if (header_parse(record->header, &r->header, &reason) != ERR_OK)
        return damaged(r, ctx, reason);
    if (r->header.length != record->header.n)
        return damaged(r, ctx, ENVELOPE_REASON_TRAILING_BYTES);
    if (frame_layout_of_message(r->stored.size, r->header.length, r->header.frame_length,
                                &r->layout, &reason) != ERR_OK)
        return damaged(r, ctx, reason);
    enum err e = check_context(r, ctx);
    if (e != ERR_OK)
        return e;
    return keys->unwrap(keys->self, ctx, &r->header, &record->sender_id, &r->data_key,
                        &r->sender_verified);
}

/* --- a range of frames --- */

static void end_range(struct letter_reader *r)
{
    if (r->has_opener)
        opener_fini(&r->opener);
    r->has_opener = false;
    buffer_clear(&r->plaintext);
    r->given = 0;
}

static enum err start_range(struct letter_reader *r, struct ctx *ctx,
                            const struct frame_range *range)
{
    end_range(r);
    enum envelope_reason reason = ENVELOPE_REASON_NONE;
    r->has_opener = true;
    if (opener_init(&r->opener, &r->header, &r->data_key, &reason) != ERR_OK)
        return damaged(r, ctx, reason);
    opener_set_range(&r->opener, &r->layout, range);
    r->next = range->message_from;
    r->stored_end = range->message_to;
    r->given = range->skip;
    return ERR_OK;
}

/* Reads and opens the next stored bytes of the range, at most max; at its end, that it is one. */
static enum err advance(struct letter_reader *r, struct ctx *ctx, size_t max)
{
    enum envelope_reason reason = ENVELOPE_REASON_NONE;
    uint64_t rest = r->stored_end - r->next;
    size_t n = rest < max ? (size_t)rest : max;
    struct bytes piece;
    enum err e = letter_bytes_get(&r->stored, ctx, r->next, n, &r->scratch, &piece);
    if (e != ERR_OK)
        return e;
    r->next += n;
    if (opener_push(&r->opener, piece, &r->plaintext, &reason) != ERR_OK)
        return damaged(r, ctx, reason);
    if (r->next == r->stored_end && opener_finish(&r->opener, &reason) != ERR_OK)
        return damaged(r, ctx, reason);
    return ERR_OK;
}

/* --- manifest and final frame --- */

static enum err read_manifest(struct letter_reader *r, struct ctx *ctx,
                              struct manifest_splitter *splitter, struct manifest *out)
{
    struct frame_range all = {
        .first_frame = 1,
        .last_frame = r->layout.regular_frames + 1,
        .message_from = r->layout.header_length,
        .message_to = r->layout.message_length,
    };
    struct bytes json;
    enum err e = start_range(r, ctx, &all);
    if (e != ERR_OK)
        return e;
    while (!manifest_splitter_json(splitter, &json)) {
        struct bytes file;
        if (r->next == r->stored_end)
            return damaged(r, ctx, ENVELOPE_REASON_BODY_LENGTH);
        buffer_clear(&r->plaintext);
        e = advance(r, ctx, MANIFEST_PIECE_BYTES);
        if (e != ERR_OK)
            return e;
        if (manifest_splitter_push(splitter, buffer_bytes(&r->plaintext), &file) != ERR_OK)
            return damaged(r, ctx, ENVELOPE_REASON_BODY_LENGTH);
    }
    r->complete = r->next == r->stored_end;
    uint64_t file_bytes = 0;
    if (manifest_parse(ctx->arena, json, out) != ERR_OK ||
        manifest_file_size(r->layout.plaintext_length, json.n, &file_bytes) != ERR_OK)
        return damaged(r, ctx, ENVELOPE_REASON_BODY_LENGTH);
    r->file_at = r->layout.plaintext_length - file_bytes;
    r->has_file = out->has_file;
    r->text = out->text;
    r->content_bytes = out->has_file ? file_bytes : out->text.n;
    return ERR_OK;
}

static enum err verify_final_frame(struct letter_reader *r, struct ctx *ctx)
{
    struct frame_range final = frame_layout_final(&r->layout);
    enum err e = start_range(r, ctx, &final);
    while (e == ERR_OK && r->next < r->stored_end) {
        buffer_clear(&r->plaintext);
        e = advance(r, ctx, PIECE_BYTES);
    }
    r->complete = e == ERR_OK;
    return e;
}

static enum err open_letter(struct letter_reader *r, struct core *core, struct ctx *ctx,
                            const struct uuid *id, struct manifest *manifest)
{
    enum err e = letter_bytes_init(&r->stored, core, ctx, id);
    if (e == ERR_OK)
        e = unwrap(r, core, ctx);
    if (e != ERR_OK)
        return e;
    struct manifest_splitter splitter;
    manifest_splitter_init(&splitter);
    e = read_manifest(r, ctx, &splitter, manifest);
    manifest_splitter_fini(&splitter);
    if (e == ERR_OK && !r->complete)
        e = verify_final_frame(r, ctx);
    end_range(r);
    return e;
}

enum err letter_reader_open(struct core *core, struct ctx *ctx, const struct uuid *id,
                            struct letter_reader **out, struct letter_opened *opened)
{
    struct letter_reader *r = mem_alloc(sizeof *r);
    buffer_init(&r->scratch, PIECE_BYTES);
    /* What one piece completes: itself and the part of a frame that was held. */
    buffer_init(&r->plaintext, PIECE_BYTES + HEADER_MAX_FRAME_LENGTH + FRAME_FINAL_OVERHEAD);
    enum err e = open_letter(r, core, ctx, id, &opened->manifest);
    if (e != ERR_OK) {
        letter_reader_close(r);
        return e;
    }
    opened->record = r->stored.record;
    opened->sender_verified = r->sender_verified;
    opened->content_bytes = r->content_bytes;
    *out = r;
    return ERR_OK;
}

/* --- content --- */

enum err letter_reader_seek(struct letter_reader *r, struct ctx *ctx, uint64_t from, uint64_t to)
{
    assert(r->complete && from <= to && to <= r->content_bytes);
    r->left = to - from;
    end_range(r);
    if (r->left == 0)
        return ERR_OK;
    if (!r->has_file) {
        r->given = (size_t)from;
        return ERR_OK;
    }
    struct frame_range range;
    enum err e = frame_layout_range(&r->layout, r->file_at + from, r->file_at + to, &range);
    return e == ERR_OK ? start_range(r, ctx, &range) : e;
}

static enum err fill(struct letter_reader *r, struct ctx *ctx)
{
    while (r->plaintext.n <= r->given) {
        if (r->next == r->stored_end)
            return damaged(r, ctx, ENVELOPE_REASON_BODY_LENGTH);
        r->given -= r->plaintext.n;
        buffer_clear(&r->plaintext);
        enum err e = advance(r, ctx, PIECE_BYTES);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

enum err letter_reader_read(struct letter_reader *r, struct ctx *ctx, uint8_t *data, size_t n,
                            size_t *got)
{
    *got = 0;
    if (r->left == 0)
        return ERR_OK;
    enum err e = r->has_file ? fill(r, ctx) : ERR_OK;
    if (e != ERR_OK)
        return e;
    struct bytes there = r->has_file ? buffer_bytes(&r->plaintext) : r->text;
    struct bytes part = bytes_slice(there, r->given, n < r->left ? n : (size_t)r->left);
    memcpy(data, part.p, part.n);
    r->given += part.n;
    r->left -= part.n;
    *got = part.n;
    return ERR_OK;
}

void letter_reader_close(struct letter_reader *r)
{
    if (r == NULL)
        return;
    end_range(r);
    buffer_fini(&r->plaintext);
    buffer_fini(&r->scratch);
    letter_bytes_fini(&r->stored);
    secret_fini(&r->data_key);
    mem_free(r);
}
