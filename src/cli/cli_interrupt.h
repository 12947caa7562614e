/* Ctrl-C and polite kill: the signal is noted, the command cleans up, then the process ends by that
 * same signal as its parent expects. */
#ifndef LETTERLOCK_CLI_CLI_INTERRUPT_H
#define LETTERLOCK_CLI_CLI_INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>

/* From now on SIGINT, SIGTERM and SIGHUP are noted (system calls that wait return EINTR) and
 * SIGPIPE is ignored. */
void cli_interrupt_watch(void);

/* True once one of them came. */
bool cli_interrupted(void);

/* Waits; false when interrupted. */
bool cli_interrupt_wait(int64_t ms);

/* Ends the process by the noted signal; returns when there was none. */
void cli_interrupt_leave(void);

#endif
