/* Asking the person at the terminal. */
#ifndef LETTERLOCK_CLI_CLI_PROMPT_H
#define LETTERLOCK_CLI_CLI_PROMPT_H

#include "base/buffer.h"
#include "cli/cli_exit.h"

#define CLI_PASSWORD_MAX_BYTES 1024u

/* Asks question on the controlling terminal (also when standard input is redirected) and appends
 * the line typed, without its end, to answer. Nothing is echoed when secret. CLI_USAGE, with a
 * message naming option (the way to answer without a terminal), when there is no terminal. */
enum cli_exit cli_prompt(const char *question, bool secret, const char *option,
                         struct buffer *answer) MUST_CHECK;

/* Gives a password: the first line of file ("-": standard input), or asked for when file is NULL,
 * twice when repeat. password is initialised here; the caller ends it with buffer_fini, always. */
enum cli_exit cli_prompt_password(const char *file, bool repeat,
                                  struct buffer *password) MUST_CHECK;

#endif
