/* The file that is being sent, as a request's body. */
#ifndef LETTERLOCK_CLI_CLI_SOURCE_H
#define LETTERLOCK_CLI_CLI_SOURCE_H

#include "cli/cli_http.h"

#include <sys/types.h>

/* form is first: its callbacks get a pointer to it. */
struct cli_source {
    struct cli_http_form form; /* size: what is left of the file from `from` on */
    int fd;
    off_t start;       /* of the file's first byte to send; -1 when it cannot be read twice */
    uint64_t from;     /* bytes that need not be sent */
    uint64_t consumed; /* of those behind them */
    struct cli_progress progress;
};

/* Opens path ("-": standard input). CLI_LOCAL with a message. cli_source_close in any case. */
enum cli_exit cli_source_open(struct cli_source *s, const char *path) MUST_CHECK;
void cli_source_close(struct cli_source *s);

/* True while another attempt can send the same bytes. */
bool cli_source_can_restart(const struct cli_source *s);

/* The next request sends the bytes from this offset on, which is not past the end. CLI_LOCAL with a
 * message. */
enum cli_exit cli_source_go_to(struct cli_source *s, uint64_t from) MUST_CHECK;

#endif
