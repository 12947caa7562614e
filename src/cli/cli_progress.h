/* The progress line of a transfer, on standard error and only when that is a terminal. */
#ifndef LETTERLOCK_CLI_CLI_PROGRESS_H
#define LETTERLOCK_CLI_CLI_PROGRESS_H

#include "base/buffer.h"

struct cli_progress {
    bool shown; /* standard error is a terminal */
    bool drawn; /* a line stands there that must be erased */
    struct bytes label;
    int64_t total; /* bytes; -1 while unknown */
    uint64_t done; /* bytes; the transfer counts here */
    uint64_t done_at_start;
    int64_t start_mono_ms;
    int64_t drawn_mono_ms;
};

/* Starts at done bytes of total (-1: unknown). label is borrowed and already clean. */
struct cli_progress cli_progress_start(struct bytes label, uint64_t done, int64_t total);

/* Draws, at most ten times a second. */
void cli_progress_draw(struct cli_progress *progress);

/* Erases the line. */
void cli_progress_end(struct cli_progress *progress);

/* Appends the line as it is elapsed_ms after the start, at most columns code points wide:
 *     report.pdf   45% [=====>      ]  12.3 MB of 27.1 MB  3.4 MB/s  0:04 left
 * or, with an unknown total:
 *     report.pdf  12.3 MB  3.4 MB/s */
void cli_progress_render(const struct cli_progress *progress, int64_t elapsed_ms, size_t columns,
                         struct buffer *out);

#endif
