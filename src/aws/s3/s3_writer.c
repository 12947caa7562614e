#include "aws/s3/s3_writer.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/mem.h"

#include <string.h>

#define REMOVAL_TIMEOUT_MS 10000

struct object_writer {
    struct aws_client *client;
    char path[S3_PATH_BYTES];
    char name[UUID_TEXT_BYTES]; /* of this writing, kept with the object */
    int64_t begun_mono_ms;
    uint64_t written;
    struct buffer part; /* what has not been handed over */
    struct s3_upload upload;
    enum err failed; /* the first failure */
    bool in_doubt;   /* the object may have been made, or may yet be */
};

struct object_writer *s3_writer_create(struct aws_client *client, atomic_uint *senders,
                                       const struct uuid *id)
{
    struct object_writer *w = mem_alloc(sizeof *w);
    struct uuid name = uuid_random();
    w->client = client;
    w->begun_mono_ms = clock_mono_ms();
    s3_path(id, w->path);
    uuid_format(&name, w->name);
    buffer_init(&w->part, S3_PART_BYTES_MAX);
    s3_upload_init(&w->upload, client, senders, w->path);
    return w;
}

static void destroy(struct object_writer *w)
{
    s3_upload_fini(&w->upload);
    buffer_fini(&w->part);
    mem_free(w);
}

static bool is_upload(const struct object_writer *w)
{
    return w->upload.id[0] != '\0';
}

/* --- writing --- */

static void hand_over_part(struct object_writer *w, struct ctx *ctx)
{
    if (!is_upload(w))
        w->failed = s3_upload_start(&w->upload, ctx, w->name);
    if (w->failed == ERR_OK)
        w->failed = s3_upload_send(&w->upload, ctx, &w->part);
}

enum err s3_writer_write(struct object_writer *w, struct ctx *ctx, struct bytes data)
{
    while (data.n > 0 && w->failed == ERR_OK) {
        size_t room = s3_upload_part_bytes(w->upload.part_count) - w->part.n;
        struct bytes now = bytes_slice(data, 0, room);
        buffer_append(&w->part, now);
        w->written += now.n;
        data = bytes_slice(data, now.n, data.n);
        /* A part that is full waits for more to come: the last one goes with the commit. */
        if (data.n > 0)
            hand_over_part(w, ctx);
    }
    return w->failed;
}

/* --- what became of it --- */

enum stored { STORED_UNKNOWN, STORED_NOTHING, STORED_BY_OTHER, STORED_BY_US };

/* Asks whether the object is there, and whose. The bytes would not tell: a client that seals its
 * letters itself sends the same ones again when it heard nothing of the first time. */
static enum stored find_stored(const struct object_writer *w, struct ctx *ctx)
{
    enum stored stored = STORED_UNKNOWN;
    struct s3_call s;
    s3_call_init(&s, ctx, "HeadObject", "HEAD", w->path, NULL);
    enum err e = s3_call_send(&s, w->client);
    if (e == ERR_OK && s.answer.status == 404)
        stored = STORED_NOTHING;
    if (e == ERR_OK && s.answer.status == 200) {
        bool ours = strcmp(s.answer.writer, w->name) == 0 && s.answer.object_size == w->written;
        stored = ours ? STORED_BY_US : STORED_BY_OTHER;
    }
    s3_call_fini(&s);
    return stored;
}

/* True when an answer leaves open whether we made the object. 412: there is one, but it may be that
 * of an earlier attempt. 409: another request for it was under way. NoSuchUpload: completed by an
 * earlier attempt, or aborted by a sweep. */
static bool is_in_doubt(const struct aws_answer *answer)
{
    return (answer->status == 412 && answer->repeated) || answer->status == 409 ||
           answer->status >= 500 || strcmp(answer->code, "NoSuchUpload") == 0;
}

