#include "base/clock.h"
#include "core/upload_work.h"
#include "envelope/frame_layout.h"

#include <assert.h>
#include <string.h>

/* A connection that breaks loses no more than this and what the front had not passed on. */
#define SAVE_INTERVAL_MS 2000
/* Frames that are sealed, and written, in one go. */
#define PIECE_FRAMES 16u

enum err upload_save(struct upload *u, struct ctx *ctx)
{
    const struct uploads *uploads = &u->core->ports->uploads;
    struct buffer sealed;
    buffer_init(&sealed, UPLOAD_STATE_MAX_BYTES);
    u->state.version++;
    upload_state_seal(&u->state, &u->key, &sealed);
    const struct upload_record record = {
        .id = u->state.id,
        .owner_id = ctx->actor->user_id,
        .version = u->state.version,
        .done = u->state.done,
        .draft = u->state.place.token,
        .state = buffer_bytes(&sealed),
    };
    enum err e = buffer_ok(&sealed) ? uploads->put(uploads->self, ctx, &record)
                                    : ctx_log_fail(ctx, ERR_INTERNAL, "upload_state_overflow",
                                                   "header=%zu", u->state.header.n);
    buffer_fini(&sealed);
    u->saved_offset = upload_state_kept_offset(&u->state);
    u->saved_mono_ms = clock_mono_ms();
    u->unsaved = false;
    return e == ERR_CONFLICT ? ERR_UPLOAD_TAKEN_OVER : e;
}

/* --- promises --- */

/* What the frame that begins at skip in plain has of the file. */
static void digest_frame(const struct upload_state *s, size_t skip, size_t length,
                         uint8_t out[DIGEST_SHA256_BYTES])
{
    struct bytes frame = bytes_slice(buffer_bytes(&s->plain), skip, length);
    uint64_t at = s->plaintext_bytes + skip;
    if (at < s->manifest_bytes)
        frame = bytes_slice(frame, (size_t)(s->manifest_bytes - at), SIZE_MAX);
    digest_sha256(frame, out);
}

/* Makes sure that the digests of the first frames of plain, so many bytes, are in the record. */
static enum err promise(struct upload *u, struct ctx *ctx, size_t bytes)
{
    struct upload_state *s = &u->state;
    size_t known = s->promise_count;
    for (size_t i = 0; i * UPLOAD_FRAME_BYTES < bytes; i++) {
        uint8_t digest[DIGEST_SHA256_BYTES];
        size_t at = i * UPLOAD_FRAME_BYTES;
        size_t left = bytes - at;
        digest_frame(s, at, left < UPLOAD_FRAME_BYTES ? left : UPLOAD_FRAME_BYTES, digest);
        if (i < known && memcmp(digest, s->promises[i], sizeof digest) != 0)
            return ERR_UPLOAD_CHANGED;
        if (i < known)
            continue;
        assert(s->promise_count < UPLOAD_PROMISES_MAX && !s->complete);
        memcpy(s->promises[s->promise_count++], digest, sizeof digest);
    }
    return s->promise_count == known && !u->unsaved ? ERR_OK : upload_save(u, ctx);
}

/* Frames of so many bytes in plain are done with: their promises go into the chain. */
static void keep_promises(struct upload_state *s, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t link[2][DIGEST_SHA256_BYTES];
        memcpy(link[0], s->content, sizeof link[0]);
        memcpy(link[1], s->promises[i], sizeof link[1]);
        digest_sha256(bytes_of(link, sizeof link), s->content);
    }
    s->promise_count -= count;
    memmove(s->promises, s->promises[count], s->promise_count * sizeof s->promises[0]);
}

/* --- frames --- */

/* Before the first promise of a request: the token that the draft may get is to be kept with it. */
static enum err open_draft(struct upload *u, struct ctx *ctx)
{
    const struct objects *objects = &u->core->ports->objects;
    struct upload_state *s = &u->state;
    if (s->complete || u->draft != NULL)
        return ERR_OK;
    enum err e = objects->draft_open(objects->self, ctx, &s->place, &u->draft);
    if (e != ERR_OK)
        return e;
    sealer_resume(&u->sealer, s->message_id, &s->data_key, UPLOAD_FRAME_BYTES, s->plaintext_bytes);
    checksum_resume(&u->checksum, s->message_id, &s->checksum);
    buffer_init(&u->frames, (size_t)PIECE_FRAMES * (UPLOAD_FRAME_BYTES + FRAME_FINAL_OVERHEAD));
    return ERR_OK;
}

