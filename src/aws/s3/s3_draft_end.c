#include "aws/s3/s3_draft.h"

#include "aws/client/answers.h"
#include "aws/s3/s3_list.h"
#include "base/log.h"

#define LIST_MAX_BYTES (4u << 20)
#define COMPLETION_MAX_BYTES (2u << 20)

struct ending {
    struct aws_client *client;
    struct ctx *ctx;
    const struct object_draft_place *place;
    char path[S3_PATH_BYTES];
    struct s3_draft_token token;
    unsigned part_count; /* the last one, of what waited, included */
    struct buffer completion;
};

/* --- the object --- */

/* ERR_OK when the object is there, whole; ERR_NOT_FOUND. */
static enum err check_object(const struct ending *d)
{
    struct s3_call s;
    s3_call_init(&s, d->ctx, "HeadObject", "HEAD", d->path, NULL);
    enum err e = s3_call_send(&s, d->client);
    if (e == ERR_OK && s.answer.status == 404)
        e = ERR_NOT_FOUND;
    else if (e == ERR_OK)
        e = s3_call_check(&s);
    if (e == ERR_OK && s.answer.object_size != d->place->size)
        e = ERR_NOT_FOUND;
    s3_call_fini(&s);
    return e;
}

/* What waited is the last part. */
static enum err send_tail(struct ending *d)
{
    uint64_t tail_at = 0;
    struct s3_call s;
    struct buffer tail;
    d->part_count = s3_draft_parts(d->place->size, &tail_at);
    if (tail_at == d->place->size)
        return ERR_OK;
    d->part_count++;
    buffer_init(&tail, S3_PART_BYTES_MAX);
    enum err e =
        s3_draft_tail_get(d->client, d->ctx, d->place, (size_t)(d->place->size - tail_at), &tail);
    s3_call_init(&s, d->ctx, "UploadPart", "PUT", d->path, NULL);
    s.call.query =
        arena_printf(&s.arena, "partNumber=%u&uploadId=%s", d->part_count, d->token.upload_id);
    s.call.body = buffer_bytes(&tail);
    if (e == ERR_OK)
        e = s3_call_send(&s, d->client);
    if (e == ERR_OK)
        e = s.answer.status == 404 ? ERR_NOT_FOUND : s3_call_check(&s);
    s3_call_fini(&s);
    buffer_fini(&tail);
    return e;
}

/* --- the parts --- */

static uint64_t part_size(const struct ending *d, unsigned index)
{
    uint64_t at = 0;
    for (unsigned i = 0; i < index; i++)
        at += s3_upload_part_bytes(i);
    uint64_t left = d->place->size - at;
    return left < s3_upload_part_bytes(index) ? left : s3_upload_part_bytes(index);
}

/* Adds one listed part, which must be the next and of the size that follows from its number. */
static enum err add_part(struct ending *d, struct s3_call *s, struct bytes block, unsigned *next)
{
    struct bytes number;
    struct bytes size;
    struct bytes etag;
    uint64_t n = 0;
    uint64_t bytes = 0;
    bool read = answers_xml_text(&s->arena, block, "PartNumber", &number) &&
                answers_xml_text(&s->arena, block, "Size", &size) &&
                answers_xml_text(&s->arena, block, "ETag", &etag) &&
                bytes_to_u64(number, S3_PARTS_MAX, &n) && bytes_to_u64(size, INT64_MAX, &bytes);
    if (!read || n != *next || n > d->part_count || bytes != part_size(d, (unsigned)n - 1) ||
        bytes_find(etag, '<', 0) != SIZE_MAX || bytes_find(etag, '&', 0) != SIZE_MAX)
        return ctx_log_fail(d->ctx, ERR_INTERNAL, "s3_draft_part", "number=%u", *next);
    buffer_printf(&d->completion, "<Part><PartNumber>%u</PartNumber><ETag>%.*s</ETag></Part>",
                  *next, BYTES_FMT(etag));
    ++*next;
    return ERR_OK;
}

static enum err list_page(struct ending *d, unsigned *next, bool *more)
{
    struct s3_call s;
    struct bytes block;
    s3_call_init(&s, d->ctx, "ListParts", "GET", d->path, NULL);
    s.call.query = arena_printf(&s.arena, "max-parts=1000&part-number-marker=%u&uploadId=%s",
                                *next - 1, d->token.upload_id);
    s.call.answer_max = LIST_MAX_BYTES;
    enum err e = s3_call_send(&s, d->client);
    if (e == ERR_OK)
        e = s.answer.status == 404 ? ERR_NOT_FOUND : s3_call_check(&s);
    struct bytes rest = s.answer.body;
    while (e == ERR_OK && s3_list_block(&rest, "Part", &block))
        e = add_part(d, &s, block, next);
    *more = e == ERR_OK && s3_list_is_truncated(&s.arena, s.answer.body);
    s3_call_fini(&s);
    return e;
}

