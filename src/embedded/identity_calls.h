/* What the files of the identity adapter share. For identity_*.c only. */
#ifndef LETTERLOCK_EMBEDDED_IDENTITY_CALLS_H
#define LETTERLOCK_EMBEDDED_IDENTITY_CALLS_H

#include "embedded/account_rows.h"
#include "embedded/identity_service.h"
#include "embedded/password.h"

#define IDENTITY_SEALED_SECRET_BYTES (SECRET_BYTES + KEY_RING_OVERHEAD_BYTES)

struct identity_service {
    struct store *store;
    struct mail_queue *mail;
    struct keys_service *keys;
    struct issuer *issuer;
    const struct identity_config *config;
    struct password_gate gate;
    struct secret made_up; /* of answers for accounts that do not exist */
};

/* A stable account that does not exist, for a login nobody has: its id, salt and costs. Equal work
 * and equal throttles for known and unknown logins follow from treating it like a real one. */
void identity_made_up_account(const struct identity_service *service, struct bytes login,
                              struct account *out);

/* Reads the account of the login (or a made-up one: *found false) and refuses with ERR_RATE_LIMITED
 * while guessing is barred. */
enum err identity_find_login(struct identity_service *service, struct ctx *ctx, struct bytes login,
                             struct account *out, bool *found) MUST_CHECK;

/* The same for the actor's own account; ERR_UNAUTHENTICATED when it is gone. */
enum err identity_find_actor(struct identity_service *service, struct ctx *ctx,
                             struct account *out) MUST_CHECK;

/* Checks the credential against the account: ERR_BAD_CREDENTIALS (counted against guessers) unless
 * it fits and exists. wrapping_key is set with a password, zero with an authentication secret; for
 * secret_fini. */
enum err identity_check_credential(struct identity_service *service, struct ctx *ctx,
                                   const struct account *account, bool exists,
                                   const struct identity_credential *credential,
                                   struct secret *wrapping_key) MUST_CHECK;

/* Inside a task: counts a failed guess at the account. */
enum err identity_count_guess(struct store_db *db, const struct ctx *ctx,
                              const struct uuid *account_id) MUST_CHECK;

/* Inside a task, after the password was right: takes a code of the second factor, which is used up
 * with that. *outcome: ERR_OK (also when the factor is off), ERR_TOTP_REQUIRED for an empty code,
 * ERR_TOTP_MISMATCH (counted). Gives ERR_RATE_LIMITED while guesses at it are barred. */
enum err identity_take_totp(struct store_db *db, struct ctx *ctx, const struct uuid *account_id,
                            struct bytes code, enum err *outcome) MUST_CHECK;

/* Inside a task: turns the account's second factor off and has its owner told by mail. */
enum err identity_totp_off(struct store_db *db, const struct ctx *ctx,
                           const struct account *account) MUST_CHECK;

/* Checks the credential of ctx->actor's account, its second factor among it. wrapping_key as
 * identity_check_credential's. */
enum err identity_prove(struct identity_service *service, struct ctx *ctx,
                        const struct identity_credential *credential, struct account *account,
                        struct secret *wrapping_key) MUST_CHECK;

/* Inside a task: forgets failed guesses at the account, after its owner proved to be there. */
enum err identity_forgive(struct store_db *db, const struct ctx *ctx,
                          const struct uuid *account_id) MUST_CHECK;

/* True when the configuration asks more of a new password than the account's was stretched with. */
bool identity_is_weakly_stretched(const struct identity_service *service,
                                  const struct account *account);

/* Unseals the account's ring key with the password's wrapping key. */
enum err identity_open_ring(struct ctx *ctx, const struct account *account,
                            const struct secret *wrapping_key, struct secret *ring_key) MUST_CHECK;

/* Sets the account's kdf, authenticator and ring_by_password for a new password. Stretches. */
enum err identity_set_password(struct identity_service *service, struct ctx *ctx,
                               struct bytes password, const struct secret *ring_key,
                               struct account *account) MUST_CHECK;

/* Makes a recovery key: its printed form, and the ring key sealed under it, both in the arena. */
void identity_make_recovery(struct ctx *ctx, const struct uuid *user_id,
                            const struct secret *ring_key, const char **printed,
                            struct bytes *sealed);

/* Unseals the ring key with a recovery key as a person typed it; false when it does not fit. */
bool identity_open_recovery(const struct account *account, struct bytes printed,
                            struct secret *ring_key);

/* Inside a task: true when the account's password is still the one that was checked. */
enum err identity_recheck(struct store_db *db, struct arena *arena, const struct account *account,
                          bool *same) MUST_CHECK;

/* Inside a task: ends the account's sessions but the one kept (nil: none is). */
enum err identity_end_sessions(struct store_db *db, const struct uuid *account_id,
                               const struct uuid *kept) MUST_CHECK;

/* The functions of the port; contracts in ports/identity.h. */
enum err identity_sign_up(void *self, struct ctx *ctx, const struct identity_sign_up *in,
                          struct uuid *user_id, struct identity_delivery *delivery);
enum err identity_confirm(void *self, struct ctx *ctx, struct bytes username, struct bytes code,
                          struct uuid *user_id);
enum err identity_resend_code(void *self, struct ctx *ctx, struct bytes username);
enum err identity_forgot_password(void *self, struct ctx *ctx, struct bytes login);
enum err identity_reset_password(void *self, struct ctx *ctx, struct bytes username,
                                 struct bytes code, struct bytes password,
                                 struct bytes recovery_key, struct uuid *user_id, bool *keys_lost);
enum err identity_parameters(void *self, struct ctx *ctx, struct bytes login,
                             struct identity_parameters *out);
enum err identity_sign_in(void *self, struct ctx *ctx, struct bytes login,
                          const struct identity_credential *credential, struct bytes client,
                          struct identity_grant *out);
enum err identity_refresh(void *self, struct ctx *ctx, struct bytes refresh_token,
                          struct identity_grant *out);
enum err identity_session_check(void *self, struct ctx *ctx, const struct actor *actor);
enum err identity_sessions_list(void *self, struct ctx *ctx, struct identity_session **out,
                                size_t *count);
enum err identity_session_end(void *self, struct ctx *ctx, const struct uuid *session_id);
enum err identity_sessions_end_all(void *self, struct ctx *ctx, const struct uuid *but_session_id);
enum err identity_change_password(void *self, struct ctx *ctx,
                                  const struct identity_credential *old, struct bytes new_password);
enum err identity_recovery_key_reissue(void *self, struct ctx *ctx,
                                       const struct identity_credential *proof,
                                       const char **recovery_key);
enum err identity_totp_begin(void *self, struct ctx *ctx, const struct identity_credential *proof,
                             const char **secret);
enum err identity_totp_confirm(void *self, struct ctx *ctx,
                               const struct identity_credential *proof);
enum err identity_totp_end(void *self, struct ctx *ctx, const struct identity_credential *proof);
enum err identity_account(void *self, struct ctx *ctx, struct identity_account *out);
enum err identity_account_erase(void *self, struct ctx *ctx, struct bytes password);

#endif
