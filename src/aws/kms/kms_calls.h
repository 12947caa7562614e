/* Calls of AWS KMS as the keys port needs them, with their failures told apart by what they mean
 * for a letter. One function, one request. Data keys pass through the context's arena and
 * Jansson's memory, which are cleansed when they are freed (base/json.h, json_cleanse_freed). */
#ifndef LETTERLOCK_AWS_KMS_KMS_CALLS_H
#define LETTERLOCK_AWS_KMS_KMS_CALLS_H

#include "aws/client/aws_client.h"
#include "base/secret.h"
#include "base/uuid.h"
#include "envelope/encryption_context.h"
#include "ports/keys.h"

#define KMS_ALIAS_BYTES (sizeof "alias/user/" - 1 + UUID_TEXT_BYTES)
#define KMS_CIPHERTEXT_MAX_BYTES 6144u /* Decrypt: CiphertextBlob */
#define KMS_DELETION_DAYS 7            /* the least that ScheduleKeyDeletion takes */

/* "alias/user/<user id>", the name by which a user's key is found. */
void kms_alias_of(const struct uuid *user_id, char out[KMS_ALIAS_BYTES]);

struct kms_key {
    char arn[KEY_REFERENCE_BYTES];
    bool enabled;  /* else disabled, about to be deleted, or otherwise of no use now */
    bool deleting; /* it is about to be deleted */
    int64_t created_unix_ms;
};

/* DescribeKey by id, ARN or alias name. ERR_NOT_FOUND. */
enum err kms_describe_key(struct aws_client *client, struct ctx *ctx, const char *key_id,
                          struct kms_key *out) MUST_CHECK;

/* The encryption context of a call as JSON: a new reference. aad is a checked serialised form. */
json_t *kms_context_of(struct ctx *ctx, struct bytes aad);

/* GenerateDataKey for 256 bits: the data key, and the EDK that wraps it under key_arn, in the
 * arena. ERR_NOT_FOUND when the key does not exist or is of no use now. */
enum err kms_generate_data_key(struct aws_client *client, struct ctx *ctx, const char *key_arn,
                               const json_t *context, struct secret *data_key,
                               struct edk *edk) MUST_CHECK;

/* Encrypt: wraps a data key under key_arn. ERR_NOT_FOUND as above. */
enum err kms_encrypt(struct aws_client *client, struct ctx *ctx, const char *key_arn,
                     const json_t *context, const struct secret *data_key,
                     struct edk *edk) MUST_CHECK;

/* Decrypt of an EDK as its owner. ERR_NOT_FOR_US when the key's policy denies it, ERR_KEY_LOST when
 * the key is gone, disabled or about to be deleted, ERR_LETTER_DAMAGED when ciphertext, key and
 * context do not belong together, ERR_TOKEN_EXPIRED when the credentials have expired. */
enum err kms_decrypt(struct aws_client *client, struct ctx *ctx,
                     const struct aws_credentials *owner, const struct edk *edk,
                     const json_t *context, struct secret *data_key) MUST_CHECK;

/* A walk over the keys of account and region; start with a zeroed one. */
struct kms_key_walk {
    json_t *keys; /* the page at hand: an array of {"KeyId", "KeyArn"} */
    const char *marker;
    bool last;
};

/* ListKeys: puts the next page into walk->keys; NULL at the end. All keys are in it, also those
 * that are about to be deleted, as they are in KMS's quota. */
enum err kms_next_keys(struct aws_client *client, struct ctx *ctx,
                       struct kms_key_walk *walk) MUST_CHECK;
void kms_key_walk_fini(struct kms_key_walk *walk);

/* ListAliases: whether the key has any. */
enum err kms_has_alias(struct aws_client *client, struct ctx *ctx, const char *key_arn,
                       bool *has) MUST_CHECK;

/* ListResourceTags: whether kms_create_key made the key; not if its policy does not let us see. */
enum err kms_is_of_user(struct aws_client *client, struct ctx *ctx, const char *key_arn,
                        bool *is) MUST_CHECK;

/* CreateKey for a user with that policy (JSON) and the tags purpose=user-message and sub.
 * ERR_SIGN_UP_CLOSED when KMS takes no more keys. */
enum err kms_create_key(struct aws_client *client, struct ctx *ctx, const struct uuid *user_id,
                        struct bytes policy, struct kms_key *out) MUST_CHECK;

/* Has KMS renew the key's material every year; old ciphertexts still open. Each of the first two
 * renewals raises the key's price by what a key costs. */
enum err kms_enable_rotation(struct aws_client *client, struct ctx *ctx,
                             const char *key_arn) MUST_CHECK;

/* CreateAlias. ERR_CONFLICT when the name is taken, by whichever key; ERR_INTERNAL when it was
 * refused; after any other failure it may have been made. */
enum err kms_create_alias(struct aws_client *client, struct ctx *ctx, const char *alias,
                          const char *key_arn) MUST_CHECK;

/* DeleteAlias; that there is none is fine. */
enum err kms_delete_alias(struct aws_client *client, struct ctx *ctx, const char *alias) MUST_CHECK;

/* ScheduleKeyDeletion in KMS_DELETION_DAYS; that it is scheduled already, or gone, is fine. */
enum err kms_schedule_deletion(struct aws_client *client, struct ctx *ctx,
                               const char *key_arn) MUST_CHECK;

#endif
