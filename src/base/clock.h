/* Time. Wall-clock time dates things; monotonic time measures waiting. */
#ifndef LETTERLOCK_BASE_CLOCK_H
#define LETTERLOCK_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Milliseconds since 1970-01-01T00:00:00Z. */
int64_t clock_unix_ms(void);

/* Milliseconds of a clock that never steps; the origin is arbitrary. Deadlines use it. */
int64_t clock_mono_ms(void);

/* Nanoseconds of the same clock, for measurements. */
int64_t clock_mono_ns(void);

#define CLOCK_RFC3339_BYTES 25u /* "2026-11-24T13:50:00.123Z" and its NUL */

/* Writes unix_ms (years 0000 to 9999) as RFC 3339 UTC with milliseconds, NUL-terminated. */
void clock_rfc3339(int64_t unix_ms, char out[CLOCK_RFC3339_BYTES]);

#define CLOCK_HTTP_DATE_BYTES 30u /* "Sun, 06 Nov 1994 08:49:37 GMT" and the NUL */

/* Writes unix_ms (years 0000 to 9999) as an HTTP date (RFC 9110 section 5.6.7), NUL-terminated. */
void clock_http_date(int64_t unix_ms, char out[CLOCK_HTTP_DATE_BYTES]);

/* Reads what clock_rfc3339 writes; false on anything else. */
bool clock_from_rfc3339(const char *s, int64_t *unix_ms);

#endif
