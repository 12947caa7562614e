#include "aws/s3/s3_writer.h"

#include "aws/client/answers.h"
#include "aws/client/signer.h"
#include "base/log.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

/* S3 takes 10,000 parts of 5 MiB to 5 GiB. Parts of 8 MiB that double after every 1,000 hold 5 GiB
 * in 640 of them, and far more than anyone's largest letter in all. */
#define PART_BYTES (8u << 20)
#define PARTS_PER_SIZE 1000u
#define PART_DOUBLINGS_MAX 5u
#define PARTS_MAX 10000u
#define ETAG_BYTES 64u
#define UPLOAD_ID_BYTES 1024u
#define COMPLETE_MAX_BYTES (2u << 20)
#define ABORT_TIMEOUT_MS 10000

struct object_writer {
    struct aws_client *client;
    char path[S3_PATH_BYTES];
    char upload_id[UPLOAD_ID_BYTES]; /* percent-encoded; "" before the first part */
    struct buffer part;              /* what has not been sent */
    unsigned part_count;             /* sent */
    char (*etags)[ETAG_BYTES];       /* of the parts sent */
    uint64_t written;
};

static size_t part_size(unsigned index)
{
    unsigned doublings = index / PARTS_PER_SIZE;
    return (size_t)PART_BYTES << (doublings < PART_DOUBLINGS_MAX ? doublings : PART_DOUBLINGS_MAX);
}

struct object_writer *s3_writer_create(struct aws_client *client, const struct uuid *id)
{
    struct object_writer *w = mem_alloc(sizeof *w);
    w->client = client;
    s3_path(id, w->path);
    buffer_init(&w->part, part_size(PARTS_MAX));
    return w;
}

static void destroy(struct object_writer *w)
{
    buffer_fini(&w->part);
    mem_free(w->etags);
    mem_free(w);
}

/* --- parts --- */

static enum err start_upload(struct object_writer *w, struct ctx *ctx)
{
    struct s3_call s;
    struct bytes id;
    s3_call_init(&s, ctx, "CreateMultipartUpload", "POST", w->path, "uploads=");
    s3_call_header(&s, "content-type", "application/octet-stream");
    enum err e = s3_call_send(&s, w->client);
    if (e == ERR_OK)
        e = s3_call_check(&s);
    if (e == ERR_OK) {
        struct buffer text;
        buffer_init(&text, UPLOAD_ID_BYTES - 1);
        if (answers_xml_text(&s.arena, s.answer.body, "UploadId", &id))
            signer_encode(&text, id, false);
        if (text.n == 0 || !buffer_ok(&text))
            e = ctx_log_fail(ctx, ERR_UNAVAILABLE, "s3_upload_id", "%s", "what=missing");
        else
            memcpy(w->upload_id, text.p, text.n);
        buffer_fini(&text);
    }
    s3_call_fini(&s);
    return e;
}

/* Sends what is buffered as the next part. A part that is sent twice replaces itself. */
static enum err send_part(struct object_writer *w, struct ctx *ctx)
{
    struct s3_call s;
    if (w->part_count == PARTS_MAX)
        return ERR_LETTER_TOO_LARGE;
    enum err e = w->upload_id[0] == '\0' ? start_upload(w, ctx) : ERR_OK;
    if (e != ERR_OK)
        return e;
    if (w->etags == NULL)
        w->etags = mem_alloc(PARTS_MAX * sizeof *w->etags);
    s3_call_init(&s, ctx, "UploadPart", "PUT", w->path, NULL);
    s.call.query =
        arena_printf(&s.arena, "partNumber=%u&uploadId=%s", w->part_count + 1, w->upload_id);
    s.call.body = buffer_bytes(&w->part);
    e = s3_call_send(&s, w->client);
    if (e == ERR_OK)
        e = s3_call_check(&s);
    if (e == ERR_OK && (s.answer.etag[0] == '\0' || strlen(s.answer.etag) >= ETAG_BYTES))
        e = ctx_log_fail(ctx, ERR_UNAVAILABLE, "s3_part_etag", "%s", "what=missing");
    if (e == ERR_OK) {
        (void)snprintf(w->etags[w->part_count++], ETAG_BYTES, "%s", s.answer.etag);
        buffer_clear(&w->part);
    }
    s3_call_fini(&s);
    return e;
}

enum err s3_writer_write(struct object_writer *w, struct ctx *ctx, struct bytes data)
{
    while (data.n > 0) {
        size_t room = part_size(w->part_count) - w->part.n;
        struct bytes now = bytes_slice(data, 0, room);
        buffer_append(&w->part, now);
        w->written += now.n;
        data = bytes_slice(data, now.n, data.n);
        /* The last part waits for commit: a full one is sent when more comes. */
        if (data.n > 0) {
            enum err e = send_part(w, ctx);
            if (e != ERR_OK)
                return e;
        }
    }
    return ERR_OK;
}

