#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MS_PER_S 1000
#define NS_PER_MS 1000000
#define NS_PER_S 1000000000

static int64_t now_ns(clockid_t id)
{
    struct timespec t;
    if (clock_gettime(id, &t) != 0)
        abort();
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

int64_t clock_unix_ms(void)
{
    return now_ns(CLOCK_REALTIME) / NS_PER_MS;
}

int64_t clock_mono_ms(void)
{
    return now_ns(CLOCK_MONOTONIC) / NS_PER_MS;
}

int64_t clock_mono_ns(void)
{
    return now_ns(CLOCK_MONOTONIC);
}

static void write_digits(int value, char *out, size_t width)
{
    for (size_t i = width; i > 0; i--) {
        out[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
}

void clock_rfc3339(int64_t unix_ms, char out[CLOCK_RFC3339_BYTES])
{
    int64_t ms = unix_ms % MS_PER_S;
    int64_t s = unix_ms / MS_PER_S - (ms < 0);
    ms += ms < 0 ? MS_PER_S : 0;
    time_t t = (time_t)s;
    struct tm utc;
    if (gmtime_r(&t, &utc) == NULL)
        abort();
    memcpy(out, "yyyy-mm-ddThh:mm:ss.mmmZ", CLOCK_RFC3339_BYTES);
    write_digits(utc.tm_year + 1900, out, 4);
    write_digits(utc.tm_mon + 1, out + 5, 2);
    write_digits(utc.tm_mday, out + 8, 2);
    write_digits(utc.tm_hour, out + 11, 2);
    write_digits(utc.tm_min, out + 14, 2);
    write_digits(utc.tm_sec, out + 17, 2);
    write_digits((int)ms, out + 20, 3);
}

void clock_http_date(int64_t unix_ms, char out[CLOCK_HTTP_DATE_BYTES])
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int64_t ms = unix_ms % MS_PER_S;
    time_t t = (time_t)(unix_ms / MS_PER_S - (ms < 0));
    struct tm utc;
    if (gmtime_r(&t, &utc) == NULL)
        abort();
    memcpy(out, "ddd, dd mmm yyyy hh:mm:ss GMT", CLOCK_HTTP_DATE_BYTES);
    memcpy(out, days + 3 * utc.tm_wday, 3);
    memcpy(out + 8, months + 3 * utc.tm_mon, 3);
    write_digits(utc.tm_mday, out + 5, 2);
    write_digits(utc.tm_year + 1900, out + 12, 4);
    write_digits(utc.tm_hour, out + 17, 2);
    write_digits(utc.tm_min, out + 20, 2);
    write_digits(utc.tm_sec, out + 23, 2);
}

bool clock_from_rfc3339(const char *s, int64_t *unix_ms)
{
    struct tm utc = {0};
    int ms = 0;
    int end = 0;
    if (strlen(s) != CLOCK_RFC3339_BYTES - 1)
        return false;
    int n = sscanf(s, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ%n", &utc.tm_year, &utc.tm_mon, &utc.tm_mday,
                   &utc.tm_hour, &utc.tm_min, &utc.tm_sec, &ms, &end);
    if (n != 7 || end != CLOCK_RFC3339_BYTES - 1)
        return false;
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
    int64_t value = (int64_t)timegm(&utc) * MS_PER_S + ms;
    /* timegm normalises nonsense such as month 13; only what writes back the same is a time. */
    char again[CLOCK_RFC3339_BYTES];
    clock_rfc3339(value, again);
    if (strcmp(again, s) != 0)
        return false;
    *unix_ms = value;
    return true;
}
