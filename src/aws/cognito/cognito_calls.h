/* What the files of the identity adapter share. For cognito_*.c only. */
#ifndef LETTERLOCK_AWS_COGNITO_CALLS_H
#define LETTERLOCK_AWS_COGNITO_CALLS_H

#include "aws/cognito/cognito_identity.h"
#include "aws/cognito/cognito_jwks.h"
#include "aws/cognito/cognito_throttles.h"
#include "aws/cognito/session_map.h"

#define COGNITO_ISSUER_BYTES 256u

struct cognito_identity {
    struct aws_client *client;
    const struct aws_config *config;
    char issuer[COGNITO_ISSUER_BYTES];
    struct cognito_throttles *throttles;
    struct cognito_jwks *jwks;
};

/* --- one operation --- */

/* An answer of the pool, a refusal among them. */
struct cognito_answer {
    struct aws_call call;
    struct aws_answer answer;
    json_t *body; /* owned; NULL for a refusal */
};

enum cognito_repeat { COGNITO_ONCE, COGNITO_REPEATABLE };

/* A new request with the app client's or the pool's id. */
json_t *cognito_client_request(const struct cognito_identity *identity)
    __attribute__((returns_nonnull));
json_t *cognito_pool_request(const struct cognito_identity *identity, struct bytes username)
    __attribute__((returns_nonnull));

/* Sets a member; text that is no UTF-8 becomes one that Cognito refuses. */
void cognito_set(json_t *in, const char *name, struct bytes text);

/* Run an operation with the request in, whose reference is taken and whose texts, passwords among
 * them, are cleansed as json_cleanse_freed says. Public operations are not signed, those of the
 * pool with the server's credentials. ERR_OK for a refusal too; *out is for cognito_call_end
 * whatever comes back. */
enum err cognito_call_public(struct cognito_identity *identity, struct ctx *ctx,
                             const char *operation, enum cognito_repeat repeat, json_t *in,
                             struct cognito_answer *out) MUST_CHECK;
enum err cognito_call_pool(struct cognito_identity *identity, struct ctx *ctx,
                           const char *operation, json_t *in,
                           struct cognito_answer *out) MUST_CHECK;
void cognito_call_end(struct cognito_answer *answer);

/* True for a refusal with that code. */
bool cognito_refused(const struct cognito_answer *answer, const char *code);

/* True for a refusal that only says that a Lambda trigger failed: the operation itself was carried
 * out (PostConfirmation). */
bool cognito_trigger_failed(const struct cognito_answer *answer);

/* What a code of Cognito is to the user, with a detail or NULL. */
struct cognito_meaning {
    const char *code;
    enum err e;
    const char *detail;
};

/* ERR_OK unless it is a refusal; then what the table says of its code, else what it means in every
 * operation, else what aws_answer_error makes of it. */
enum err cognito_call_error(struct ctx *ctx, const struct cognito_answer *answer,
                            const struct cognito_meaning *meanings, size_t count) MUST_CHECK;

/* Of a password that the pool's policy refuses, and ours did not. */
#define COGNITO_WEAK_PASSWORD                                                                      \
    "This service asks for a stronger password: longer, with more kinds of characters, or "        \
    "without a space at its ends."

/* What Cognito calls time-based one-time passwords, as a challenge and as a setting. */
#define COGNITO_TOTP "SOFTWARE_TOKEN_MFA"

/* True for six digits, as all codes are. */
bool cognito_is_code(struct bytes text);

/* --- users --- */

struct cognito_user {
    struct uuid id;
    const char *username;
    const char *email;
    int64_t created_unix_ms;
    bool confirmed;
    bool disabled;
    bool totp_on;
};

/* Reads a user by username, by the e-mail address that it proved, or by its id. ERR_NOT_FOUND. */
enum err cognito_user_by_login(struct cognito_identity *identity, struct ctx *ctx,
                               struct bytes login, struct cognito_user *out) MUST_CHECK;

/* Reads ctx->actor's user, of whom only the id need be known. ERR_UNAUTHENTICATED when there is no
 * such user any more. */
enum err cognito_user_of_actor(struct cognito_identity *identity, struct ctx *ctx,
                               struct cognito_user *out) MUST_CHECK;

/* --- signing in --- */

/* Tokens as Cognito gave them, in the arena, and whose they are. */
struct cognito_tokens {
    struct uuid user_id;
    struct uuid session_id;
    const char *username;
    struct bytes id_token;
    struct bytes access_token;
    struct bytes refresh_token; /* empty when the one presented stays in use */
    int64_t expires_in_s;
};

