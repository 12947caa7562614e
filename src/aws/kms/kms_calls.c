#include "aws/kms/kms_calls.h"

#include "base/encode.h"
#include "base/json.h"
#include "envelope/keyring_kms.h"

#include <string.h>

#define ALIAS_PREFIX "alias/user/"
#define TAG_PURPOSE "purpose"
#define TAG_PURPOSE_USER "user-message"
#define LIST_KEYS_LIMIT 1000 /* ListKeys: Limit */
#define BASE64_MAX_BYTES 64u /* of a data key: 44 */

void kms_alias_of(const struct uuid *user_id, char out[KMS_ALIAS_BYTES])
{
    memcpy(out, ALIAS_PREFIX, sizeof ALIAS_PREFIX - 1);
    uuid_format(user_id, out + sizeof ALIAS_PREFIX - 1);
}

/* --- requests --- */

/* What a request came to: either out (a new reference) or a failure in answer. */
struct reply {
    struct aws_call call;
    struct aws_answer answer;
    json_t *out;
};

static struct reply request(const char *operation, bool repeatable)
{
    return (struct reply){.call = {.service = AWS_KMS,
                                   .operation = operation,
                                   .signing = AWS_SIGN_SERVER,
                                   .repeatable = repeatable}};
}

/* Takes in. */
static enum err send(struct aws_client *client, struct ctx *ctx, struct reply *reply, json_t *in)
{
    enum err e = aws_client_json(client, ctx, &reply->call, in, &reply->out, &reply->answer);
    json_decref(in);
    return e;
}

static bool failed_with(const struct reply *reply, const char *code)
{
    return reply->out == NULL && strcmp(reply->answer.code, code) == 0;
}

/* The key is gone, disabled or about to be deleted. */
static bool key_is_unusable(const struct reply *reply)
{
    return failed_with(reply, "NotFoundException") || failed_with(reply, "DisabledException") ||
           failed_with(reply, "KMSInvalidStateException");
}

static enum err unexpected(struct ctx *ctx, const struct reply *reply)
{
    enum err e = aws_answer_error(ctx, &reply->call, &reply->answer);
    return e == ERR_OK ? ERR_INTERNAL : e;
}

static enum err malformed(struct ctx *ctx, const struct reply *reply)
{
    return ctx_log_fail(ctx, ERR_INTERNAL, "aws_answer_malformed", "operation=%s",
                        reply->call.operation);
}

/* For calls whose answer does not matter: ERR_OK if the answer is one. Ends reply. */
static enum err settle(struct ctx *ctx, struct reply *reply, enum err e)
{
    if (e == ERR_OK && reply->out == NULL)
        e = unexpected(ctx, reply);
    json_decref(reply->out);
    return e;
}

static bool read_base64(struct ctx *ctx, const json_t *object, const char *name, struct bytes *out)
{
    struct bytes text;
    return json_get_bytes(object, name, &text) && encode_base64_decode(ctx->arena, text, out);
}

static json_t *base64(struct bytes data, size_t max)
{
    struct buffer text;
    buffer_init(&text, max);
    encode_base64(&text, data);
    json_t *value = json_from_bytes(buffer_bytes(&text));
    buffer_fini(&text);
    return value;
}

/* --- describing --- */

static bool read_metadata(const json_t *answer, struct kms_key *out)
{
    const json_t *metadata = json_object_get(answer, "KeyMetadata");
    const json_t *created = json_object_get(metadata, "CreationDate");
    struct bytes arn;
    struct bytes state;
    *out = (struct kms_key){0};
    if (!json_get_bytes(metadata, "Arn", &arn) || arn.n == 0 || arn.n >= sizeof out->arn ||
        !json_get_bytes(metadata, "KeyState", &state) || !json_is_number(created))
        return false;
    memcpy(out->arn, arn.p, arn.n);
    out->enabled = bytes_equal_str(state, "Enabled");
    out->deleting = bytes_equal_str(state, "PendingDeletion");
    out->created_unix_ms = (int64_t)(json_number_value(created) * 1000);
    return true;
}

