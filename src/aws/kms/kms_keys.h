/* The keys port on AWS KMS: one customer key per user (or one shared key, told apart by encryption
 * context), which the server's role can only encrypt under and the owner's session alone decrypts.
 */
#ifndef LETTERLOCK_AWS_KMS_KEYS_H
#define LETTERLOCK_AWS_KMS_KEYS_H

#include "aws/client/aws_client.h"
#include "aws/cognito/owner_credentials.h"
#include "ports/keys.h"

struct kms_keys;

/* client and owners outlive it. owners may be NULL where nobody opens letters (the trigger). */
struct kms_keys *kms_keys_create(struct aws_client *client, struct owner_credentials *owners)
    __attribute__((returns_nonnull));
struct keys kms_keys_port(struct kms_keys *keys);
void kms_keys_destroy(struct kms_keys *keys); /* NULL is legal */

#endif
