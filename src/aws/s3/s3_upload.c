#include "aws/s3/s3_upload.h"

#include "aws/client/answers.h"
#include "aws/client/signer.h"

#include <stdio.h>
#include <string.h>

#define PARTS_PER_SIZE 1000u
#define COMPLETION_MAX_BYTES (2u << 20) /* 10,000 parts of 120 bytes at most, and more to spare */
#define COMPLETION_START "<CompleteMultipartUpload>"
#define COMPLETION_END "</CompleteMultipartUpload>"

size_t s3_upload_part_bytes(unsigned index)
{
    size_t size = S3_PART_BYTES;
    for (; index >= PARTS_PER_SIZE && size < S3_PART_BYTES_MAX; index -= PARTS_PER_SIZE)
        size *= 2;
    return size;
}

void s3_upload_init(struct s3_upload *u, struct aws_client *client, atomic_uint *senders,
                    const char *path)
{
    *u = (struct s3_upload){.client = client, .senders = senders, .path = path};
    buffer_init(&u->completion, COMPLETION_MAX_BYTES);
    buffer_init(&u->sending, S3_PART_BYTES_MAX);
}

void s3_upload_fini(struct s3_upload *u)
{
    s3_upload_wait(u);
    buffer_fini(&u->completion);
    buffer_fini(&u->sending);
}

static enum err take_id(struct s3_upload *u, struct s3_call *s)
{
    struct bytes id;
    struct buffer text;
    buffer_init(&text, S3_UPLOAD_ID_BYTES - 1);
    if (answers_xml_text(&s->arena, s->answer.body, "UploadId", &id))
        signer_encode(&text, id, false);
    enum err e = ERR_OK;
    if (text.n == 0 || !buffer_ok(&text))
        e = ctx_log_fail(&s->ctx, ERR_UNAVAILABLE, "s3_upload_id", "bytes=%zu", text.n);
    else
        memcpy(u->id, text.p, text.n);
    buffer_fini(&text);
    return e;
}

enum err s3_upload_start(struct s3_upload *u, struct ctx *ctx, const char *writer)
{
    struct s3_call s;
    s3_call_init(&s, ctx, "CreateMultipartUpload", "POST", u->path, "uploads=");
    s3_call_header(&s, "content-type", S3_MEDIA_TYPE);
    s3_call_header(&s, S3_WRITER_HEADER, writer);
    enum err e = s3_call_send(&s, u->client);
    if (e == ERR_OK)
        e = s3_call_check(&s);
    if (e == ERR_OK)
        e = take_id(u, &s);
    s3_call_fini(&s);
    buffer_append_str(&u->completion, COMPLETION_START);
    return e;
}

void s3_upload_resume(struct s3_upload *u, const char *id, unsigned part_count)
{
    (void)snprintf(u->id, sizeof u->id, "%s", id);
    u->part_count = part_count;
}

/* --- parts --- */

/* The ETag is sent back as it came, quotes and all; one that would need more care in XML is not
 * S3's. */
static enum err note_part(struct s3_upload *u, struct s3_call *s)
{
    const char *etag = s->answer.etag;
    if (etag[0] == '\0' || strpbrk(etag, "<>&") != NULL)
        return ctx_log_fail(&s->ctx, ERR_UNAVAILABLE, "s3_part_etag", "part=%u", u->part_count);
    buffer_printf(&u->completion, "<Part><PartNumber>%u</PartNumber><ETag>%s</ETag></Part>",
                  u->part_count, etag);
    return ERR_OK;
}

/* A part that is sent twice replaces itself. */
static enum err send_part(struct s3_upload *u)
{
    struct s3_call s;
    s3_call_init(&s, &u->ctx, "UploadPart", "PUT", u->path, NULL);
    s.call.query = arena_printf(&s.arena, "partNumber=%u&uploadId=%s", u->part_count, u->id);
    s.call.body = buffer_bytes(&u->sending);
    enum err e = s3_call_send(&s, u->client);
    if (e == ERR_OK)
        e = s3_call_check(&s);
    if (e == ERR_OK)
        e = note_part(u, &s);
    s3_call_fini(&s);
    return e;
}

static void run_sender(void *arg)
{
    struct s3_upload *u = arg;
    u->failed = send_part(u);
    atomic_fetch_sub(u->senders, 1);
}

void s3_upload_wait(struct s3_upload *u)
{
    thread_join(&u->thread);
}

enum err s3_upload_send(struct s3_upload *u, struct ctx *ctx, struct buffer *part)
{
    s3_upload_wait(u);
    if (u->failed != ERR_OK)
        return u->failed;
    if (u->part_count == S3_PARTS_MAX)
        return ERR_LETTER_TOO_LARGE;
    struct buffer empty = u->sending;
    u->sending = *part;
    *part = empty;
    buffer_clear(part);
    u->part_count++;
    u->ctx = *ctx;
    u->ctx.arena = NULL;
    if (atomic_fetch_add(u->senders, 1) < S3_SENDERS_MAX) {
        thread_start(&u->thread, "s3-part", run_sender, u);
        return ERR_OK;
    }
    run_sender(u);
    return u->failed;
}

/* --- the end --- */

enum err s3_upload_complete(struct s3_upload *u, struct ctx *ctx, struct s3_call *s)
{
    buffer_append_str(&u->completion, COMPLETION_END);
    s3_call_init(s, ctx, "CompleteMultipartUpload", "POST", u->path, NULL);
    s->call.query = arena_printf(&s->arena, "uploadId=%s", u->id);
    s3_call_header(s, "content-type", "application/xml");
    s3_call_header(s, "if-none-match", "*");
    s->call.body = buffer_bytes(&u->completion);
    if (!buffer_ok(&u->completion))
        return ctx_log_fail(ctx, ERR_INTERNAL, "s3_completion", "parts=%u", u->part_count);
    return s3_call_send(s, u->client);
}

enum err s3_upload_abort(struct aws_client *client, struct ctx *ctx, const char *path,
                         const char *id)
{
    struct s3_call s;
    s3_call_init(&s, ctx, "AbortMultipartUpload", "DELETE", path, NULL);
    s.call.query = arena_printf(&s.arena, "uploadId=%s", id);
    enum err e = s3_call_send(&s, client);
    if (e == ERR_OK && s.answer.status != 404)
        e = s3_call_check(&s);
    s3_call_fini(&s);
    return e;
}
