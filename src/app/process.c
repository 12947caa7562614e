#include "app/process.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#define MS_PER_S 1000
#define NS_PER_MS 1000000
/* Blocks from this size on get pages of their own, which go back to the system when freed. glibc
 * would raise the threshold by itself after the first large free. */
#define MMAP_THRESHOLD_BYTES (128 << 10)

void process_protect(void)
{
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__
    /* LeakSanitizer attaches to its own process at exit and needs it dumpable. */
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
    (void)umask(S_IRWXG | S_IRWXO);
}

static void end_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
}

void process_prepare_server(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    (void)mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES);
    sigset_t set;
    end_signals(&set);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

bool process_wait_for_end(int64_t timeout_ms)
{
    sigset_t set;
    end_signals(&set);
    const struct timespec timeout = {
        .tv_sec = (time_t)(timeout_ms / MS_PER_S),
        .tv_nsec = (long)(timeout_ms % MS_PER_S * NS_PER_MS),
    };
    return sigtimedwait(&set, NULL, &timeout) > 0;
}