enum err kms_describe_key(struct aws_client *client, struct ctx *ctx, const char *key_id,
                          struct kms_key *out)
{
    struct reply reply = request("DescribeKey", true);
    enum err e = send(client, ctx, &reply, json_pack("{s:s}", "KeyId", key_id));
    if (e == ERR_OK && failed_with(&reply, "NotFoundException"))
        e = ERR_NOT_FOUND;
    else if (e == ERR_OK && reply.out == NULL)
        e = unexpected(ctx, &reply);
    else if (e == ERR_OK && !read_metadata(reply.out, out))
        e = malformed(ctx, &reply);
    json_decref(reply.out);
    return e;
}

enum err kms_next_keys(struct aws_client *client, struct ctx *ctx, struct kms_key_walk *walk)
{
    json_decref(walk->keys);
    walk->keys = NULL;
    if (walk->last)
        return ERR_OK;
    struct reply reply = request("ListKeys", true);
    enum err e = send(client, ctx, &reply,
                      json_pack("{s:i,s:s*}", "Limit", LIST_KEYS_LIMIT, "Marker", walk->marker));
    if (e != ERR_OK || reply.out == NULL)
        return settle(ctx, &reply, e);
    struct bytes next = {0};
    walk->keys = json_incref(json_object_get(reply.out, "Keys"));
    walk->last = !json_is_true(json_object_get(reply.out, "Truncated")) ||
                 !json_get_bytes(reply.out, "NextMarker", &next);
    walk->marker = arena_str(ctx->arena, next);
    e = json_is_array(walk->keys) ? ERR_OK : malformed(ctx, &reply);
    json_decref(reply.out);
    return e;
}

void kms_key_walk_fini(struct kms_key_walk *walk)
{
    json_decref(walk->keys);
    walk->keys = NULL;
}

enum err kms_has_alias(struct aws_client *client, struct ctx *ctx, const char *key_arn, bool *has)
{
    struct reply reply = request("ListAliases", true);
    enum err e = send(client, ctx, &reply, json_pack("{s:s}", "KeyId", key_arn));
    if (e == ERR_OK && reply.out != NULL)
        *has = json_array_size(json_object_get(reply.out, "Aliases")) > 0;
    return settle(ctx, &reply, e);
}

enum err kms_is_of_user(struct aws_client *client, struct ctx *ctx, const char *key_arn, bool *is)
{
    struct reply reply = request("ListResourceTags", true);
    enum err e = send(client, ctx, &reply, json_pack("{s:s}", "KeyId", key_arn));
    size_t i;
    const json_t *tag;
    *is = false;
    json_array_foreach(json_object_get(reply.out, "Tags"), i, tag)
    {
        struct bytes name;
        struct bytes value;
        *is |= json_get_bytes(tag, "TagKey", &name) && json_get_bytes(tag, "TagValue", &value) &&
               bytes_equal_str(name, TAG_PURPOSE) && bytes_equal_str(value, TAG_PURPOSE_USER);
    }
    if (e == ERR_OK && failed_with(&reply, "AccessDeniedException"))
        return ERR_OK;
    return settle(ctx, &reply, e);
}

/* --- wrapping and unwrapping --- */

json_t *kms_context_of(struct ctx *ctx, struct bytes aad)
{
    json_t *context = json_object();
    struct encryption_context_walk walk = encryption_context_walk_of(aad);
    struct encryption_context_pair pair;
    while (encryption_context_next(&walk, &pair))
        json_object_set_new(context, arena_str(ctx->arena, pair.name), json_from_bytes(pair.value));
    return context;
}

