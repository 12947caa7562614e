/* The server's address as people give it. */
#ifndef LETTERLOCK_CLI_CLI_URL_H
#define LETTERLOCK_CLI_CLI_URL_H

#include "base/arena.h"
#include "cli/cli_exit.h"

/* Checks a server address and gives it in normal form: https://host[:port][/path], or http:// for a
 * loopback host or with insecure_ok. CLI_USAGE with a message. */
enum cli_exit cli_url_check(struct arena *arena, const char *text, bool insecure_ok,
                            const char **url) MUST_CHECK;

#endif
