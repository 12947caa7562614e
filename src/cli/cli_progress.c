#include "cli/cli_progress.h"

#include "base/clock.h"
#include "cli/cli_output.h"
#include "cli/cli_text.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    DRAW_EVERY_MS = 100,
    LINE_BYTES_MAX = 4096,
    LABEL_MAX = 24, /* code points */
    BAR_MIN = 10,   /* a shorter bar tells nothing: leave it out */
    BAR_MAX = 30,
    COLUMNS_DEFAULT = 80,
};

struct cli_progress cli_progress_start(struct bytes label, uint64_t done, int64_t total)
{
    return (struct cli_progress){
        .shown = isatty(STDERR_FILENO) == 1,
        .label = label,
        .total = total,
        .done = done,
        .done_at_start = done,
        .start_mono_ms = clock_mono_ms(),
    };
}

static void append_label(struct buffer *out, struct bytes label)
{
    size_t n = label.n;
    while (cli_text_length(bytes_slice(label, 0, n)) > LABEL_MAX)
        n--;
    while (n > 0 && n < label.n && (label.p[n] & 0xC0) == 0x80)
        n--;
    buffer_append(out, bytes_slice(label, 0, n));
    if (n < label.n)
        buffer_append_str(out, "…");
}

static void append_duration(struct buffer *out, uint64_t seconds)
{
    if (seconds >= 3600)
        buffer_printf(out, "%u:%02u:%02u", (unsigned)(seconds / 3600 % 100000),
                      (unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60));
    else
        buffer_printf(out, "%u:%02u", (unsigned)(seconds / 60), (unsigned)(seconds % 60));
}

static void append_bar(struct buffer *out, unsigned percent, size_t width)
{
    size_t full = width * percent / 100;
    buffer_append_str(out, " [");
    for (size_t i = 0; i < width; i++)
        buffer_append_u8(out, i < full ? '=' : i == full ? '>' : ' ');
    buffer_append_str(out, "]");
}

static uint64_t rate(const struct cli_progress *progress, int64_t elapsed_ms)
{
    uint64_t moved = progress->done - progress->done_at_start;
    return elapsed_ms <= 0 ? 0 : (uint64_t)((double)moved * 1000 / (double)elapsed_ms);
}

/* Everything to the right of the bar. */
static void append_numbers(const struct cli_progress *progress, uint64_t bytes_per_s,
                           struct buffer *out)
{
    char size[CLI_SIZE_BYTES];
    cli_output_size(progress->done, size);
    buffer_printf(out, "  %s", size);
    if (progress->total >= 0) {
        cli_output_size((uint64_t)progress->total, size);
        buffer_printf(out, " of %s", size);
    }
    if (bytes_per_s == 0)
        return;
    cli_output_size(bytes_per_s, size);
    buffer_printf(out, "  %s/s", size);
    if (progress->total >= 0 && (uint64_t)progress->total >= progress->done) {
        buffer_append_str(out, "  ");
        append_duration(out, ((uint64_t)progress->total - progress->done) / bytes_per_s);
        buffer_append_str(out, " left");
    }
}

static unsigned percent_of(uint64_t done, uint64_t total)
{
    if (total == 0 || done >= total)
        return 100;
    return (unsigned)((double)done * 100 / (double)total);
}

/* Cuts out to columns code points. */
static void cut(struct buffer *out, size_t columns)
{
    while (cli_text_length(buffer_bytes(out)) > columns)
        do
            out->n--;
        while (out->n > 0 && (out->p[out->n] & 0xC0) == 0x80);
}

void cli_progress_render(const struct cli_progress *progress, int64_t elapsed_ms, size_t columns,
                         struct buffer *out)
{
    struct buffer numbers;
    buffer_init(&numbers, LINE_BYTES_MAX);
    append_numbers(progress, rate(progress, elapsed_ms), &numbers);
    append_label(out, progress->label);
    if (progress->total >= 0) {
        unsigned percent = percent_of(progress->done, (uint64_t)progress->total);
        buffer_printf(out, " %3u%%", percent);
        size_t taken = cli_text_length(buffer_bytes(out)) + numbers.n + 3;
        size_t room = columns > taken ? columns - taken : 0;
        if (room >= BAR_MIN)
            append_bar(out, percent, room < BAR_MAX ? room : BAR_MAX);
    }
    buffer_append(out, buffer_bytes(&numbers));
    cut(out, columns);
    buffer_fini(&numbers);
}

static size_t terminal_columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return COLUMNS_DEFAULT;
    return size.ws_col;
}

void cli_progress_draw(struct cli_progress *progress)
{
    int64_t now = clock_mono_ms();
    if (!progress->shown || (progress->drawn && now - progress->drawn_mono_ms < DRAW_EVERY_MS))
        return;
    struct buffer line;
    buffer_init(&line, LINE_BYTES_MAX);
    /* One column stays free: a full line would make some terminals wrap. */
    cli_progress_render(progress, now - progress->start_mono_ms, terminal_columns() - 1, &line);
    fprintf(stderr, "\r%.*s\033[K", BYTES_FMT(buffer_bytes(&line)));
    fflush(stderr);
    buffer_fini(&line);
    progress->drawn = true;
    progress->drawn_mono_ms = now;
}

void cli_progress_end(struct cli_progress *progress)
{
    if (progress->drawn)
        fputs("\r\033[K", stderr);
    progress->drawn = false;
}
