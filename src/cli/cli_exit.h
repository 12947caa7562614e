/* How a command ends. The same numbers are in letterlock(1) and are promised to scripts. */
#ifndef LETTERLOCK_CLI_CLI_EXIT_H
#define LETTERLOCK_CLI_CLI_EXIT_H

#include "base/err.h"

enum cli_exit {
    CLI_OK = 0,
    CLI_FAILED = 1,        /* the server refused; its reason was printed */
    CLI_USAGE = 2,         /* the command line is not valid */
    CLI_NOT_SIGNED_IN = 3, /* there is no session, or it has ended */
    CLI_NOT_FOUND = 4,     /* no such letter, person or address */
    CLI_NETWORK = 5,       /* no connection, connection lost, or nothing came in time */
    CLI_INTEGRITY = 6,     /* a letter or key did not verify; nothing of it was written */
    CLI_LOCAL = 7,         /* a local file or the terminal failed */
};

/* Prints "letterlock: …" and a line end on standard error and gives code back, so that a failure
 * reads: return cli_fail(CLI_LOCAL, "…"). Control characters in the text are replaced. */
enum cli_exit cli_fail(enum cli_exit code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same line without a failure. */
void cli_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A remark for the person at the terminal: the line without "letterlock: ", and only when standard
 * error is a terminal. */
void cli_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
