#include "cli/cli_interrupt.h"

#include "base/clock.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>

/* A signal handler can reach nothing but a global. */
static volatile sig_atomic_t noted;

static void note(int signal_number)
{
    noted = signal_number;
}

void cli_interrupt_watch(void)
{
    static const int watched[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = note};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof watched / sizeof watched[0]; i++) {
        struct sigaction before;
        /* nohup(1) and background jobs of plain shells have them ignored: leave that so. */
        if (sigaction(watched[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(watched[i], &action, NULL);
    }
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
}

bool cli_interrupted(void)
{
    return noted != 0;
}

bool cli_interrupt_wait(int64_t ms)
{
    int64_t end = clock_mono_ms() + ms;
    int64_t left;
    while (!cli_interrupted() && (left = end - clock_mono_ms()) > 0)
        (void)poll(NULL, 0, (int)left);
    return !cli_interrupted();
}

void cli_interrupt_leave(void)
{
    if (noted == 0)
        return;
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(noted, &action, NULL);
    raise(noted);
}
