/* Accounts: signing up, codes, passwords, the profile, the end. */
#ifndef LETTERLOCK_CORE_ACCOUNTS_H
#define LETTERLOCK_CORE_ACCOUNTS_H

#include "core/core.h"

struct accounts_sign_up {
    struct bytes username; /* as typed */
    struct bytes email;
    struct bytes password;
    struct bytes invite; /* may be empty */
};

/* Checks the input against the policy and the sign-up mode, then registers an unconfirmed account.
 * ERR_INVALID_USERNAME, ERR_INVALID_EMAIL, ERR_WEAK_PASSWORD, ERR_SIGN_UP_CLOSED,
 * ERR_INVITE_REQUIRED, ERR_DOMAIN_NOT_ALLOWED, ERR_USERNAME_TAKEN. */
enum err accounts_sign_up(struct core *core, struct ctx *ctx, const struct accounts_sign_up *in,
                          struct uuid *id, struct identity_delivery *delivery) MUST_CHECK;

/* Confirms the e-mail address and provisions the user; may be repeated. Writes the username in its
 * stored form. ERR_CODE_MISMATCH (unknown names too), ERR_CODE_EXPIRED, ERR_TOO_MANY_TRIES. */
enum err accounts_confirm(struct core *core, struct ctx *ctx, struct bytes username,
                          struct bytes code, struct uuid *id,
                          char stored_username[USERNAME_MAX_BYTES + 1]) MUST_CHECK;

/* Neutral for all names, also for ones that no account can have. */
enum err accounts_resend_code(struct core *core, struct ctx *ctx, struct bytes username) MUST_CHECK;
enum err accounts_forgot_password(struct core *core, struct ctx *ctx,
                                  struct bytes login) MUST_CHECK;

struct accounts_reset {
    struct bytes username;
    struct bytes code;
    struct bytes password;
    struct bytes recovery_key; /* may be empty */
};

/* Sets a new password by code, and ends all sessions. *keys_lost: letters received before can never
 * be opened again. ERR_WEAK_PASSWORD, errors of accounts_confirm, ERR_RECOVERY_KEY_WRONG. */
enum err accounts_reset_password(struct core *core, struct ctx *ctx,
                                 const struct accounts_reset *in, bool *keys_lost) MUST_CHECK;

/* Writes a login (username or e-mail address) as accounts are stored: lower case, in the arena. */
struct bytes accounts_login(struct ctx *ctx, struct bytes login);

/* Changes the actor's password and ends all other sessions. ERR_WEAK_PASSWORD, and errors of
 * identity.change_password. */
enum err accounts_change_password(struct core *core, struct ctx *ctx,
                                  const struct identity_credential *old,
                                  struct bytes new_password) MUST_CHECK;

/* Adds a fresh key for the actor, to which letters are sealed from now on. */
enum err accounts_rotate_key(struct core *core, struct ctx *ctx,
                             struct key_description *out) MUST_CHECK;

/* The actor's own account; getting it completes a provisioning that was cut short. */
struct accounts_profile {
    struct identity_account account;
    uint64_t unread;
    int64_t quota_bytes; /* what applies */
    int64_t used_bytes;
};

enum err accounts_profile(struct core *core, struct ctx *ctx,
                          struct accounts_profile *out) MUST_CHECK;

/* Erases the actor's account, keys and received letters after checking the password (no
 * authentication secret) and the second factor, which is turned off by that: the identity service
 * checks once more at the end, and a code is good for once. The account itself goes last, so that
 * after a failure anywhere the same call completes it. ERR_BAD_CREDENTIALS, ERR_TOTP_REQUIRED,
 * ERR_TOTP_MISMATCH. */
enum err accounts_erase(struct core *core, struct ctx *ctx,
                        const struct identity_credential *proof) MUST_CHECK;

#endif
