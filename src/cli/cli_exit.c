#include "cli/cli_exit.h"

#include "cli/cli_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { MESSAGE_BYTES = 2048 };

__attribute__((format(printf, 2, 0))) static void print_line(const char *prefix, const char *format,
                                                             va_list args)
{
    char message[MESSAGE_BYTES];
    vsnprintf(message, sizeof message, format, args);
    struct buffer line;
    buffer_init(&line, 4 * MESSAGE_BYTES);
    cli_text_clean(&line, bytes_of_str(message), true);
    fprintf(stderr, "%s%.*s\n", prefix, BYTES_FMT(buffer_bytes(&line)));
    buffer_fini(&line);
}

enum cli_exit cli_fail(enum cli_exit code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line("letterlock: ", format, args);
    va_end(args);
    return code;
}

void cli_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line("letterlock: ", format, args);
    va_end(args);
}

void cli_note(const char *format, ...)
{
    if (isatty(STDERR_FILENO) != 1)
        return;
    va_list args;
    va_start(args, format);
    print_line("", format, args);
    va_end(args);
}
