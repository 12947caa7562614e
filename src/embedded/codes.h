/* Verification codes: 6 decimal digits, kept as hashes, 15 minutes, 5 tries, one per account and
 * purpose. They are made when the mail is about to be sent, so that none ever rests on disk. */
#ifndef LETTERLOCK_EMBEDDED_CODES_H
#define LETTERLOCK_EMBEDDED_CODES_H

#include "embedded/store.h"

#define CODE_DIGITS 6u
#define CODE_LIFETIME_MS (INT64_C(15) * 60 * 1000)
#define CODE_TRIES 5

enum code_purpose { CODE_CONFIRM = 1, CODE_RESET = 2 };

/* Inside a write task: makes a new code for the account in place of any older one and writes it,
 * NUL-terminated, to out; only its hash is stored. The caller cleanses out. ERR_NOT_FOUND when the
 * account is gone or has no use for such a code (confirmed already, or not yet). */
enum err codes_issue(struct store_db *db, const struct uuid *account_id, enum code_purpose purpose,
                     int64_t now_unix_ms, char out[CODE_DIGITS + 1]) MUST_CHECK;

/* Inside a write task: puts a code in place that nobody knows, for an account that does not exist
 * or gets no mail: tries are counted and run out there as they do for a real one. */
enum err codes_issue_unknown(struct store_db *db, const struct uuid *account_id,
                             enum code_purpose purpose, int64_t now_unix_ms) MUST_CHECK;

/* Inside a write task: counts a try and checks it. *outcome is ERR_OK, ERR_CODE_MISMATCH,
 * ERR_CODE_EXPIRED or ERR_TOO_MANY_TRIES; the function's own result is ERR_OK then, so that the
 * counted try is committed. A code that fitted stays until codes_drop. */
enum err codes_check(struct store_db *db, const struct uuid *account_id, enum code_purpose purpose,
                     struct bytes code, int64_t now_unix_ms, enum err *outcome) MUST_CHECK;

/* The stored hash of the account's code, in the arena; empty when there is none. */
enum err codes_hash(struct store_db *db, const struct uuid *account_id, enum code_purpose purpose,
                    struct arena *arena, struct bytes *hash) MUST_CHECK;

/* True when hash, as codes_hash gave it, is that of code. Constant time. */
bool codes_match(struct bytes hash, const struct uuid *account_id, enum code_purpose purpose,
                 struct bytes code);

/* Inside a write task: forgets the account's codes of that purpose. */
enum err codes_drop(struct store_db *db, const struct uuid *account_id,
                    enum code_purpose purpose) MUST_CHECK;

#endif
