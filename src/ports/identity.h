/* The identity port: accounts, passwords, verification codes, sessions, tokens. Shaped after Amazon
 * Cognito's user pool, so that an adapter can be that service or our own issuer.
 *
 * Contract for every adapter (tests/unit/embedded holds the suite):
 *  - Thread-safe. Calls may block until ctx->deadline_mono_ms, so they run on worker threads.
 *  - Borrowed inputs live through the call; results live in ctx->arena.
 *  - Unknown accounts are not told from known ones: neutral answers, equal work (Argon2 on a
 *    made-up account), except where api.md says so (409 for a taken username).
 *  - Codes: 6 decimal digits, stored hashed, 15 minutes, 5 tries, superseded by a new one.
 *  - While an account's second factor (RFC 6238) is on, whatever takes its password takes a code
 *    too: ERR_TOTP_REQUIRED without one, ERR_TOTP_MISMATCH, throttled like a wrong password, for a
 *    wrong one or one that was used before. Either comes only after the password was right. The
 *    codes of one step before and after the present one are taken. Refreshing takes none, and a
 *    reset by code leaves the factor on.
 *  - Guessing is throttled per account and per ctx->client_address; the counts survive a restart;
 *    refused calls return ERR_RATE_LIMITED with the seconds to wait in ctx->retry_after_s. */
#ifndef LETTERLOCK_PORTS_IDENTITY_H
#define LETTERLOCK_PORTS_IDENTITY_H

#include "base/ctx.h"
#include "base/secret.h"
#include "base/uuid.h"
#include "ports/actor.h"

struct identity_sign_up {
    struct bytes username; /* valid and lower-case: core/accounts checked it */
    struct bytes email;    /* likewise */
    struct bytes password; /* at least as strong as the policy asks */
    struct bytes invite;   /* invitation code, or empty */
    bool invite_required;
};

/* Where a code went, masked for display: "a***@e***.org". */
struct identity_delivery {
    const char *medium; /* "EMAIL" */
    const char *destination;
};

/* A password, or what a client derived from it (exactly one is non-empty), and the code of the
 * second factor, 6 digits, or empty. */
struct identity_credential {
    struct bytes password;
    struct bytes authentication_secret; /* 32 bytes */
    struct bytes totp;
};

/* What a client needs to derive for itself (architecture 3, last paragraph). */
struct identity_parameters {
    struct bytes salt;
    uint32_t memory_kib;
    uint32_t passes;
    uint32_t lanes;
};

/* Tokens as Cognito gives them: two JWTs and an opaque refresh token. */
struct identity_grant {
    struct uuid user_id;
    struct uuid session_id;
    const char *username;
    struct bytes id_token;
    struct bytes access_token;
    struct bytes refresh_token;
    int64_t expires_in_s;      /* of the ID and access tokens */
    int64_t refresh_expires_s; /* of the refresh token, from now */
    const char *recovery_key;  /* given once, at the first sign-in; else NULL */
};

struct identity_session {
    struct uuid id;
    int64_t created_unix_ms;
    int64_t last_used_unix_ms;
    int64_t expires_unix_ms;
    const char *client; /* what the client called itself at sign-in, cut and cleaned */
};

struct identity_account {
    struct uuid id;
    const char *username;
    const char *email;
    int64_t created_unix_ms;
    bool confirmed;
    bool disabled;
    bool recovery_key_set; /* one was given out that opens the account's keys */
    bool totp_on;          /* signing in takes a code too */
};

struct identity {
    void *self;

    /* Registers an unconfirmed account and e-mails a code (ERR_RATE_LIMITED past 200 mails an hour
     * asked for from one address). ERR_USERNAME_TAKEN; a taken e-mail address answers like success,
     * takes the username for a day and mails its owner instead. An unconfirmed account older than a
     * day gives its names up to a new one. ERR_INVITE_REQUIRED for a wrong or used invitation. */
    enum err (*sign_up)(void *self, struct ctx *ctx, const struct identity_sign_up *in,
                        struct uuid *user_id, struct identity_delivery *delivery) MUST_CHECK;

    /* Confirms the e-mail address. Gives the user's id for post-confirmation, also when the account
     * was confirmed before with this very code (a lost answer may be asked again).
     * ERR_CODE_MISMATCH, ERR_CODE_EXPIRED, ERR_TOO_MANY_TRIES. */
    enum err (*confirm)(void *self, struct ctx *ctx, struct bytes username, struct bytes code,
                        struct uuid *user_id) MUST_CHECK;

    /* Neutral answers for all names; ERR_RATE_LIMITED past the limit (5 an hour per account). */
    enum err (*resend_code)(void *self, struct ctx *ctx, struct bytes username) MUST_CHECK;
    enum err (*forgot_password)(void *self, struct ctx *ctx, struct bytes login) MUST_CHECK;