static enum err list_parts(struct ending *d)
{
    unsigned next = 1;
    bool more = true;
    enum err e = ERR_OK;
    buffer_append_str(&d->completion, "<CompleteMultipartUpload>");
    while (e == ERR_OK && more)
        e = list_page(d, &next, &more);
    buffer_append_str(&d->completion, "</CompleteMultipartUpload>");
    if (e == ERR_OK && next != d->part_count + 1)
        e = ERR_NOT_FOUND;
    return e;
}

/* What the answer leaves open, the object itself tells: two servers may be at it. */
static enum err complete(struct ending *d)
{
    struct s3_call s;
    s3_call_init(&s, d->ctx, "CompleteMultipartUpload", "POST", d->path, NULL);
    s.call.query = arena_printf(&s.arena, "uploadId=%s", d->token.upload_id);
    s3_call_header(&s, "content-type", "application/xml");
    s3_call_header(&s, "if-none-match", "*");
    s.call.body = buffer_bytes(&d->completion);
    enum err e = s3_call_send(&s, d->client);
    bool clear = e == ERR_OK && s.answer.status == 200;
    if (!clear && check_object(d) == ERR_OK)
        e = ERR_OK;
    else if (e == ERR_OK)
        e = s3_call_check(&s);
    s3_call_fini(&s);
    return e;
}

/* --- tails --- */

static enum err remove_listed(struct ending *d, struct s3_call *s)
{
    struct bytes rest = s->answer.body;
    struct s3_entry entry;
    enum err e = ERR_OK;
    while (e == ERR_OK && s3_list_next(&s->arena, &rest, "Contents", &entry)) {
        if (entry.key[0] != '\0')
            e = s3_remove(d->client, d->ctx, arena_printf(&s->arena, "/%s", entry.key));
    }
    return e;
}

/* What is left of more than a page of them, the sweep takes. */
static enum err remove_tails(struct ending *d)
{
    struct s3_call s;
    char id[UUID_TEXT_BYTES];
    uuid_format(&d->place->id, id);
    s3_call_init(&s, d->ctx, "ListObjectsV2", "GET", "", NULL);
    s.call.query =
        arena_printf(&s.arena, "list-type=2&max-keys=1000&prefix=%s%s.", S3_PREFIX_ENCODED, id);
    s.call.answer_max = LIST_MAX_BYTES;
    enum err e = s3_call_send(&s, d->client);
    if (e == ERR_OK)
        e = s3_call_check(&s);
    if (e == ERR_OK)
        e = remove_listed(d, &s);
    s3_call_fini(&s);
    return e;
}

/* --- the interface --- */

static struct ending begin(struct aws_client *client, struct ctx *ctx,
                           const struct object_draft_place *place)
{
    struct ending d = {
        .client = client, .ctx = ctx, .place = place, .token = s3_draft_token_read(place->token)};
    s3_path(&place->id, d.path);
    buffer_init(&d.completion, COMPLETION_MAX_BYTES);
    return d;
}

enum err s3_draft_commit(struct aws_client *client, struct ctx *ctx,
                         const struct object_draft_place *place)
{
    struct ending d = begin(client, ctx, place);
    enum err e = send_tail(&d);
    if (e == ERR_OK)
        e = list_parts(&d);
    if (e == ERR_OK)
        e = complete(&d);
    else if (e == ERR_NOT_FOUND)
        e = check_object(&d);
    if (e == ERR_OK) {
        enum err left = remove_tails(&d);
        if (left != ERR_OK)
            log_warning("s3_tail_left", "error=%s", err_code(left));
    }
    buffer_fini(&d.completion);
    return e;
}

enum err s3_draft_remove(struct aws_client *client, struct ctx *ctx,
                         const struct object_draft_place *place)
{
    struct ending d = begin(client, ctx, place);
    enum err e = ERR_OK;
    if (d.token.upload_id[0] != '\0')
        e = s3_upload_abort(client, ctx, d.path, d.token.upload_id);
    if (e == ERR_OK)
        e = remove_tails(&d);
    buffer_fini(&d.completion);
    return e;
}