static enum err write_frames(struct upload *u, struct ctx *ctx)
{
    const struct objects *objects = &u->core->ports->objects;
    checksum_add(&u->checksum, buffer_bytes(&u->frames));
    enum err e = objects->draft_write(u->draft, ctx, buffer_bytes(&u->frames));
    buffer_clear(&u->frames);
    return e;
}

static enum err seal_frames(struct upload *u, struct ctx *ctx, size_t bytes)
{
    const struct objects *objects = &u->core->ports->objects;
    struct upload_state *s = &u->state;
    struct bytes rest = bytes_slice(buffer_bytes(&s->plain), 0, bytes);
    enum err e = ERR_OK;
    while (e == ERR_OK && rest.n > 0) {
        struct bytes piece = bytes_slice(rest, 0, (size_t)PIECE_FRAMES * UPLOAD_FRAME_BYTES);
        e = sealer_push_frames(&u->sealer, piece, &u->frames);
        if (e == ERR_OK)
            e = write_frames(u, ctx);
        rest = bytes_slice(rest, piece.n, SIZE_MAX);
    }
    if (e == ERR_OK)
        e = objects->draft_sync(u->draft, ctx, &s->place);
    if (e == ERR_OK)
        checksum_save(&u->checksum, s->message_id, &s->checksum);
    return e;
}

/* Seals the whole frames that are here, but for one that may be the last. Of a complete letter
 * nothing is sealed any more: that they are the same bytes is all there is to see to. */
static enum err flush(struct upload *u, struct ctx *ctx)
{
    struct upload_state *s = &u->state;
    size_t count = s->plain.n == 0 ? 0 : (s->plain.n - 1) / UPLOAD_FRAME_BYTES;
    size_t bytes = count * UPLOAD_FRAME_BYTES;
    if (count == 0)
        return ERR_OK;
    enum err e = open_draft(u, ctx);
    if (e == ERR_OK)
        e = promise(u, ctx, bytes);
    if (e == ERR_OK && !s->complete)
        e = seal_frames(u, ctx, bytes);
    if (e != ERR_OK)
        return e;
    u->unsaved = !s->complete;
    keep_promises(s, count);
    s->plaintext_bytes += bytes;
    buffer_consume(&s->plain, bytes);
    return ERR_OK;
}

/* Everything is here: seals the last frame. Its promise stays, and so does what the record shows:
 * if the letter is not stored after all, the last bytes come again and are compared. */
static enum err complete(struct upload *u, struct ctx *ctx)
{
    const struct objects *objects = &u->core->ports->objects;
    struct upload_state *s = &u->state;
    enum err e = open_draft(u, ctx);
    if (e == ERR_OK)
        e = promise(u, ctx, s->plain.n);
    if (e != ERR_OK || s->complete)
        return e;
    e = sealer_finish(&u->sealer, buffer_bytes(&s->plain), &u->frames);
    if (e == ERR_OK)
        e = write_frames(u, ctx);
    if (e == ERR_OK)
        e = objects->draft_sync(u->draft, ctx, &s->place);
    if (e != ERR_OK)
        return e;
    checksum_add(&u->checksum, buffer_bytes(&s->header));
    checksum_finish(&u->checksum, s->sealed_sum);
    s->complete = true;
    return upload_save(u, ctx);
}

/* --- the interface --- */

enum err upload_write(struct upload *u, struct ctx *ctx, struct bytes data)
{
    struct upload_state *s = &u->state;
    if (data.n > s->length - upload_state_offset(s))
        return ERR_BODY_TOO_LARGE;
    while (data.n > 0) {
        struct bytes piece = bytes_slice(data, 0, s->plain.max - s->plain.n);
        buffer_append(&s->plain, piece);
        data = bytes_slice(data, piece.n, SIZE_MAX);
        enum err e = s->plain.n == s->plain.max ? flush(u, ctx) : ERR_OK;
        if (e != ERR_OK)
            return e;
    }
    if (upload_state_offset(s) == u->saved_offset ||
        clock_mono_ms() - u->saved_mono_ms < SAVE_INTERVAL_MS)
        return ERR_OK;
    enum err e = flush(u, ctx);
    return e == ERR_OK ? upload_save(u, ctx) : e;
}

enum err upload_settle(struct upload *u, struct ctx *ctx)
{
    struct upload_state *s = &u->state;
    if (s->done)
        return ERR_OK;
    enum err e = flush(u, ctx);
    if (e == ERR_OK && upload_state_is_whole(s))
        e = complete(u, ctx);
    else if (e == ERR_OK && upload_state_offset(s) != u->saved_offset)
        e = upload_save(u, ctx);
    if (e != ERR_OK || !s->complete || !upload_state_is_whole(s))
        return e;
    return upload_deliver(u, ctx);
}
