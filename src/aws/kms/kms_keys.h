/* The keys port on AWS KMS. Either every user has a customer key of their own, which the server's
 * roles can only wrap under and the owner's session alone unwraps (key_policy.h); or all share one,
 * told apart by encryption context and tag. Letters look the same in both modes and carry the ARN
 * of the key, so that those of one mode still open in the other.
 *
 * A user's key is found by its alias, "alias/user/<user id>", which is also what makes it one:
 * CreateKey can be repeated, CreateAlias cannot. A sender's copy is the same data key, wrapped
 * under the sender's key as well. Under the shared key a letter has one wrapped key that KMS opens
 * for both sides, and only the letter's record keeps a sender from a copy that was not wanted. */
#ifndef LETTERLOCK_AWS_KMS_KMS_KEYS_H
#define LETTERLOCK_AWS_KMS_KMS_KEYS_H

#include "aws/client/aws_client.h"
#include "aws/cognito/owner_credentials.h"
#include "ports/keys.h"

struct kms_keys;

/* Destroying keys takes kms:DeleteAlias on alias/user/… besides what their policies give; making
 * them: see kms_provision.h. client and owners outlive it. owners may be NULL where nobody opens
 * letters (the trigger). */
struct kms_keys *kms_keys_create(struct aws_client *client, struct owner_credentials *owners)
    __attribute__((returns_nonnull));
struct keys kms_keys_port(struct kms_keys *keys);
void kms_keys_destroy(struct kms_keys *keys); /* NULL is legal */

#endif
