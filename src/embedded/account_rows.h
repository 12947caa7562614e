/* Rows of the table accounts. */
#ifndef LETTERLOCK_EMBEDDED_ACCOUNT_ROWS_H
#define LETTERLOCK_EMBEDDED_ACCOUNT_ROWS_H

#include "base/digest.h"
#include "core/key_ring.h"
#include "embedded/store.h"

enum account_state { ACCOUNT_UNCONFIRMED, ACCOUNT_CONFIRMED, ACCOUNT_DISABLED };

/* Texts and blobs live in the arena that the row was read with. */
struct account {
    struct uuid id;
    struct bytes username;
    struct bytes email;
    enum account_state state;
    int64_t created_unix_ms;
    uint8_t authenticator[DIGEST_SHA256_BYTES]; /* SHA-256 of the authentication secret */
    struct kdf_parameters kdf;
    struct bytes ring_by_password; /* the ring key sealed under the wrapping key */
    struct bytes ring_by_recovery; /* and under the recovery key; empty: none was made yet */
    struct bytes confirmed_by;     /* hash of the code that confirmed the account, or empty */
    struct bytes totp;             /* secret of the second factor, or empty */
    bool totp_on;                  /* else the secret waits for its first code */
    int64_t totp_step;             /* of the last code that was taken */
};

/* Reads one account. *found tells whether there is one. A login is a username or an address. */
enum err account_by_id(struct store_db *db, struct arena *arena, const struct uuid *id,
                       struct account *out, bool *found) MUST_CHECK;
enum err account_by_name(struct store_db *db, struct arena *arena, struct bytes username,
                         struct account *out, bool *found) MUST_CHECK;
enum err account_by_email(struct store_db *db, struct arena *arena, struct bytes email,
                          struct account *out, bool *found) MUST_CHECK;
enum err account_by_login(struct store_db *db, struct arena *arena, struct bytes login,
                          struct account *out, bool *found) MUST_CHECK;

/* The account of the row that a statement over ACCOUNT_COLUMNS stands on. */
void account_from_row(sqlite3_stmt *s, struct arena *arena, struct account *out);

/* Inside a task: inserts the account (its recovery and confirmation parts stay empty).
 * ERR_CONFLICT when a name is taken. */
enum err account_add(struct store_db *db, const struct account *account) MUST_CHECK;

/* Inside a task: stores authenticator, kdf and ring_by_password of account. */
enum err account_set_password(struct store_db *db, const struct account *account) MUST_CHECK;

/* Inside a task: stores the ring key sealed under a recovery key; empty: none. */
enum err account_set_recovery(struct store_db *db, const struct uuid *id,
                              struct bytes ring_by_recovery) MUST_CHECK;

/* Inside a task: stores totp, totp_on and totp_step of account. */
enum err account_set_totp(struct store_db *db, const struct account *account) MUST_CHECK;

#endif
