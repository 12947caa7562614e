/* When a broken transfer is tried again: after 1, 2, 4 and 8 seconds without progress, as often as
 * it makes progress. A server that cannot be reached at all is given up at once. */
#ifndef LETTERLOCK_CLI_CLI_RETRY_H
#define LETTERLOCK_CLI_CLI_RETRY_H

#include "cli/cli_http.h"

/* Zero to start. */
struct cli_retry {
    unsigned attempts;
    unsigned attempts_without_progress;
};

/* True when what cli_http_perform gave is a failure of the moment (network, or a proxy or server
 * that is just restarting: 502, 503, 504) and another attempt is due; says so on standard error and
 * waits. progressed: the attempt moved bytes that the next one need not move. */
bool cli_retry_is_due(struct cli_retry *retry, enum cli_exit exit,
                      const struct cli_http_response *response, bool progressed);

#endif