    /* Sets a new password by code and ends all sessions. With the recovery key (may be empty) the
     * old keys stay openable; without it *keys_lost is true and a new key pair was made.
     * ERR_RECOVERY_KEY_WRONG leaves everything as it was and the code usable. */
    enum err (*reset_password)(void *self, struct ctx *ctx, struct bytes username,
                               struct bytes code, struct bytes password, struct bytes recovery_key,
                               struct uuid *user_id, bool *keys_lost) MUST_CHECK;

    /* Stable made-up values for unknown logins. ERR_NOT_FOUND where clients derive nothing. */
    enum err (*parameters)(void *self, struct ctx *ctx, struct bytes login,
                           struct identity_parameters *out) MUST_CHECK;

    /* Opens a session. ERR_BAD_CREDENTIALS for every cause but ERR_UNCONFIRMED (right password;
     * Cognito does not ask for it first), and ERR_FORBIDDEN with ctx->detail when the account signs
     * in in a way that is not taken here. */
    enum err (*sign_in)(void *self, struct ctx *ctx, struct bytes login,
                        const struct identity_credential *credential, struct bytes client,
                        struct identity_grant *out) MUST_CHECK;

    /* Rotates: the presented refresh token is used up; presenting it again ends the session
     * (ERR_REFRESH_REUSED), but for a few seconds in which a client that lost the answer may ask
     * once more. ERR_UNAUTHENTICATED for unknown or expired ones. */
    enum err (*refresh)(void *self, struct ctx *ctx, struct bytes refresh_token,
                        struct identity_grant *out) MUST_CHECK;

    /* ERR_OK while the session of this verified token lives; ERR_UNAUTHENTICATED once it was ended
     * or its account disabled. Called when core's token cache does not know the token. */
    enum err (*session_check)(void *self, struct ctx *ctx, const struct actor *actor) MUST_CHECK;

    /* The actor's own sessions, newest first; ends one (ERR_NOT_FOUND for another's) or all. */
    enum err (*sessions_list)(void *self, struct ctx *ctx, struct identity_session **out,
                              size_t *count) MUST_CHECK;
    enum err (*session_end)(void *self, struct ctx *ctx, const struct uuid *session_id) MUST_CHECK;
    enum err (*sessions_end_all)(void *self, struct ctx *ctx,
                                 const struct uuid *but_session_id) MUST_CHECK;

    /* Changes the actor's password after checking the old one (no authentication secret); re-wraps
     * the key ring; ends all other sessions. ERR_BAD_CREDENTIALS for a wrong old password. */
    enum err (*change_password)(void *self, struct ctx *ctx, const struct identity_credential *old,
                                struct bytes new_password) MUST_CHECK;

    /* Makes a new recovery key in place of the old one; takes the password. ERR_NOT_FOUND where
     * there are none, as no password opens keys. */
    enum err (*recovery_key_reissue)(void *self, struct ctx *ctx,
                                     const struct identity_credential *proof,
                                     const char **recovery_key) MUST_CHECK;

    /* The actor's second factor. begin makes a secret for an authenticator app, in base32, which
     * asks nothing yet and takes the place of one made before; ERR_CONFLICT while the factor is on.
     * confirm turns it on with a code of that secret in proof->totp (ERR_TOTP_MISMATCH);
     * ERR_NOT_FOUND without a secret. end turns it off with a code; ERR_NOT_FOUND when it is off,
     * whatever the password. Sessions live on in any case. The owner gets a mail about either where
     * mails are the adapter's own. */
    enum err (*totp_begin)(void *self, struct ctx *ctx, const struct identity_credential *proof,
                           const char **secret) MUST_CHECK;
    enum err (*totp_confirm)(void *self, struct ctx *ctx,
                             const struct identity_credential *proof) MUST_CHECK;
    enum err (*totp_end)(void *self, struct ctx *ctx,
                         const struct identity_credential *proof) MUST_CHECK;

    /* The actor's own account; erases it and everything of its (keys, sessions, codes), once its
     * second factor is off. */
    enum err (*account)(void *self, struct ctx *ctx, struct identity_account *out) MUST_CHECK;
    enum err (*account_erase)(void *self, struct ctx *ctx, struct bytes password) MUST_CHECK;

    /* The issuer's public keys as a JWK Set (RFC 7517 section 5), present and recent ones. */
    enum err (*jwks)(void *self, struct ctx *ctx, struct bytes *json) MUST_CHECK;

    /* The iss and aud (ID token) / client_id (access token) that tokens must carry. Constant. */
    const char *issuer;
    const char *audience;
    const char *algorithm; /* "ES256" (embedded) or "RS256" (Cognito): the only one accepted */
};

/* An e-mail address masked for display: "anna@mail.example.org" becomes "a***@m***.org". */
const char *identity_mask_address(struct arena *arena, struct bytes email);

/* What a client calls itself, printable and short, in the arena. */
struct bytes identity_clean_client(struct arena *arena, struct bytes client);

#endif
