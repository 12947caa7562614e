#include "core/letter_send.h"

#include "base/mem.h"
#include "core/letter_idempotency.h"
#include "core/letter_sealed.h"
#include "core/letter_sink.h"
#include "envelope/manifest.h"
#include "envelope/sealer.h"

/* Plaintext sealed at once; with what the sealer holds it fits LETTER_SINK_PIECE_BYTES. */
#define PIECE_BYTES (256u << 10)
/* For removing the object of a letter that is given up after it was sealed. */
#define ABORT_TIMEOUT_MS 5000

struct letter_send {
    struct letter_sink sink;
    struct letter_idempotency idempotency;
    bool sealed_by_client;
    struct letter_sealed sealed;    /* sealed_by_client */
    struct sealer sealer;           /* otherwise */
    struct buffer head;             /* the manifest, until it is sealed */
    uint64_t content_bytes;         /* text and file so far */
    struct message_record *earlier; /* this very message was stored before */
    letter_send_done done;
    void *arg;
    struct ctx *ctx;
};

static void destroy(struct letter_send *send)
{
    letter_sink_fini(&send->sink);
    letter_idempotency_fini(&send->idempotency);
    sealer_fini(&send->sealer);
    buffer_fini(&send->head);
    mem_free(send);
}

/* --- beginning --- */

static enum err begin(struct core *core, struct ctx *ctx, const struct letter_draft *draft,
                      struct letter_send **out)
{
    struct user_record recipient;
    enum err e = letter_draft_recipient(core, ctx, draft, &recipient);
    if (e != ERR_OK)
        return e;
    struct letter_send *send = mem_alloc(sizeof *send);
    letter_sink_init(&send->sink, core, ctx, &recipient);
    letter_sink_expire(&send->sink, ctx, draft->expires_in_s);
    letter_idempotency_init(&send->idempotency, draft->idempotency_key);
    letter_draft_fingerprint_way(draft, &recipient.id, &send->idempotency);
    *out = send;
    return ERR_OK;
}

static enum err seal_piece(struct letter_send *send, struct ctx *ctx, struct bytes piece)
{
    enum err e = sealer_push(&send->sealer, piece, &send->sink.frames);
    return e == ERR_OK ? letter_sink_settle(&send->sink, ctx) : e;
}

enum err letter_send_begin(struct core *core, struct ctx *ctx, const struct letter_draft *draft,
                           struct letter_send **out)
{
    struct letter_send *send = NULL;
    enum err e = letter_draft_check(ctx, draft);
    if (e == ERR_OK)
        e = begin(core, ctx, draft, &send);
    if (e != ERR_OK)
        return e;
    send->sink.put.record.id = uuid_at(ctx->now_unix_ms);
    send->content_bytes = draft->text.n;
    letter_draft_fingerprint_parts(draft, &send->idempotency);
    buffer_init(&send->head, MANIFEST_PREFIX_BYTES + MANIFEST_MAX_BYTES);
    e = letter_draft_manifest(ctx, draft, &send->head);
    if (e == ERR_OK)
        e = letter_draft_seal(&send->sink, ctx, draft->copy, &send->sealer, NULL);
    if (e == ERR_OK && draft->has_file) {
        e = seal_piece(send, ctx, buffer_bytes(&send->head));
        buffer_fini(&send->head);
    }
    if (e != ERR_OK) {
        destroy(send);
        return e;
    }
    *out = send;
    return ERR_OK;
}

enum err letter_send_begin_sealed(struct core *core, struct ctx *ctx,
                                  const struct letter_draft *draft, struct letter_send **out)
{
    enum err e = begin(core, ctx, draft, out);
    if (e != ERR_OK)
        return e;
    (*out)->sealed_by_client = true;
    (*out)->sink.put.sealed_by_client = true;
    letter_sealed_init(&(*out)->sealed);
    return ERR_OK;
}

/* --- content --- */

static enum err write_plaintext(struct letter_send *send, struct ctx *ctx, struct bytes data)
{
    uint64_t max = send->sink.core->config->max_letter_bytes;
    if (send->content_bytes > max || data.n > max - send->content_bytes)
        return ERR_LETTER_TOO_LARGE;
    send->content_bytes += data.n;
    letter_idempotency_content(&send->idempotency, data);
    while (data.n > 0) {
        struct bytes piece = bytes_slice(data, 0, PIECE_BYTES);
        enum err e = seal_piece(send, ctx, piece);
        if (e != ERR_OK)
            return e;
        data = bytes_slice(data, piece.n, SIZE_MAX);
    }
    return ERR_OK;
}

enum err letter_send_write(struct letter_send *send, struct ctx *ctx, struct bytes data)
{
    if (send->sealed_by_client)
        return letter_sealed_write(&send->sealed, &send->sink, ctx, data);
    return write_plaintext(send, ctx, data);
}

