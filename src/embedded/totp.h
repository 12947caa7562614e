/* Time-based one-time passwords (RFC 6238) as authenticator apps make them: HMAC-SHA-1, steps of
 * 30 seconds, 6 digits. Pure. */
#ifndef LETTERLOCK_EMBEDDED_TOTP_H
#define LETTERLOCK_EMBEDDED_TOTP_H

#include "base/bytes.h"

#define TOTP_SECRET_BYTES 20u /* what RFC 4226 (section 4, R6) recommends */
#define TOTP_DIGITS 6u
#define TOTP_STEP_S 30

/* Writes the code of a step (time in seconds / TOTP_STEP_S), NUL-terminated. Aborts when OpenSSL
 * fails, which takes lack of memory. */
void totp_code(struct bytes secret, int64_t step, char out[TOTP_DIGITS + 1]);

/* Finds the step whose code this is: the present one, the one before (slow typing, a clock that is
 * behind) or the one after, and later than last_step. False when there is none; takes the same time
 * in every case. */
bool totp_find_step(struct bytes secret, struct bytes code, int64_t now_unix_ms, int64_t last_step,
                    int64_t *step);

#endif
