/* Counters of the HTTP front and their Prometheus text. Relaxed atomics: no locks on the way of a
 * request. */
#ifndef LETTERLOCK_HTTP_METRICS_H
#define LETTERLOCK_HTTP_METRICS_H

#include "base/buffer.h"

#include <stdatomic.h>

enum metrics_refusal {
    METRICS_REFUSED_FRAMING, /* malformed head: 400, connection closed */
    METRICS_REFUSED_TARGET,
    METRICS_REFUSED_LENGTH, /* body larger than the route takes */
    METRICS_REFUSED_BUSY,   /* a queue or a limit was full: 503 */
    METRICS_REFUSED_SLOW,   /* cut by a deadline */
    METRICS_REFUSALS,
};

#define METRICS_STATUS_CLASSES 6u

struct http_metrics {
    _Atomic int64_t replies[METRICS_STATUS_CLASSES]; /* by the first digit of the status */
    _Atomic int64_t refused[METRICS_REFUSALS];
    _Atomic int64_t body_bytes_received;
    _Atomic int64_t body_bytes_sent;
    _Atomic int64_t connections; /* gauges from here on */
    _Atomic int64_t requests;
    _Atomic int64_t streams;
    _Atomic int64_t transfers;
};

/* Adds n to a counter or gauge; gauges go down by a negative n. */
void metrics_add(_Atomic int64_t *value, int64_t n);

/* Adds n to a gauge unless that would lift it above max; false then. */
bool metrics_add_below(_Atomic int64_t *value, int64_t n, int64_t max);

int64_t metrics_get(const _Atomic int64_t *value);

/* Counts one reply of that status. */
void metrics_count_reply(struct http_metrics *m, unsigned status);

/* Appends the text exposition format (version 0.0.4). */
void metrics_write(const struct http_metrics *m, struct buffer *out);

/* Appends one gauge or counter with its TYPE line. */
void metrics_write_value(struct buffer *out, const char *name, const char *type, int64_t value);

#endif
