#include "aws/s3/s3_draft.h"

#include "base/log.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

#define REFUSAL_MAX_BYTES ((size_t)64 << 10) /* of S3's XML, when there is no such object */

struct object_draft {
    struct aws_client *client;
    struct uuid id;
    char path[S3_PATH_BYTES];
    struct s3_upload upload;
    struct buffer part;  /* what is not in a part yet */
    uint64_t written;    /* of the whole draft */
    uint64_t synced;     /* by the sync before, or as it was opened … */
    uint64_t superseded; /* … and by the one before that, whose tail nobody needs any more */
    char writer[UUID_TEXT_BYTES];
};

struct s3_draft_token s3_draft_token_read(const char *text)
{
    struct s3_draft_token token = {.replaced = 0};
    struct bytes all = bytes_of_str(text);
    size_t space = bytes_find(all, ' ', 0);
    struct bytes id = bytes_slice(all, 0, space);
    if (id.n < sizeof token.upload_id)
        memcpy(token.upload_id, id.p, id.n);
    if (space != SIZE_MAX)
        (void)bytes_to_u64(bytes_slice(all, space + 1, SIZE_MAX), INT64_MAX, &token.replaced);
    return token;
}

static void write_token(const struct object_draft *d, uint64_t replaced,
                        struct object_draft_place *place)
{
    (void)snprintf(place->token, sizeof place->token, "%s %llu", d->upload.id,
                   (unsigned long long)replaced);
}

unsigned s3_draft_parts(uint64_t size, uint64_t *tail_at)
{
    unsigned count = 0;
    *tail_at = 0;
    while (size - *tail_at >= s3_upload_part_bytes(count)) {
        *tail_at += s3_upload_part_bytes(count);
        count++;
    }
    return count;
}

void s3_draft_tail_path(const struct uuid *id, uint64_t size, char out[S3_TAIL_PATH_BYTES])
{
    char path[S3_PATH_BYTES];
    s3_path(id, path);
    (void)snprintf(out, S3_TAIL_PATH_BYTES, "%s.%llu", path, (unsigned long long)size);
}

enum err s3_draft_tail_get(struct aws_client *client, struct ctx *ctx,
                           const struct object_draft_place *place, size_t n, struct buffer *out)
{
    char path[S3_TAIL_PATH_BYTES];
    struct s3_call s;
    if (n == 0)
        return ERR_OK;
    s3_draft_tail_path(&place->id, place->size, path);
    s3_call_init(&s, ctx, "GetObject", "GET", path, NULL);
    s.call.answer_max = n > REFUSAL_MAX_BYTES ? n : REFUSAL_MAX_BYTES;
    enum err e = s3_call_send(&s, client);
    if (e == ERR_OK)
        e = s3_call_take(&s, n, out);
    s3_call_fini(&s);
    return e;
}

/* --- opening --- */

static enum err start(struct object_draft *d, struct ctx *ctx, struct object_draft_place *place)
{
    enum err e = s3_upload_start(&d->upload, ctx, d->writer);
    if (e == ERR_OK)
        write_token(d, 0, place);
    return e;
}

/* Removes the tail of that size, if it had one. One that stays goes with the draft. */
static void remove_tail(struct object_draft *d, struct ctx *ctx, uint64_t size)
{
    char path[S3_TAIL_PATH_BYTES];
    uint64_t tail_at = 0;
    (void)s3_draft_parts(size, &tail_at);
    if (tail_at == size)
        return;
    s3_draft_tail_path(&d->id, size, path);
    enum err e = s3_remove(d->client, ctx, path);
    if (e != ERR_OK)
        log_warning("s3_tail_left", "error=%s", err_code(e));
}

static enum err resume(struct object_draft *d, struct ctx *ctx,
                       const struct object_draft_place *place)
{
    uint64_t tail_at = 0;
    unsigned parts = s3_draft_parts(place->size, &tail_at);
    struct s3_draft_token token = s3_draft_token_read(place->token);
    s3_upload_resume(&d->upload, token.upload_id, parts);
    enum err e =
        s3_draft_tail_get(d->client, ctx, place, (size_t)(place->size - tail_at), &d->part);
    if (e == ERR_OK && token.replaced != place->size)
        remove_tail(d, ctx, token.replaced);
    return e;
}

enum err s3_draft_open(struct aws_client *client, atomic_uint *senders, struct ctx *ctx,
                       struct object_draft_place *place, struct object_draft **out)
{
    struct object_draft *d = mem_alloc(sizeof *d);
    d->client = client;
    d->id = place->id;
    d->written = place->size;
    d->synced = place->size;
    d->superseded = place->size;
    struct uuid writer = uuid_random();
    uuid_format(&writer, d->writer);
    s3_path(&place->id, d->path);
    buffer_init(&d->part, S3_PART_BYTES_MAX);
    s3_upload_init(&d->upload, client, senders, d->path);
    enum err e = place->token[0] == '\0' ? start(d, ctx, place) : resume(d, ctx, place);
    if (e != ERR_OK) {
        s3_draft_close(d);
        return e;
    }
    *out = d;
    return ERR_OK;
}

void s3_draft_close(struct object_draft *d)
{
    if (d == NULL)
        return;
    s3_upload_fini(&d->upload);
    buffer_fini(&d->part);
    mem_free(d);
}

/* --- writing --- */

enum err s3_draft_write(struct object_draft *d, struct ctx *ctx, struct bytes data)
{
    enum err e = ERR_OK;
    while (data.n > 0 && e == ERR_OK) {
        size_t part_bytes = s3_upload_part_bytes(d->upload.part_count);
        struct bytes now = bytes_slice(data, 0, part_bytes - d->part.n);
        buffer_append(&d->part, now);
        d->written += now.n;
        data = bytes_slice(data, now.n, data.n);
        if (d->part.n == part_bytes)
            e = s3_upload_send(&d->upload, ctx, &d->part);
    }
    return e;
}

static enum err put_tail(struct object_draft *d, struct ctx *ctx)
{
    char path[S3_TAIL_PATH_BYTES];
    struct s3_call s;
    if (d->part.n == 0)
        return ERR_OK;
    s3_draft_tail_path(&d->id, d->written, path);
    s3_call_init(&s, ctx, "PutObject", "PUT", path, NULL);
    s3_call_header(&s, "content-type", S3_MEDIA_TYPE);
    s.call.body = buffer_bytes(&d->part);
    enum err e = s3_call_send(&s, d->client);
    if (e == ERR_OK)
        e = s3_call_check(&s);
    s3_call_fini(&s);
    return e;
}

enum err s3_draft_sync(struct object_draft *d, struct ctx *ctx, struct object_draft_place *place)
{
    s3_upload_wait(&d->upload);
    enum err e = d->upload.failed;
    if (e == ERR_OK)
        e = put_tail(d, ctx);
    if (e != ERR_OK)
        return e;
    /* The owner has kept the place of the last sync before writing on: what waited before that one
     * is of no use. */
    if (d->superseded != d->synced)
        remove_tail(d, ctx, d->superseded);
    d->superseded = d->synced;
    d->synced = d->written;
    place->size = d->written;
    write_token(d, d->superseded, place);
    return ERR_OK;
}
