#include "aws/s3/s3_sweep.h"

#include "aws/client/answers.h"
#include "aws/client/signer.h"
#include "aws/s3/s3_writer.h"
#include "base/clock.h"

#include <stdio.h>
#include <string.h>

#define PAGE_MAX_BYTES (4u << 20)
#define TIME_LEAST_MS 100 /* less than this is not worth another call */

/* A run under way. */
struct run {
    struct aws_client *client;
    struct ctx *ctx;
    const struct s3_sweep_rule *rule;
};

static bool read_key(struct bytes key, struct uuid *id)
{
    struct bytes prefix = BYTES_LIT(S3_PREFIX);
    return bytes_starts_with(key, prefix) && uuid_parse(bytes_slice(key, prefix.n, key.n), id);
}

/* Element name of block as a time; 0 when it is none, and then it is old. */
static int64_t read_time(struct arena *arena, struct bytes block, const char *name)
{
    struct bytes text;
    int64_t unix_ms = 0;
    if (answers_xml_text(arena, block, name, &text))
        (void)clock_from_rfc3339(arena_str(arena, text), &unix_ms);
    return unix_ms;
}

static enum err sweep_object(const struct run *run, struct arena *arena, struct bytes block,
                             char after_key[S3_KEY_BYTES])
{
    struct bytes key;
    struct uuid id;
    bool keep = true;
    char path[S3_PATH_BYTES];
    if (!answers_xml_text(arena, block, "Key", &key) || key.n >= S3_KEY_BYTES)
        return ERR_OK;
    memcpy(after_key, key.p, key.n);
    after_key[key.n] = '\0';
    int64_t written_ms = read_time(arena, block, "LastModified");
    if (!read_key(key, &id) || written_ms == 0 || written_ms >= run->rule->before_unix_ms)
        return ERR_OK;
    enum err e = run->rule->keep(run->rule->arg, &id, &keep);
    if (e != ERR_OK || keep)
        return e;
    s3_path(&id, path);
    e = s3_remove(run->client, run->ctx, path);
    *run->rule->removed += e == ERR_OK;
    return e;
}

/* One page of the list of objects; *more when there are further ones. */
static enum err sweep_page(const struct run *run, struct s3_sweep *sweep, bool *more)
{
    struct s3_call s;
    struct bytes truncated;
    struct bytes block;
    struct buffer query;
    buffer_init(&query, S3_KEY_BYTES * 4);
    buffer_append_str(&query, "list-type=2&max-keys=1000&prefix=" S3_PREFIX);
    if (sweep->after_key[0] != '\0') {
        buffer_append_str(&query, "&start-after=");
        signer_encode(&query, bytes_of_str(sweep->after_key), false);
    }
    s3_call_init(&s, run->ctx, "ListObjectsV2", "GET", "", NULL);
    s.call.query = arena_str(&s.arena, buffer_bytes(&query));
    s.call.answer_max = PAGE_MAX_BYTES;
    buffer_fini(&query);
    enum err e = s3_call_send(&s, run->client);
    if (e == ERR_OK)
        e = s3_call_check(&s);
    struct bytes rest = s.answer.body;
    while (e == ERR_OK && s3_xml_next(&rest, "Contents", &block))
        e = ctx_left_ms(run->ctx) < TIME_LEAST_MS
                ? ERR_DEADLINE
                : sweep_object(run, &s.arena, block, sweep->after_key);
    *more = e == ERR_OK && answers_xml_text(&s.arena, s.answer.body, "IsTruncated", &truncated) &&
            bytes_equal_str(truncated, "true");
    s3_call_fini(&s);
    return e;
}

static enum err sweep_upload(const struct run *run, struct s3_call *list, struct bytes block)
{
    struct bytes key;
    struct bytes upload_id;
    struct uuid id;
    struct buffer query;
    struct s3_call s;
    char path[S3_PATH_BYTES];
    int64_t begun_ms = read_time(&list->arena, block, "Initiated");
    if (!answers_xml_text(&list->arena, block, "Key", &key) || !read_key(key, &id) ||
        !answers_xml_text(&list->arena, block, "UploadId", &upload_id) || begun_ms == 0 ||
        begun_ms >= run->rule->before_unix_ms)
        return ERR_OK;
    s3_path(&id, path);
    buffer_init(&query, 4096);
    buffer_append_str(&query, "uploadId=");
    signer_encode(&query, upload_id, false);
    s3_call_init(&s, run->ctx, "AbortMultipartUpload", "DELETE", path, NULL);
    s.call.query = arena_str(&s.arena, buffer_bytes(&query));
    buffer_fini(&query);
    enum err e = s3_call_send(&s, run->client);
    if (e == ERR_OK && s.answer.status != 404)
        e = s3_call_check(&s);
    *run->rule->removed += e == ERR_OK;
    s3_call_fini(&s);
    return e;
}

/* The first page of unfinished uploads: what is aborted makes room for the next run's. */
static enum err sweep_uploads(const struct run *run)
{
    struct s3_call s;
    struct bytes block;
    s3_call_init(&s, run->ctx, "ListMultipartUploads", "GET", "", "prefix=" S3_PREFIX "&uploads=");
    s.call.answer_max = PAGE_MAX_BYTES;
    enum err e = s3_call_send(&s, run->client);
    if (e == ERR_OK)
        e = s3_call_check(&s);
    struct bytes rest = s.answer.body;
    while (e == ERR_OK && s3_xml_next(&rest, "Upload", &block))
        e = ctx_left_ms(run->ctx) < TIME_LEAST_MS ? ERR_DEADLINE : sweep_upload(run, &s, block);
    s3_call_fini(&s);
    return e;
}

enum err s3_sweep_run(struct s3_sweep *sweep, struct aws_client *client, struct ctx *ctx,
                      const struct s3_sweep_rule *rule)
{
    const struct run run = {client, ctx, rule};
    bool more = true;
    enum err e = ERR_OK;
    while (e == ERR_OK && more)
        e = sweep_page(&run, sweep, &more);
    if (e == ERR_OK) {
        sweep->after_key[0] = '\0';
        e = sweep_uploads(&run);
    }
    return e;
}
