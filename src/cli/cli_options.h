/* Command lines: one table of options per command gives both the parser and --help. */
#ifndef LETTERLOCK_CLI_CLI_OPTIONS_H
#define LETTERLOCK_CLI_CLI_OPTIONS_H

#include "cli/cli_exit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sets exactly one of flag, value and number. */
struct cli_option {
    const char *name;     /* without "--" */
    char letter;          /* short form, or 0 */
    const char *argument; /* the value's name in the help; NULL for a flag */
    const char *help;
    bool *flag;
    const char **value;
    int64_t *number; /* a decimal number of at least 1 */
};

struct cli_syntax {
    const char *synopsis; /* behind "letterlock " */
    const char *summary;  /* what the command does, whole lines */
    const struct cli_option *options;
    size_t option_count; /* at most CLI_OPTIONS_MAX */
    int operands_min;
    int operands_max;
};

#define CLI_OPTIONS_MAX 16u

/* Reads argv[1..] by syntax; --help is added. argv[0] is the command's name. Gives the operands
 * (borrowed from argv; options may stand among them, "--" ends options). False when the command is
 * over: *exit then holds CLI_OK after --help was printed, or CLI_USAGE after the mistake was. */
bool cli_options_parse(const struct cli_syntax *syntax, int argc, char **argv, char ***operands,
                       enum cli_exit *exit) MUST_CHECK;

/* Prints the mistake and where to find help; gives CLI_USAGE. */
enum cli_exit cli_options_refuse(const struct cli_syntax *syntax, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
