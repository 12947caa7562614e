#include "aws/s3/s3_objects.h"

#include "aws/s3/s3_draft.h"
#include "aws/s3/s3_reader.h"
#include "aws/s3/s3_sweep.h"
#include "aws/s3/s3_writer.h"
#include "base/mem.h"

/* What one write brings; parts are gathered from several. */
#define CHUNK_BYTES (256u << 10)

struct s3_objects {
    struct aws_client *client;
    atomic_uint senders; /* threads that send parts */
    struct s3_sweep sweep;
};

struct s3_objects *s3_objects_create(struct aws_client *client)
{
    struct s3_objects *objects = mem_alloc(sizeof *objects);
    objects->client = client;
    return objects;
}

void s3_objects_destroy(struct s3_objects *objects)
{
    mem_free(objects);
}

static enum err begin(void *self, struct ctx *ctx, const struct uuid *id,
                      struct object_writer **out)
{
    struct s3_objects *objects = self;
    (void)ctx;
    *out = s3_writer_create(objects->client, &objects->senders, id);
    return ERR_OK;
}

static enum err open_object(void *self, struct ctx *ctx, const struct uuid *id,
                            struct object_reader **out, uint64_t *size)
{
    struct s3_objects *objects = self;
    return s3_reader_open(objects->client, ctx, id, out, size);
}

static enum err remove_object(void *self, struct ctx *ctx, const struct uuid *id)
{
    struct s3_objects *objects = self;
    char path[S3_PATH_BYTES];
    s3_path(id, path);
    return s3_remove(objects->client, ctx, path);
}

static enum err link_object(void *self, struct ctx *ctx, const struct uuid *id, int64_t expires_s,
                            struct buffer *url)
{
    struct s3_objects *objects = self;
    char path[S3_PATH_BYTES];
    s3_path(id, path);
    return aws_client_presign(objects->client, ctx, "GET", path, "", expires_s, url);
}

static enum err draft_open(void *self, struct ctx *ctx, struct object_draft_place *place,
                           struct object_draft **out)
{
    struct s3_objects *objects = self;
    return s3_draft_open(objects->client, &objects->senders, ctx, place, out);
}

static enum err draft_commit(void *self, struct ctx *ctx, const struct object_draft_place *place)
{
    struct s3_objects *objects = self;
    return s3_draft_commit(objects->client, ctx, place);
}

static enum err draft_remove(void *self, struct ctx *ctx, const struct object_draft_place *place)
{
    struct s3_objects *objects = self;
    return s3_draft_remove(objects->client, ctx, place);
}

static enum err sweep(void *self, struct ctx *ctx, int64_t before_unix_ms,
                      enum err (*keep)(void *arg, const struct uuid *id, bool *keep), void *arg,
                      size_t *removed)
{
    struct s3_objects *objects = self;
    const struct s3_sweep_rule rule = {
        .before_unix_ms = before_unix_ms, .keep = keep, .arg = arg, .removed = removed};
    *removed = 0;
    return s3_sweep_run(&objects->sweep, objects->client, ctx, &rule);
}

struct objects s3_objects_port(struct s3_objects *objects)
{
    return (struct objects){
        .self = objects,
        .chunk_bytes = CHUNK_BYTES,
        .begin = begin,
        .write = s3_writer_write,
        .commit = s3_writer_commit,
        .abort = s3_writer_abort,
        .draft_open = draft_open,
        .draft_write = s3_draft_write,
        .draft_sync = s3_draft_sync,
        .draft_close = s3_draft_close,
        .draft_commit = draft_commit,
        .draft_remove = draft_remove,
        .open = open_object,
        .read = s3_reader_read,
        .close = s3_reader_close,
        .link = link_object,
        .remove = remove_object,
        .sweep = sweep,
    };
}