/* The wrapped key of an answer as an EDK; its ARN is the answer's KeyId, which must be key_arn. */
static bool read_edk(struct ctx *ctx, const json_t *answer, const char *key_arn, struct edk *edk)
{
    struct bytes key_id;
    struct bytes ciphertext;
    if (!json_get_bytes(answer, "KeyId", &key_id) || !bytes_equal_str(key_id, key_arn) ||
        !read_base64(ctx, answer, "CiphertextBlob", &ciphertext) || ciphertext.n == 0 ||
        ciphertext.n > KMS_CIPHERTEXT_MAX_BYTES)
        return false;
    *edk = keyring_kms_edk(arena_copy(ctx->arena, key_id), ciphertext);
    return true;
}

static bool read_data_key(struct ctx *ctx, const json_t *answer, struct bytes key_arn,
                          struct secret *data_key)
{
    struct bytes key_id;
    struct bytes plaintext;
    return json_get_bytes(answer, "KeyId", &key_id) &&
           read_base64(ctx, answer, "Plaintext", &plaintext) &&
           keyring_kms_accept(key_arn, key_id, plaintext, data_key, NULL) == ERR_OK;
}

enum err kms_generate_data_key(struct aws_client *client, struct ctx *ctx, const char *key_arn,
                               const json_t *context, struct secret *data_key, struct edk *edk)
{
    struct reply reply = request("GenerateDataKey", true);
    enum err e = send(client, ctx, &reply,
                      json_pack("{s:s,s:s,s:O}", "KeyId", key_arn, "KeySpec", "AES_256",
                                "EncryptionContext", context));
    if (e == ERR_OK && key_is_unusable(&reply))
        e = ERR_NOT_FOUND;
    else if (e == ERR_OK && reply.out == NULL)
        e = unexpected(ctx, &reply);
    else if (e == ERR_OK && (!read_edk(ctx, reply.out, key_arn, edk) ||
                             !read_data_key(ctx, reply.out, edk->info, data_key)))
        e = malformed(ctx, &reply);
    json_decref(reply.out);
    return e;
}

enum err kms_encrypt(struct aws_client *client, struct ctx *ctx, const char *key_arn,
                     const json_t *context, const struct secret *data_key, struct edk *edk)
{
    struct reply reply = request("Encrypt", true);
    enum err e = send(client, ctx, &reply,
                      json_pack("{s:s,s:o,s:O}", "KeyId", key_arn, "Plaintext",
                                base64(secret_bytes(data_key), BASE64_MAX_BYTES),
                                "EncryptionContext", context));
    if (e == ERR_OK && key_is_unusable(&reply))
        e = ERR_NOT_FOUND;
    else if (e == ERR_OK && reply.out == NULL)
        e = unexpected(ctx, &reply);
    else if (e == ERR_OK && !read_edk(ctx, reply.out, key_arn, edk))
        e = malformed(ctx, &reply);
    json_decref(reply.out);
    return e;
}

/* What a failure of Decrypt means for the letter. */
static enum err decrypt_failure(struct ctx *ctx, const struct reply *reply)
{
    if (failed_with(reply, "AccessDeniedException"))
        return ERR_NOT_FOR_US;
    if (failed_with(reply, "InvalidCiphertextException") ||
        failed_with(reply, "IncorrectKeyException"))
        return ERR_LETTER_DAMAGED;
    if (key_is_unusable(reply))
        return ERR_KEY_LOST;
    if (failed_with(reply, "ExpiredTokenException") ||
        failed_with(reply, "UnrecognizedClientException"))
        return ERR_TOKEN_EXPIRED;
    return unexpected(ctx, reply);
}

