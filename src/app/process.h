/* What the process asks of the system before anything else: no core dumps, private files, enough
 * descriptors, signals taken by one thread. */
#ifndef LETTERLOCK_APP_PROCESS_H
#define LETTERLOCK_APP_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/* Forbids core dumps and debugging by others (prctl(2) PR_SET_DUMPABLE), since memory holds keys;
 * makes new files private (umask 077). For every command. */
void process_protect(void);

/* For a server: raises the limit of open files as far as allowed, tunes the allocator to give
 * memory back, blocks the signals that process_wait takes. Call before any thread starts. */
void process_prepare_server(void);

/* Waits for SIGTERM or SIGINT (true) or until timeout_ms have passed (false). */
bool process_wait_for_end(int64_t timeout_ms);

#endif
