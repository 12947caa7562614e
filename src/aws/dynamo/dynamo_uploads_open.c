#include "aws/dynamo/dynamo_call.h"
#include "aws/dynamo/dynamo_item.h"
#include "aws/dynamo/dynamo_schema.h"
#include "aws/dynamo/dynamo_uploads.h"
#include "base/log.h"

#define MS_PER_S 1000
/* Other requests of the same user change the list, too. */
#define ENTER_TRIES 8u

static const char *table_of(struct aws_client *client)
{
    return aws_client_config(client)->messages_table;
}

static void set_list_id(json_t *item, struct arena *arena, const struct uuid *owner_id)
{
    char owner[UUID_TEXT_BYTES];
    uuid_format(owner_id, owner);
    const char *id = arena_printf(arena, DYNAMO_UPLOADS_PREFIX "%s", owner);
    dynamo_item_set_text(item, "messageId", bytes_of_str(id));
}

/* --- entering --- */

struct entering {
    struct ctx *ctx;
    const struct upload_record *upload;
    const struct upload_limits *limits;
    const char *name; /* the upload's id */
};

/* Copies what of the list still counts to open. ERR_TOO_MANY_UPLOADS when the new one does not fit;
 * *entered when an earlier try did it. */
static enum err copy_open(const struct entering *in, const json_t *item, json_t *open,
                          bool *entered)
{
    const json_t *known = NULL;
    const char *name;
    json_t *value;
    uint64_t bytes = 0;
    (void)dynamo_item_map(item, "open", &known);
    json_object_foreach((json_t *)(uintptr_t)known, name, value)
    {
        const json_t *entry = json_object_get(value, "M");
        if (dynamo_item_number_or(entry, "expiresAt", 0) <= in->ctx->now_unix_ms)
            continue;
        *entered = *entered || bytes_equal_str(bytes_of_str(name), in->name);
        bytes += (uint64_t)dynamo_item_number_or(entry, "length", 0);
        json_object_set(open, name, value);
    }
    bool fits = upload_limits_admit(in->limits, json_object_size(open), bytes, in->upload->length);
    return fits || *entered ? ERR_OK : ERR_TOO_MANY_UPLOADS;
}

/* Writes the list in place of the version that was read. */
static json_t *put_of_list(const struct entering *in, const char *table, const json_t *before,
                           json_t *open)
{
    const struct upload_record *upload = in->upload;
    int64_t version = dynamo_item_number_or(before, "version", 0);
    json_t *item = json_object();
    json_t *entry = json_object();
    json_t *values = json_object();
    dynamo_item_set_number(entry, "length", (int64_t)upload->length);
    dynamo_item_set_number(entry, "expiresAt", upload->expires_unix_ms);
    dynamo_item_set_map(open, in->name, entry);
    set_list_id(item, in->ctx->arena, &upload->owner_id);
    dynamo_item_set_map(item, "open", json_incref(open));
    dynamo_item_set_number(item, "version", version + 1);
    dynamo_item_set_number(item, "ttl",
                           upload->expires_unix_ms / MS_PER_S + DYNAMO_IDEMPOTENCY_SLACK_S);
    dynamo_item_set_number(values, ":version", version);
    if (version > 0)
        return json_pack("{s:s,s:o,s:s,s:o}", "TableName", table, "Item", item,
                         "ConditionExpression", "version = :version", "ExpressionAttributeValues",
                         values);
    json_decref(values);
    return json_pack("{s:s,s:o,s:s}", "TableName", table, "Item", item, "ConditionExpression",
                     "attribute_not_exists(messageId)");
}

/* One try; *again when the list changed meanwhile. */
static enum err try_enter(struct aws_client *client, const struct entering *in, bool *again)
{
    struct dynamo_answer read = {0};
    struct dynamo_answer written = {0};
    json_t *open = json_object();
    json_t *key = json_object();
    bool entered = false;
    set_list_id(key, in->ctx->arena, &in->upload->owner_id);
    enum err e = dynamo_call_run(
        client, in->ctx, "GetItem",
        json_pack("{s:s,s:o,s:b}", "TableName", table_of(client), "Key", key, "ConsistentRead", 1),
        &read);
    if (e == ERR_OK)
        e = copy_open(in, dynamo_call_item(&read), open, &entered);
    if (e == ERR_OK && !entered)
        e = dynamo_call_run(client, in->ctx, "PutItem",
                            put_of_list(in, table_of(client), dynamo_call_item(&read), open),
                            &written);
    *again = e == ERR_OK && written.refused;
    json_decref(open);
    dynamo_call_end(&written);
    dynamo_call_end(&read);
    return e;
}

enum err dynamo_uploads_enter(struct aws_client *client, struct ctx *ctx,
                              const struct upload_record *upload,
                              const struct upload_limits *limits)
{
    char name[UUID_TEXT_BYTES];
    uuid_format(&upload->id, name);
    const struct entering in = {.ctx = ctx, .upload = upload, .limits = limits, .name = name};
    for (unsigned tries = 0; tries < ENTER_TRIES; tries++) {
        bool again = false;
        enum err e = try_enter(client, &in, &again);
        if (e != ERR_OK || !again)
            return e;
        if (!dynamo_call_wait(ctx, tries))
            break;
    }
    return ERR_UNAVAILABLE;
}

/* --- leaving --- */

void dynamo_uploads_leave(struct aws_client *client, struct ctx *ctx, const struct uuid *owner_id,
                          const struct uuid *id)
{
    struct dynamo_answer answer = {0};
    char name[UUID_TEXT_BYTES];
    json_t *key = json_object();
    json_t *values = json_object();
    uuid_format(id, name);
    set_list_id(key, ctx->arena, owner_id);
    dynamo_item_set_number(values, ":one", 1);
    enum err e = dynamo_call_run(
        client, ctx, "UpdateItem",
        json_pack("{s:s,s:o,s:s,s:s,s:{s:s,s:s},s:o}", "TableName", table_of(client), "Key", key,
                  "UpdateExpression", "REMOVE #open.#id ADD version :one", "ConditionExpression",
                  "attribute_exists(#open.#id)", "ExpressionAttributeNames", "#open", "open", "#id",
                  name, "ExpressionAttributeValues", values),
        &answer);
    if (e != ERR_OK)
        log_warning("upload_still_listed", "error=%s", err_code(e));
    dynamo_call_end(&answer);
}
