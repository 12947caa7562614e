#include "aws/dynamo/dynamo_rows.h"
#include "base/encode.h"
#include "envelope/algorithms.h"
#include "envelope/hmac.h"

#include <string.h>

#define SIGNATURE_BYTES 16u

static bool take_key(struct dynamo_records *records, struct ctx *ctx, const json_t *item,
                     struct secret *out)
{
    struct bytes stored;
    if (!dynamo_item_binary(item, "cursorKey", ctx->arena, &stored) || stored.n != SECRET_BYTES)
        return false;
    memcpy(out->b, stored.p, SECRET_BYTES);
    lock_acquire(&records->lock);
    records->cursor_key = *out;
    records->has_cursor_key = true;
    lock_release(&records->lock);
    return true;
}

/* Makes the key of all nodes, unless another one was there first. */
static enum err create_key(struct dynamo_records *records, struct ctx *ctx, struct secret *out)
{
    struct secret fresh;
    struct dynamo_answer answer = {0};
    secret_random(&fresh);
    json_t *item = dynamo_users_key(BYTES_LIT(DYNAMO_CURSOR_KEY_ID));
    dynamo_item_set_binary(item, "cursorKey", secret_bytes(&fresh));
    json_t *in = json_pack("{s:s,s:O,s:s,s:s}", "TableName", records->users_table, "Item", item,
                           "ConditionExpression", "attribute_not_exists(userId)",
                           "ReturnValuesOnConditionCheckFailure", "ALL_OLD");
    enum err e = dynamo_call_run(records->client, ctx, "PutItem", in, &answer);
    if (e == ERR_OK &&
        !take_key(records, ctx, answer.refused ? dynamo_call_item(&answer) : item, out))
        e = ctx_log_fail(ctx, ERR_INTERNAL, "cursor_key_invalid", "%s", "");
    dynamo_call_end(&answer);
    json_decref(item);
    secret_fini(&fresh);
    return e;
}

static enum err find_key(struct dynamo_records *records, struct ctx *ctx, struct secret *out)
{
    lock_acquire(&records->lock);
    bool known = records->has_cursor_key;
    *out = records->cursor_key;
    lock_release(&records->lock);
    if (known)
        return ERR_OK;
    struct dynamo_answer answer = {0};
    json_t *in = json_pack("{s:s,s:o,s:b}", "TableName", records->users_table, "Key",
                           dynamo_users_key(BYTES_LIT(DYNAMO_CURSOR_KEY_ID)), "ConsistentRead", 1);
    enum err e = dynamo_call_run(records->client, ctx, "GetItem", in, &answer);
    if (e == ERR_OK && !take_key(records, ctx, dynamo_call_item(&answer), out))
        e = create_key(records, ctx, out);
    dynamo_call_end(&answer);
    return e;
}

static void sign(const struct secret *key, struct bytes list, struct bytes position,
                 uint8_t out[HMAC_MAX_OUTPUT_BYTES])
{
    struct hmac hmac;
    struct buffer length;
    buffer_init(&length, sizeof(uint32_t));
    buffer_append_u32(&length, (uint32_t)list.n);
    const struct bytes parts[] = {buffer_bytes(&length), list, position};
    hmac_init(&hmac, algorithms_get()->sha512);
    hmac_set_key(&hmac, secret_bytes(key));
    hmac_compute(&hmac, parts, 3, out);
    hmac_fini(&hmac);
    buffer_fini(&length);
}

enum err dynamo_cursor_write(struct dynamo_records *records, struct ctx *ctx, struct bytes list,
                             struct bytes position, const char **out)
{
    struct secret key;
    uint8_t signature[HMAC_MAX_OUTPUT_BYTES];
    struct buffer raw;
    struct buffer text;
    enum err e = find_key(records, ctx, &key);
    if (e != ERR_OK)
        return e;
    sign(&key, list, position, signature);
    buffer_init(&raw, RECORDS_CURSOR_BYTES);
    buffer_init(&text, RECORDS_CURSOR_BYTES);
    buffer_append(&raw, bytes_of(signature, SIGNATURE_BYTES));
    buffer_append(&raw, position);
    encode_base64url(&text, buffer_bytes(&raw));
    *out = arena_str(ctx->arena, buffer_bytes(&text));
    buffer_fini(&text);
    buffer_fini(&raw);
    secret_fini(&key);
    return ERR_OK;
}

enum err dynamo_cursor_read(struct dynamo_records *records, struct ctx *ctx, struct bytes list,
                            struct bytes cursor, struct bytes *position)
{
    struct secret key;
    uint8_t signature[HMAC_MAX_OUTPUT_BYTES];
    struct bytes raw;
    if (cursor.n > RECORDS_CURSOR_BYTES || !encode_base64url_decode(ctx->arena, cursor, &raw) ||
        raw.n <= SIGNATURE_BYTES)
        return ERR_INVALID_CURSOR;
    enum err e = find_key(records, ctx, &key);
    if (e != ERR_OK)
        return e;
    *position = bytes_slice(raw, SIGNATURE_BYTES, raw.n);
    sign(&key, list, *position, signature);
    bool genuine = bytes_equal_secret(bytes_slice(raw, 0, SIGNATURE_BYTES),
                                      bytes_of(signature, SIGNATURE_BYTES));
    secret_fini(&key);
    return genuine ? ERR_OK : ERR_INVALID_CURSOR;
}
