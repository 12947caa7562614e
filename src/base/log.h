/* The log: one line per event on standard error, "time level event key=value …" (logfmt). Secrets,
 * tokens, plaintext, file names, usernames and addresses never go in: write ids. */
#ifndef LETTERLOCK_BASE_LOG_H
#define LETTERLOCK_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

/* Sets the least level that is written (LOG_INFO at first). Call before threads start. */
void log_set_level(enum log_level least);

/* Reads "debug", "info", "warning" or "error"; false on anything else. */
bool log_level_from_str(const char *s, enum log_level *out);

/* Writes one line, atomically. event is a short constant name such as "letter_sent"; format gives
 * further key=value pairs (values quoted by the caller where they can hold spaces; control
 * characters are replaced here) and may be "". */
void log_write(enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)

#endif
