#include "http/metrics.h"

#include <inttypes.h>

void metrics_add(_Atomic int64_t *value, int64_t n)
{
    atomic_fetch_add_explicit(value, n, memory_order_relaxed);
}

bool metrics_add_below(_Atomic int64_t *value, int64_t n, int64_t max)
{
    if (atomic_fetch_add_explicit(value, n, memory_order_relaxed) + n <= max)
        return true;
    atomic_fetch_sub_explicit(value, n, memory_order_relaxed);
    return false;
}

int64_t metrics_get(const _Atomic int64_t *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

void metrics_count_reply(struct http_metrics *m, unsigned status)
{
    unsigned class = status / 100;
    metrics_add(&m->replies[class < METRICS_STATUS_CLASSES ? class : 5], 1);
}

void metrics_write_value(struct buffer *out, const char *name, const char *type, int64_t value)
{
    buffer_printf(out, "# TYPE %s %s\n%s %" PRId64 "\n", name, type, name, value);
}

void metrics_write(const struct http_metrics *m, struct buffer *out)
{
    static const char *const reasons[METRICS_REFUSALS] = {
        [METRICS_REFUSED_FRAMING] = "framing", [METRICS_REFUSED_TARGET] = "target",
        [METRICS_REFUSED_LENGTH] = "length",   [METRICS_REFUSED_BUSY] = "busy",
        [METRICS_REFUSED_SLOW] = "slow",
    };
    buffer_append_str(out, "# TYPE letterlock_http_replies_total counter\n");
    for (unsigned i = 1; i < METRICS_STATUS_CLASSES; i++)
        buffer_printf(out, "letterlock_http_replies_total{status=\"%uxx\"} %" PRId64 "\n", i,
                      metrics_get(&m->replies[i]));
    buffer_append_str(out, "# TYPE letterlock_http_refused_total counter\n");
    for (unsigned i = 0; i < METRICS_REFUSALS; i++)
        buffer_printf(out, "letterlock_http_refused_total{reason=\"%s\"} %" PRId64 "\n", reasons[i],
                      metrics_get(&m->refused[i]));
    metrics_write_value(out, "letterlock_http_body_received_bytes_total", "counter",
                        metrics_get(&m->body_bytes_received));
    metrics_write_value(out, "letterlock_http_body_sent_bytes_total", "counter",
                        metrics_get(&m->body_bytes_sent));
    metrics_write_value(out, "letterlock_http_connections", "gauge", metrics_get(&m->connections));
    metrics_write_value(out, "letterlock_http_requests", "gauge", metrics_get(&m->requests));
    metrics_write_value(out, "letterlock_http_streams", "gauge", metrics_get(&m->streams));
    metrics_write_value(out, "letterlock_http_transfers", "gauge", metrics_get(&m->transfers));
}
