/* People with accounts, for the contracts of the identity and the keys port, which run on any
 * adapter: sign-up, codes from the mail, sessions, actors from verified tokens. */
#ifndef LETTERLOCK_TESTS_HOUSEHOLD_H
#define LETTERLOCK_TESTS_HOUSEHOLD_H

#include "core/token.h"
#include "ports/identity.h"
#include "ports/keys.h"

#define HOUSEHOLD_PASSWORD "nine-lives-of-cats"
#define HOUSEHOLD_NEW_PASSWORD "ten-lives-of-cats"
#define HOUSEHOLD_CODE_BYTES 7u /* 6 digits and the NUL */
#define HOUSEHOLD_INVITE_BYTES 32u
#define MINUTE_MS (INT64_C(60) * 1000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

enum household_mail { HOUSEHOLD_CONFIRM, HOUSEHOLD_RESET, HOUSEHOLD_TAKEN, HOUSEHOLD_CHANGED };

/* What an adapter does itself, where others leave it to a service or have no use for it. The suites
 * ask it only of those that do. */
struct household_traits {
    bool keys_by_password; /* the password opens the keys: recovery keys, custody secrets, clients
                              that derive for themselves, keys that go with the account */
    bool own_codes;        /* counts and ages codes by ctx's clock, writes the mails */
    bool own_tokens;  /* checks passwords before all else, issues tokens by ctx's clock, rotates
                         refresh tokens and its keys */
    bool kept_counts; /* counts of guesses outlive a restart, and nobody else counts */
};

/* One adapter under test. */
struct household_maker {
    struct household_traits traits;
    /* Gives both ports, empty, and a handle; restart closes and opens them on what is stored. */
    void *(*make)(struct identity *identity, struct keys *keys);
    void (*restart)(void *made, struct identity *identity, struct keys *keys);
    void (*unmake)(void *made);
    /* Waits for a mail of that kind to the address and takes it out of the box: its code goes to
     * code, if there is one. Fails the test when none comes. */
    void (*take_mail)(void *made, const char *email, enum household_mail kind,
                      char code[HOUSEHOLD_CODE_BYTES]);
    /* True when all mails are sent and none is in the box. */
    bool (*no_mail)(void *made);
    void (*invite)(void *made, struct ctx *ctx, char out[HOUSEHOLD_INVITE_BYTES]);
    void (*set_disabled)(void *made, struct ctx *ctx, const char *username, bool disabled);
    void (*sweep)(void *made, struct ctx *ctx);
};

struct household {
    const struct household_maker *maker;
    void *made;
    struct identity identity;
    struct keys keys;
    struct token_verifier *verifier;
    struct arena arena;
    struct ctx ctx;
    int64_t start_unix_ms;
    struct actor actor;
};

/* The adapter that the suites run on, and its traits. */
void household_use(const struct household_maker *maker);
const struct household_traits *household_traits(void);

/* cmocka set-up and tear-down: *state is the household. */
int household_open(void **state);
int household_close(void **state);
void household_restart(struct household *h);

/* Moves the present to that long after the start (or before). */
void household_at(struct household *h, int64_t after_start_ms);

/* "name@example.org", in the arena. */
const char *household_email(struct household *h, const char *name);

/* Signs up with household_email and HOUSEHOLD_PASSWORD. */
enum err household_sign_up(struct household *h, const char *name, struct uuid *id);

/* Signs up, confirms, provisions the key. */
struct uuid household_add(struct household *h, const char *name);

/* Has a reset code mailed and takes it. */
void household_reset_code(struct household *h, const char *name, char code[HOUSEHOLD_CODE_BYTES]);

/* Fails unless a code that was not the right one was refused: as a mismatch or, by services that
 * have codes of their own, as one that is past. */
void household_assert_no_code(enum err e);

/* Signs in by password. */
enum err household_sign_in(struct household *h, const char *login, const char *password,
                           struct identity_grant *grant);

/* The code that an authenticator app shows for the secret so many steps of 30 s from now. */
void household_totp_code(struct household *h, const char *secret, int steps,
                         char code[HOUSEHOLD_CODE_BYTES]);

/* Turns the actor's second factor on with the present code, which is used up by that. */
const char *household_totp_on(struct household *h);

/* Signs in by password and code. */
enum err household_sign_in_totp(struct household *h, const char *login, const char *password,
                                const char *code, struct identity_grant *grant);

/* Verifies the token and makes its owner ctx's actor. */
void household_act(struct household *h, struct bytes token);

/* Signs in, which must go well, and acts with the ID token. */
struct identity_grant household_enter(struct household *h, const char *name);

#endif
