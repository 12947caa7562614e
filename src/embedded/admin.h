/* What an operator does with accounts, beside a running server or without one. All functions take a
 * store opened with store_open_shared. */
#ifndef LETTERLOCK_EMBEDDED_ADMIN_H
#define LETTERLOCK_EMBEDDED_ADMIN_H

#include "embedded/account_rows.h"
#include "embedded/invites.h"

struct admin_user {
    struct uuid id;
    const char *username;
    const char *email;
    enum account_state state;
    int64_t created_unix_ms;
    int64_t used_bytes;  /* 0 before confirmation */
    int64_t quota_bytes; /* 0: the server's default */
};

/* At most limit accounts whose name comes after that one ("": from the first), by name. */
enum err admin_users(struct store *store, struct ctx *ctx, const char *after, size_t limit,
                     struct admin_user **out, size_t *count) MUST_CHECK;

/* Bars an account and ends its sessions, or lets it in again. ERR_NOT_FOUND; ERR_UNCONFIRMED for an
 * account that was never confirmed. */
enum err admin_set_disabled(struct store *store, struct ctx *ctx, const char *username,
                            bool disabled) MUST_CHECK;

/* Turns off the second factor of a person who lost it, and has them told by mail. ERR_NOT_FOUND. */
enum err admin_totp_off(struct store *store, struct ctx *ctx, const char *username) MUST_CHECK;

/* Sets a user's own quota in bytes; 0: the server's default. ERR_NOT_FOUND. */
enum err admin_set_quota(struct store *store, struct ctx *ctx, const char *username,
                         int64_t quota_bytes) MUST_CHECK;

/* Makes an invitation, good for one sign-up within two weeks; NUL-terminated in out. */
enum err admin_invite(struct store *store, struct ctx *ctx, char out[INVITE_TEXT_BYTES]) MUST_CHECK;

/* At most limit invitations that are still good, oldest first, behind after (NULL: from the
 * first). */
enum err admin_invites(struct store *store, struct ctx *ctx, const struct invite *after,
                       size_t limit, struct invite **out, size_t *count) MUST_CHECK;

/* Ends the invitation with that id. ERR_NOT_FOUND when none that is good has it. */
enum err admin_revoke_invite(struct store *store, struct ctx *ctx, const char *id) MUST_CHECK;

#endif
