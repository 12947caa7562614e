/* Key policies: who may do what with a KMS key that wraps letters' data keys. No statement
 * delegates to the account, so that no IAM policy alone opens anything: what is not allowed here is
 * not allowed. The server's roles wrap and never unwrap; a user's own session, tagged by the
 * identity pool with the verified sub of the user's token, unwraps what names that user in its
 * encryption context; whoever administers keys cannot use them.
 *
 * The refusal to unwrap stands twice: as statements that allow the owner alone, and as explicit
 * denials to everyone else, which hold against any statement that is added later. */
#ifndef LETTERLOCK_AWS_KMS_KEY_POLICY_H
#define LETTERLOCK_AWS_KMS_KEY_POLICY_H

#include "aws/aws_config.h"
#include "base/buffer.h"
#include "base/err.h"
#include "base/uuid.h"

#define KEY_POLICY_MAX_BYTES 32768u /* AWS KMS quota "Key policy document size" */

/* Appends, as compact JSON, the policy of one user's key: the owner-only policy. The roles are
 * config's; provisioner_role may, like server_roles, hold several with commas between.
 * ERR_INVALID_FIELD when a role is not the full ARN of a role of config's account:
 * with a wildcard or a wrong account, the policy would not say what it seems to. */
enum err key_policy_write_user(const struct aws_config *config, const struct uuid *user_id,
                               struct buffer *out) MUST_CHECK;

/* The policy of the one key for all users, whose owners are told apart by encryption context and
 * tag. Nobody but the administrator may remove that key. */
enum err key_policy_write_shared(const struct aws_config *config, struct buffer *out) MUST_CHECK;

#endif
