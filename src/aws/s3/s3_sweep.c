#include "aws/s3/s3_sweep.h"

#include "aws/client/signer.h"
#include "aws/s3/s3_writer.h"

#include <stdio.h>
#include <string.h>

#define QUERY_MAX_BYTES 512u

#define PAGE_MAX_BYTES (4u << 20)
#define TIME_LEAST_MS 100 /* less than this is not worth another call */

/* A run under way. */
struct run {
    struct aws_client *client;
    struct ctx *ctx;
    const struct s3_sweep_rule *rule;
};

static bool is_old(const struct run *run, const struct s3_entry *entry)
{
    /* S3 dates what was uploaded in parts by the start of the upload: its letter may be on the way
     * to its record only now. */
    bool in_parts = entry->upload_id[0] != '\0' || entry->size > S3_PART_BYTES || entry->is_tail;
    int64_t written_by_ms = entry->unix_ms;
    if (in_parts && written_by_ms < INT64_MAX - S3_WRITING_MAX_MS)
        written_by_ms += S3_WRITING_MAX_MS;
    return (entry->is_letter || entry->is_tail) && written_by_ms < run->rule->before_unix_ms;
}

static enum err sweep_object(const struct run *run, const struct s3_entry *entry)
{
    bool keep = true;
    char path[1 + S3_KEY_BYTES];
    if (!is_old(run, entry))
        return ERR_OK;
    /* A tail is of no use to anyone once its draft has reached the age of the oldest. */
    enum err e = entry->is_tail ? ERR_OK : run->rule->keep(run->rule->arg, &entry->id, &keep);
    if (e != ERR_OK || (keep && !entry->is_tail))
        return e;
    (void)snprintf(path, sizeof path, "/%s", entry->key);
    e = s3_remove(run->client, run->ctx, path);
    *run->rule->removed += e == ERR_OK;
    return e;
}

static enum err sweep_upload(const struct run *run, const struct s3_entry *entry)
{
    struct buffer upload_id;
    char path[S3_PATH_BYTES];
    if (!is_old(run, entry))
        return ERR_OK;
    s3_path(&entry->id, path);
    buffer_init(&upload_id, S3_UPLOAD_ID_BYTES);
    signer_encode(&upload_id, bytes_of_str(entry->upload_id), false);
    buffer_append_u8(&upload_id, '\0');
    enum err e = buffer_ok(&upload_id)
                     ? s3_upload_abort(run->client, run->ctx, path, (const char *)upload_id.p)
                     : ERR_OK;
    *run->rule->removed += e == ERR_OK;
    buffer_fini(&upload_id);
    return e;
}

/* Gets a list and sweeps what is in it; *last is the key of the last entry that is done with. */
static enum err sweep_list(const struct run *run, const char *operation, const char *query,
                           char last[S3_KEY_BYTES], bool *more)
{
    struct s3_call s;
    struct s3_entry entry;
    bool objects = strcmp(operation, "ListObjectsV2") == 0;
    s3_call_init(&s, run->ctx, operation, "GET", "", query);
    s.call.answer_max = PAGE_MAX_BYTES;
    enum err e = s3_call_send(&s, run->client);
    if (e == ERR_OK)
        e = s3_call_check(&s);
    struct bytes rest = s.answer.body;
    while (e == ERR_OK && s3_list_next(&s.arena, &rest, objects ? "Contents" : "Upload", &entry)) {
        if (ctx_left_ms(run->ctx) < TIME_LEAST_MS)
            e = ERR_DEADLINE;
        else
            e = objects ? sweep_object(run, &entry) : sweep_upload(run, &entry);
        if (e == ERR_OK && entry.key[0] != '\0')
            memcpy(last, entry.key, S3_KEY_BYTES);
    }
    *more = e == ERR_OK && s3_list_is_truncated(&s.arena, s.answer.body);
    s3_call_fini(&s);
    return e;
}

static enum err sweep_objects(const struct run *run, char last[S3_KEY_BYTES])
{
    enum err e = ERR_OK;
    bool more = true;
    while (e == ERR_OK && more) {
        struct buffer query;
        buffer_init(&query, QUERY_MAX_BYTES);
        buffer_append_str(&query, "list-type=2&max-keys=1000&prefix=" S3_PREFIX_ENCODED);
        if (last[0] != '\0') {
            buffer_append_str(&query, "&start-after=");
            signer_encode(&query, bytes_of_str(last), false);
        }
        buffer_append_u8(&query, '\0');
        e = sweep_list(run, "ListObjectsV2", (const char *)query.p, last, &more);
        buffer_fini(&query);
    }
    return e;
}

/* The list is in the order of keys, which for letters is that of time: when all of its first page
 * are young, so are those of the others. */
static enum err sweep_uploads(const struct run *run)
{
    char last[S3_KEY_BYTES];
    bool more;
    return sweep_list(run, "ListMultipartUploads", "prefix=" S3_PREFIX_ENCODED "&uploads=", last,
                      &more);
}

enum err s3_sweep_run(struct s3_sweep *sweep, struct aws_client *client, struct ctx *ctx,
                      const struct s3_sweep_rule *rule)
{
    const struct run run = {client, ctx, rule};
    enum err e = sweep_objects(&run, sweep->after_key);
    if (e != ERR_OK)
        return e;
    sweep->after_key[0] = '\0';
    return sweep_uploads(&run);
}
