/* Throttles for guessers and for those who have mail sent: counts per key, which survive a restart.
 * A key is a kind and a value (an account, an address, both), kept as a hash. An IPv6 address
 * counts as its /64 prefix: one customer has all of that. */
#ifndef LETTERLOCK_EMBEDDED_THROTTLE_H
#define LETTERLOCK_EMBEDDED_THROTTLE_H

#include "embedded/store.h"

#define THROTTLE_KEY_BYTES 32u

struct throttle {
    uint8_t key[THROTTLE_KEY_BYTES];
    int64_t free_failures; /* so many cost nothing */
    bool hourly;           /* then none before an hour has passed since the first; otherwise a wait
                              that doubles with each (30 s to 15 min) */
};

/* A throttle on guesses for this account from this address; on the account from anywhere; on the
 * address whatever the account. A NULL address counts as one address. */
struct throttle throttle_of_guess(const struct uuid *account_id, const char *address);
struct throttle throttle_of_account(const struct uuid *account_id);
struct throttle throttle_of_address(const char *address);

/* A throttle on mails asked for under this login, whether there is such an account or not: 5 an
 * hour. On mails asked for from that address. */
struct throttle throttle_of_mail(struct bytes login);
struct throttle throttle_of_mail_address(const char *address);

/* Inside a read or a task: ERR_RATE_LIMITED, with the seconds to wait in *wait_s, while the key is
 * barred. */
enum err throttle_check(struct store_db *db, const struct throttle *throttle, int64_t now_unix_ms,
                        int64_t *wait_s) MUST_CHECK;

/* Inside a task: counts a failure, and bars the key once the free ones are used up. Failures are
 * forgotten an hour after the last (hourly: the first). */
enum err throttle_count(struct store_db *db, const struct throttle *throttle,
                        int64_t now_unix_ms) MUST_CHECK;

/* Inside a task: forgets the key's failures. */
enum err throttle_clear(struct store_db *db, const struct throttle *throttle) MUST_CHECK;

/* Inside a task: forgets what is past. */
enum err throttle_sweep(struct store_db *db, int64_t now_unix_ms) MUST_CHECK;

#endif