/* --- committing --- */

/* Is there an object of just this size? Asked when an earlier attempt may have made it. */
static enum err check_stored(struct object_writer *w, struct ctx *ctx)
{
    struct s3_call s;
    s3_call_init(&s, ctx, "HeadObject", "HEAD", w->path, NULL);
    enum err e = s3_call_send(&s, w->client);
    if (e == ERR_OK && (s.answer.status != 200 || s.answer.object_size != w->written))
        e = ERR_CONFLICT;
    s3_call_fini(&s);
    return e;
}

/* What the answer to the request that makes the object visible means. */
static enum err judge(struct object_writer *w, struct ctx *ctx, struct s3_call *s)
{
    bool exists = s->answer.status == 412 || s->answer.status == 409;
    bool gone = strcmp(s->answer.code, "NoSuchUpload") == 0; /* completed before, or aborted */
    if ((exists || gone) && s->answer.repeated)
        return check_stored(w, ctx);
    return exists ? ERR_CONFLICT : s3_call_check(s);
}

static enum err put_whole(struct object_writer *w, struct ctx *ctx)
{
    struct s3_call s;
    s3_call_init(&s, ctx, "PutObject", "PUT", w->path, NULL);
    s3_call_header(&s, "content-type", "application/octet-stream");
    s3_call_header(&s, "if-none-match", "*");
    s.call.body = buffer_bytes(&w->part);
    enum err e = s3_call_send(&s, w->client);
    if (e == ERR_OK)
        e = judge(w, ctx, &s);
    s3_call_fini(&s);
    return e;
}

static enum err complete(struct object_writer *w, struct ctx *ctx)
{
    struct s3_call s;
    struct buffer body;
    buffer_init(&body, COMPLETE_MAX_BYTES);
    buffer_append_str(&body, "<CompleteMultipartUpload>");
    for (unsigned i = 0; i < w->part_count; i++)
        buffer_printf(&body, "<Part><PartNumber>%u</PartNumber><ETag>%s</ETag></Part>", i + 1,
                      w->etags[i]);
    buffer_append_str(&body, "</CompleteMultipartUpload>");
    s3_call_init(&s, ctx, "CompleteMultipartUpload", "POST", w->path, NULL);
    s.call.query = arena_printf(&s.arena, "uploadId=%s", w->upload_id);
    s3_call_header(&s, "content-type", "application/xml");
    s3_call_header(&s, "if-none-match", "*");
    s.call.body = buffer_bytes(&body);
    enum err e = s3_call_send(&s, w->client);
    if (e == ERR_OK)
        e = judge(w, ctx, &s);
    s3_call_fini(&s);
    buffer_fini(&body);
    return e;
}

/* On failure nothing stays: an upload is aborted here; a PUT whose outcome nobody knows is left to
 * the sweep, which knows whether a letter refers to it. */
enum err s3_writer_commit(struct object_writer *w, struct ctx *ctx)
{
    enum err e;
    if (w->upload_id[0] == '\0') {
        e = put_whole(w, ctx);
    } else {
        e = w->part.n > 0 ? send_part(w, ctx) : ERR_OK;
        if (e == ERR_OK)
            e = complete(w, ctx);
    }
    if (e != ERR_OK) {
        s3_writer_abort(w);
        return e;
    }
    destroy(w);
    return ERR_OK;
}

void s3_writer_abort(struct object_writer *w)
{
    if (w == NULL)
        return;
    if (w->upload_id[0] != '\0') {
        struct arena arena;
        struct ctx ctx;
        struct s3_call s;
        arena_init(&arena);
        ctx_init(&ctx, &arena, ABORT_TIMEOUT_MS);
        s3_call_init(&s, &ctx, "AbortMultipartUpload", "DELETE", w->path, NULL);
        s.call.query = arena_printf(&s.arena, "uploadId=%s", w->upload_id);
        if (s3_call_send(&s, w->client) == ERR_OK && s.answer.status != 404 &&
            s3_call_check(&s) != ERR_OK)
            log_warning("s3_upload_left", "what=\"the sweep takes it\"");
        s3_call_fini(&s);
        arena_fini(&arena);
    }
    destroy(w);
}

enum err s3_remove(struct aws_client *client, struct ctx *ctx, const char *path)
{
    struct s3_call s;
    s3_call_init(&s, ctx, "DeleteObject", "DELETE", path, NULL);
    enum err e = s3_call_send(&s, client);
    if (e == ERR_OK && s.answer.status != 404)
        e = s3_call_check(&s);
    s3_call_fini(&s);
    return e;
}
