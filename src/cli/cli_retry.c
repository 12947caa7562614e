#include "cli/cli_retry.h"

#include "cli/cli_interrupt.h"

enum {
    ATTEMPTS_MAX = 1000,
    ATTEMPTS_WITHOUT_PROGRESS_MAX = 4,
};

static bool is_passing(enum cli_exit exit, const struct cli_http_response *response)
{
    return exit == CLI_NETWORK ||
           (exit == CLI_OK && response->status >= 502 && response->status <= 504);
}

bool cli_retry_is_due(struct cli_retry *retry, enum cli_exit exit,
                      const struct cli_http_response *response, bool progressed)
{
    if (!is_passing(exit, response))
        return false;
    bool unreachable = retry->attempts == 0 && exit == CLI_NETWORK && response->never_connected;
    retry->attempts++;
    if (progressed)
        retry->attempts_without_progress = 0;
    if (unreachable || retry->attempts >= ATTEMPTS_MAX ||
        retry->attempts_without_progress >= ATTEMPTS_WITHOUT_PROGRESS_MAX)
        return false;
    unsigned wait_s = 1u << retry->attempts_without_progress++;
    if (exit == CLI_NETWORK)
        cli_warn("%s. Trying again in %u s.", response->message, wait_s);
    else
        cli_warn("The server answered %ld. Trying again in %u s.", response->status, wait_s);
    return cli_interrupt_wait((int64_t)wait_s * 1000);
}
