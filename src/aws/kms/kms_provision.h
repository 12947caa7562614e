/* Making a user's KMS key, so that whatever is interrupted can be run again. */
#ifndef LETTERLOCK_AWS_KMS_KMS_PROVISION_H
#define LETTERLOCK_AWS_KMS_KMS_PROVISION_H

#include "aws/kms/kms_calls.h"

/* Finds the key that alias/user/<user_id> names, or makes one: CreateKey with the owner-only
 * policy, EnableKeyRotation, and CreateAlias, which decides between several that are made at the
 * same time; the others are scheduled for deletion at once. A process that dies between CreateKey
 * and CreateAlias leaves a key that nothing was ever wrapped under: see kms_provision_sweep.
 *
 * The role needs kms:CreateKey and kms:ListKeys, kms:TagResource on keys and kms:CreateAlias on
 * alias/user/…; the new key's policy, written with BypassPolicyLockoutSafetyCheck, gives the rest.
 * It does not give PutKeyPolicy: who makes keys could otherwise let itself in.
 *
 * ERR_SIGN_UP_CLOSED with ctx->detail when account and region hold config's user_keys_max keys
 * already, or as many as AWS allows. ERR_UNAVAILABLE: it may be asked again. */
enum err kms_provision(struct aws_client *client, struct ctx *ctx, const struct uuid *user_id,
                       struct kms_key *out) MUST_CHECK;

/* Keys younger than this may be about to get their alias. */
#define KMS_SWEEP_AGE_MS (INT64_C(3600) * 1000)

/* Schedules the deletion of users' keys that no alias names, left over where kms_provision was cut
 * off; *swept says of how many. Makes one to three calls for every key of account and region: for
 * an operator's command now and then, as the administrator's role, with kms:ListKeys and
 * kms:ListAliases, and with a deadline to match. */
enum err kms_provision_sweep(struct aws_client *client, struct ctx *ctx, size_t *swept) MUST_CHECK;

#endif
