#include "base/log.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOG_LINE_BYTES 1024u

static enum log_level least_level = LOG_INFO;
static const char *const level_names[] = {"debug", "info", "warning", "error"};

void log_set_level(enum log_level least)
{
    least_level = least;
}

bool log_level_from_str(const char *s, enum log_level *out)
{
    for (size_t i = 0; i < sizeof level_names / sizeof level_names[0]; i++) {
        if (strcmp(s, level_names[i]) == 0) {
            *out = (enum log_level)i;
            return true;
        }
    }
    return false;
}

/* A control character in a value could forge a line of its own. */
static void replace_controls(char *line, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = '?';
    }
}

void log_write(enum log_level level, const char *event, const char *format, ...)
{
    if (level < least_level)
        return;
    char time[CLOCK_RFC3339_BYTES];
    clock_rfc3339(clock_unix_ms(), time);
    char line[LOG_LINE_BYTES];
    int n = snprintf(line, sizeof line - 1, "%s %s %s ", time, level_names[level], event);
    size_t used = n < 0 ? 0 : (size_t)n < sizeof line - 1 ? (size_t)n : sizeof line - 2;
    va_list args;
    va_start(args, format);
    n = vsnprintf(line + used, sizeof line - 1 - used, format, args);
    va_end(args);
    if (n > 0)
        used = used + (size_t)n < sizeof line - 1 ? used + (size_t)n : sizeof line - 2;
    replace_controls(line, used);
    line[used] = '\n';
    /* A log that cannot be written must not stop the service. */
    ssize_t written = write(STDERR_FILENO, line, used + 1);
    (void)written;
}