/* --- the end --- */

/* The same sealed message may come twice, and finds its own object there. */
static enum err find_earlier(struct letter_send *send, struct ctx *ctx)
{
    const struct records *records = &send->sink.core->ports->records;
    struct message_record *earlier = arena_alloc(ctx->arena, sizeof *earlier);
    enum err e = records->message_get(records->self, ctx, &send->sink.put.record.id, true, earlier);
    if (e != ERR_OK || !bytes_equal(earlier->header, buffer_bytes(&send->sink.header)))
        return ctx_fail(ctx, ERR_CONFLICT, "There is a letter with this id already.");
    send->earlier = earlier;
    return ERR_OK;
}

static enum err seal_by_client(struct letter_send *send, struct ctx *ctx)
{
    struct message_record *record = &send->sink.put.record;
    enum err e = letter_sealed_finish(&send->sealed, &send->sink, ctx);
    if (e == ERR_OK)
        e = letter_sink_close(&send->sink, ctx);
    if (e == ERR_CONFLICT)
        return find_earlier(send, ctx);
    if (e != ERR_OK)
        return e;
    if (!send->idempotency.used)
        letter_idempotency_init(&send->idempotency, uuid_bytes(&record->id));
    letter_idempotency_add(&send->idempotency, record->header);
    letter_idempotency_add(&send->idempotency, bytes_of(record->checksum, CHECKSUM_BYTES));
    return ERR_OK;
}

static enum err seal_plaintext(struct letter_send *send, struct ctx *ctx)
{
    enum err e = sealer_finish(&send->sealer, buffer_bytes(&send->head), &send->sink.frames);
    send->sink.put.record.size = send->sealer.plaintext_bytes;
    sealer_fini(&send->sealer);
    buffer_fini(&send->head);
    if (e == ERR_OK && send->content_bytes > send->sink.core->config->max_letter_bytes)
        e = ERR_LETTER_TOO_LARGE;
    return e == ERR_OK ? letter_sink_close(&send->sink, ctx) : e;
}

enum err letter_send_seal(struct letter_send *send, struct ctx *ctx,
                          const struct message_record **letter)
{
    enum err e = send->sealed_by_client ? seal_by_client(send, ctx) : seal_plaintext(send, ctx);
    if (e != ERR_OK)
        return e;
    letter_idempotency_finish(&send->idempotency, &send->sink.put);
    *letter = send->earlier != NULL ? send->earlier : &send->sink.put.record;
    return ERR_OK;
}

/* Ends the send with what became of it. done comes last: the context may be gone after it. */
static void complete(struct letter_send *send, const struct message_put_result *result)
{
    struct message_record letter = result->duplicate ? result->stored : send->sink.put.record;
    letter.sender_username = send->sink.put.record.sender_username;
    letter.recipient_username = send->sink.put.record.recipient_username;
    letter.header = (struct bytes){0};
    letter.frames = (struct bytes){0};
    const struct letter_outcome outcome = {
        .e = result->e,
        .duplicate = result->duplicate,
        .letter = result->e == ERR_OK ? &letter : NULL,
    };
    letter_send_done done = send->done;
    void *arg = send->arg;
    if (result->e == ERR_OK && !result->duplicate)
        letter_sink_announce(&send->sink, send->ctx);
    destroy(send);
    done(arg, &outcome);
}

/* Of a small letter: on the thread that stored it. */
static void on_put(void *arg, const struct message_put_result *result)
{
    complete(arg, result);
}

/* Of a letter with an object: this thread waits, because a refused put leaves an object to be
 * removed, which blocks. */
static void put_and_wait(struct letter_send *send, struct ctx *ctx)
{
    struct message_put_result result = letter_sink_put(&send->sink, ctx);
    if (result.e != ERR_OK || result.duplicate)
        letter_sink_discard(&send->sink, ctx);
    complete(send, &result);
}

void letter_send_store(struct letter_send *send, struct ctx *ctx, letter_send_done done, void *arg)
{
    send->done = done;
    send->arg = arg;
    send->ctx = ctx;
    if (send->earlier != NULL) {
        complete(send, &(struct message_put_result){
                           .e = ERR_OK, .duplicate = true, .stored = *send->earlier});
    } else if (letter_sink_is_inline(&send->sink)) {
        const struct records *records = &send->sink.core->ports->records;
        records->message_put(records->self, ctx, &send->sink.put, on_put, send);
    } else {
        put_and_wait(send, ctx);
    }
}

void letter_send_abort(struct letter_send *send)
{
    if (send == NULL)
        return;
    if (send->sink.object_stored) {
        struct arena arena;
        struct ctx ctx;
        arena_init(&arena);
        ctx_init(&ctx, &arena, ABORT_TIMEOUT_MS);
        letter_sink_discard(&send->sink, &ctx);
        arena_fini(&arena);
    }
    destroy(send);
}