/* What the request that makes the object visible came to; sent is what sending it gave. */
static enum err judge(struct object_writer *w, struct ctx *ctx, struct s3_call *s, enum err sent)
{
    if (sent == ERR_OK && !is_in_doubt(&s->answer))
        return s->answer.status == 412 ? ERR_CONFLICT : s3_call_check(s);
    enum stored stored = find_stored(w, ctx);
    if (stored == STORED_BY_US)
        return ERR_OK;
    if (stored == STORED_BY_OTHER)
        return ERR_CONFLICT;
    w->in_doubt = true;
    return sent != ERR_OK ? sent
                          : ctx_log_fail(ctx, ERR_UNAVAILABLE, "s3_not_stored",
                                         "status=%ld code=%s", s->answer.status, s->answer.code);
}

/* --- committing --- */

static enum err put_whole(struct object_writer *w, struct ctx *ctx)
{
    struct s3_call s;
    struct buffer hex;
    struct buffer base64;
    uint8_t digest[DIGEST_SHA256_BYTES];
    digest_sha256(buffer_bytes(&w->part), digest);
    buffer_init(&hex, 2 * sizeof digest);
    buffer_init(&base64, 2 * sizeof digest);
    encode_hex(&hex, bytes_of(digest, sizeof digest));
    encode_base64(&base64, bytes_of(digest, sizeof digest));
    s3_call_init(&s, ctx, "PutObject", "PUT", w->path, NULL);
    s3_call_header(&s, "content-type", S3_MEDIA_TYPE);
    s3_call_header(&s, "if-none-match", "*");
    s3_call_header(&s, S3_WRITER_HEADER, w->name);
    s3_call_header(&s, "x-amz-checksum-sha256", arena_str(&s.arena, buffer_bytes(&base64)));
    s.call.payload_hash = arena_str(&s.arena, buffer_bytes(&hex));
    s.call.body = buffer_bytes(&w->part);
    enum err e = judge(w, ctx, &s, s3_call_send(&s, w->client));
    s3_call_fini(&s);
    buffer_fini(&base64);
    buffer_fini(&hex);
    return e;
}

static enum err complete(struct object_writer *w, struct ctx *ctx)
{
    struct s3_call s;
    enum err e = s3_upload_send(&w->upload, ctx, &w->part);
    s3_upload_wait(&w->upload);
    if (e == ERR_OK)
        e = w->upload.failed;
    if (e != ERR_OK)
        return e;
    if (clock_mono_ms() - w->begun_mono_ms > S3_WRITING_MAX_MS)
        return ERR_DEADLINE;
    e = judge(w, ctx, &s, s3_upload_complete(&w->upload, ctx, &s));
    s3_call_fini(&s);
    return e;
}

/* Leaves nothing at S3, as far as it answers; the sweep takes what stays. Takes the writer. */
static void discard(struct object_writer *w)
{
    struct arena arena;
    struct ctx ctx;
    s3_upload_wait(&w->upload);
    arena_init(&arena);
    ctx_init(&ctx, &arena, REMOVAL_TIMEOUT_MS);
    enum err e = is_upload(w) ? s3_upload_abort(w->client, &ctx, w->path, w->upload.id) : ERR_OK;
    if (e == ERR_OK && w->in_doubt && find_stored(w, &ctx) == STORED_BY_US)
        e = s3_remove(w->client, &ctx, w->path);
    if (e != ERR_OK)
        log_warning("s3_write_left", "error=%s", err_code(e));
    arena_fini(&arena);
    destroy(w);
}

enum err s3_writer_commit(struct object_writer *w, struct ctx *ctx)
{
    enum err e = w->failed;
    if (e == ERR_OK)
        e = is_upload(w) ? complete(w, ctx) : put_whole(w, ctx);
    if (e == ERR_OK)
        destroy(w);
    else
        discard(w);
    return e;
}

void s3_writer_abort(struct object_writer *w)
{
    if (w != NULL)
        discard(w);
}