/* Reads an answer with an AuthenticationResult. The ID token's claims are taken as they are: the
 * pool itself gave it, over TLS. ERR_UNAVAILABLE, logged, for anything else. */
enum err cognito_read_tokens(struct ctx *ctx, const struct cognito_answer *answer,
                             struct cognito_tokens *out) MUST_CHECK;

/* Checks a password, and the second factor where it is on, by signing in: a new session of
 * Cognito's, which is in no list yet. Wrong ones are counted against guessers. Errors as those of
 * the port's sign_in. */
enum err cognito_check_password(struct cognito_identity *identity, struct ctx *ctx,
                                struct bytes login, const struct identity_credential *credential,
                                struct cognito_tokens *out) MUST_CHECK;

/* The same for ctx->actor's password. */
enum err cognito_check_own_password(struct cognito_identity *identity, struct ctx *ctx,
                                    const struct identity_credential *credential,
                                    struct cognito_tokens *out) MUST_CHECK;

/* Before and after a code of the user's second factor is tried: ERR_RATE_LIMITED while guesses at
 * it are barred; counts a wrong one, and forgets them after a right one. */
enum err cognito_totp_check(struct cognito_identity *identity, struct ctx *ctx,
                            struct bytes username) MUST_CHECK;
void cognito_totp_count(struct cognito_identity *identity, const struct ctx *ctx,
                        struct bytes username, enum err outcome);

/* Ends a session of Cognito's by its refresh token. A failure is only logged: no session of ours
 * depends on it. */
void cognito_revoke(struct cognito_identity *identity, struct ctx *ctx, struct bytes refresh_token);

/* Forgets wrong guesses at the login's password, after its owner proved to be there. */
void cognito_forgive(struct cognito_identity *identity, const struct ctx *ctx, struct bytes login);

/* Ends every session of the user, at Cognito and in the list. */
enum err cognito_sign_out_everywhere(struct cognito_identity *identity, struct ctx *ctx,
                                     const struct uuid *id, struct bytes username) MUST_CHECK;

/* SoftwareTokenMfaSettings that turn the factor on or off; a new reference. */
json_t *cognito_totp_settings(bool on) __attribute__((returns_nonnull));

/* --- the functions of the port; contracts in ports/identity.h --- */

enum err cognito_sign_up(void *self, struct ctx *ctx, const struct identity_sign_up *in,
                         struct uuid *user_id, struct identity_delivery *delivery);
enum err cognito_confirm(void *self, struct ctx *ctx, struct bytes username, struct bytes code,
                         struct uuid *user_id);
enum err cognito_resend_code(void *self, struct ctx *ctx, struct bytes username);
enum err cognito_forgot_password(void *self, struct ctx *ctx, struct bytes login);
enum err cognito_reset_password(void *self, struct ctx *ctx, struct bytes username,
                                struct bytes code, struct bytes password, struct bytes recovery_key,
                                struct uuid *user_id, bool *keys_lost);
enum err cognito_parameters(void *self, struct ctx *ctx, struct bytes login,
                            struct identity_parameters *out);
enum err cognito_sign_in(void *self, struct ctx *ctx, struct bytes login,
                         const struct identity_credential *credential, struct bytes client,
                         struct identity_grant *out);
enum err cognito_refresh(void *self, struct ctx *ctx, struct bytes refresh_token,
                         struct identity_grant *out);
enum err cognito_session_check(void *self, struct ctx *ctx, const struct actor *actor);
enum err cognito_sessions_list(void *self, struct ctx *ctx, struct identity_session **out,
                               size_t *count);
enum err cognito_session_end(void *self, struct ctx *ctx, const struct uuid *session_id);
enum err cognito_sessions_end_all(void *self, struct ctx *ctx, const struct uuid *but_session_id);
enum err cognito_change_password(void *self, struct ctx *ctx, const struct identity_credential *old,
                                 struct bytes new_password);
enum err cognito_recovery_key_reissue(void *self, struct ctx *ctx,
                                      const struct identity_credential *proof,
                                      const char **recovery_key);
enum err cognito_totp_begin(void *self, struct ctx *ctx, const struct identity_credential *proof,
                            const char **secret);
enum err cognito_totp_confirm(void *self, struct ctx *ctx, const struct identity_credential *proof);
enum err cognito_totp_end(void *self, struct ctx *ctx, const struct identity_credential *proof);
enum err cognito_account(void *self, struct ctx *ctx, struct identity_account *out);
enum err cognito_account_erase(void *self, struct ctx *ctx, struct bytes password);

#endif