enum err kms_decrypt(struct aws_client *client, struct ctx *ctx,
                     const struct aws_credentials *owner, const struct edk *edk,
                     const json_t *context, struct secret *data_key)
{
    if (edk->ciphertext.n == 0 || edk->ciphertext.n > KMS_CIPHERTEXT_MAX_BYTES)
        return ERR_LETTER_DAMAGED;
    struct reply reply = request("Decrypt", true);
    reply.call.signing = AWS_SIGN_GIVEN;
    reply.call.credentials = owner;
    enum err e =
        send(client, ctx, &reply,
             json_pack("{s:o,s:o,s:O}", "KeyId", json_from_bytes(edk->info), "CiphertextBlob",
                       base64(edk->ciphertext, 2 * KMS_CIPHERTEXT_MAX_BYTES), "EncryptionContext",
                       context));
    if (e == ERR_OK && reply.out == NULL)
        e = decrypt_failure(ctx, &reply);
    else if (e == ERR_OK && !read_data_key(ctx, reply.out, edk->info, data_key))
        e = malformed(ctx, &reply);
    json_decref(reply.out);
    return e;
}

/* --- making and removing --- */

enum err kms_create_key(struct aws_client *client, struct ctx *ctx, const struct uuid *user_id,
                        struct bytes policy, struct kms_key *out)
{
    struct reply reply = request("CreateKey", false); /* every repetition makes another key */
    json_t *tags =
        json_pack("[{s:s,s:s},{s:s,s:o}]", "TagKey", TAG_PURPOSE, "TagValue", TAG_PURPOSE_USER,
                  "TagKey", "sub", "TagValue", json_from_uuid(user_id));
    /* The policy gives this role no PutKeyPolicy, which KMS takes for a mistake unless told. */
    enum err e = send(client, ctx, &reply,
                      json_pack("{s:o,s:s,s:s,s:s,s:b,s:o}", "Policy", json_from_bytes(policy),
                                "Description", "Letters of one user", "KeyUsage", "ENCRYPT_DECRYPT",
                                "KeySpec", "SYMMETRIC_DEFAULT", "BypassPolicyLockoutSafetyCheck", 1,
                                "Tags", tags));
    if (e == ERR_OK && failed_with(&reply, "LimitExceededException"))
        e = ERR_SIGN_UP_CLOSED;
    else if (e == ERR_OK && reply.out == NULL)
        e = unexpected(ctx, &reply);
    else if (e == ERR_OK && !read_metadata(reply.out, out))
        e = malformed(ctx, &reply);
    json_decref(reply.out);
    return e;
}

enum err kms_enable_rotation(struct aws_client *client, struct ctx *ctx, const char *key_arn)
{
    struct reply reply = request("EnableKeyRotation", true);
    enum err e = send(client, ctx, &reply, json_pack("{s:s}", "KeyId", key_arn));
    return settle(ctx, &reply, e);
}

enum err kms_create_alias(struct aws_client *client, struct ctx *ctx, const char *alias,
                          const char *key_arn)
{
    struct reply reply = request("CreateAlias", true);
    enum err e = send(client, ctx, &reply,
                      json_pack("{s:s,s:s}", "AliasName", alias, "TargetKeyId", key_arn));
    if (e == ERR_OK && failed_with(&reply, "AlreadyExistsException"))
        return ERR_CONFLICT;
    return settle(ctx, &reply, e);
}

enum err kms_delete_alias(struct aws_client *client, struct ctx *ctx, const char *alias)
{
    struct reply reply = request("DeleteAlias", true);
    enum err e = send(client, ctx, &reply, json_pack("{s:s}", "AliasName", alias));
    if (e == ERR_OK && failed_with(&reply, "NotFoundException"))
        return ERR_OK;
    return settle(ctx, &reply, e);
}

enum err kms_schedule_deletion(struct aws_client *client, struct ctx *ctx, const char *key_arn)
{
    struct reply reply = request("ScheduleKeyDeletion", true);
    enum err e =
        send(client, ctx, &reply,
             json_pack("{s:s,s:i}", "KeyId", key_arn, "PendingWindowInDays", KMS_DELETION_DAYS));
    if (e == ERR_OK && (failed_with(&reply, "NotFoundException") ||
                        failed_with(&reply, "KMSInvalidStateException")))
        return ERR_OK;
    return settle(ctx, &reply, e);
}
