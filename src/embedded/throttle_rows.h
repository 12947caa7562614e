/* The counts of ports/throttle.h as rows, which survive a restart. */
#ifndef LETTERLOCK_EMBEDDED_THROTTLE_ROWS_H
#define LETTERLOCK_EMBEDDED_THROTTLE_ROWS_H

#include "embedded/store.h"
#include "ports/throttle.h"

/* Inside a read or a task: ERR_RATE_LIMITED, with the seconds to wait in *wait_s, while the key is
 * barred. */
enum err throttle_rows_check(struct store_db *db, const struct throttle *throttle,
                             int64_t now_unix_ms, int64_t *wait_s) MUST_CHECK;

/* Inside a task: counts a failure. */
enum err throttle_rows_count(struct store_db *db, const struct throttle *throttle,
                             int64_t now_unix_ms) MUST_CHECK;

/* Inside a task: forgets the key's failures. */
enum err throttle_rows_clear(struct store_db *db, const struct throttle *throttle) MUST_CHECK;

/* Inside a task: forgets what is past. */
enum err throttle_rows_sweep(struct store_db *db, int64_t now_unix_ms) MUST_CHECK;

#endif
