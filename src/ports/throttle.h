/* The rule by which every identity adapter slows down guessers and those who have mail sent; where
 * the counts are kept is the adapter's business. A key is a kind and a value (an account, an
 * address, both), hashed. An IPv6 address counts as its /64 prefix: one customer has all of that.
 * Pure. */
#ifndef LETTERLOCK_PORTS_THROTTLE_H
#define LETTERLOCK_PORTS_THROTTLE_H

#include "base/bytes.h"

#define THROTTLE_KEY_BYTES 32u
/* Failures are forgotten an hour after the last (hourly: the first). */
#define THROTTLE_FORGET_MS (INT64_C(3600) * 1000)

struct throttle {
    uint8_t key[THROTTLE_KEY_BYTES];
    int64_t free_failures; /* so many cost nothing */
    bool hourly;           /* then none before an hour has passed since the first; otherwise a wait
                              that doubles with each (30 s to 15 min) */
};

/* What is kept of a key; zeroed: nothing. */
struct throttle_count {
    int64_t failures;
    int64_t since_unix_ms; /* the last failure; hourly: the first */
    int64_t until_unix_ms; /* barred so long */
};

/* A throttle on guesses for this account (whatever bytes name it) from this address; on the account
 * from anywhere; on the address whatever the account. A NULL address counts as one address. */
struct throttle throttle_of_guess(struct bytes account, const char *address);
struct throttle throttle_of_account(struct bytes account);
struct throttle throttle_of_address(const char *address);

/* A throttle on codes of the account's second factor, from anywhere. Only who knows the password
 * gets to guess at them, so that it bears no more than a throttle of guesses. */
struct throttle throttle_of_totp(struct bytes account);

/* A throttle on mails asked for under this login, whether there is such an account or not: 5 an
 * hour. On mails asked for from that address. */
struct throttle throttle_of_mail(struct bytes login);
struct throttle throttle_of_mail_address(const char *address);

/* Forgets what is past in a count as it was kept. */
void throttle_age(struct throttle_count *count, int64_t now_unix_ms);

/* The seconds for which an aged count bars its key; 0: it does not. */
int64_t throttle_wait_s(const struct throttle_count *count, int64_t now_unix_ms);

/* Adds a failure to an aged count, which bars the key once the free ones are used up. */
void throttle_add(const struct throttle *throttle, struct throttle_count *count,
                  int64_t now_unix_ms);

#endif
