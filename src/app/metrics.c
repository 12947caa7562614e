#include "app/metrics.h"

#include "app/service.h"
#include "core/counts.h"
#include "http/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define TIMEOUT_MS 2000
#define MS_PER_S 1000
#define US_PER_MS 1000

/* The names are those that Prometheus's own client libraries give to processes. */
static void write_seconds(struct buffer *out, const char *name, const char *type, int64_t ms)
{
    buffer_printf(out, "# TYPE %s %s\n%s %" PRId64 ".%03" PRId64 "\n", name, type, name,
                  ms / MS_PER_S, ms % MS_PER_S);
}

static int64_t ms_of(struct timeval t)
{
    return (int64_t)t.tv_sec * MS_PER_S + t.tv_usec / US_PER_MS;
}

/* Bytes of memory that are resident (proc_pid_statm(5)); -1 when that cannot be read. */
static int64_t resident_bytes(void)
{
    long long size_pages = 0;
    long long resident_pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL)
        return -1;
    /* What the kernel writes is no input. NOLINTNEXTLINE(cert-err34-c) */
    int fields = fscanf(file, "%lld %lld", &size_pages, &resident_pages);
    (void)fclose(file);
    return fields == 2 ? resident_pages * sysconf(_SC_PAGESIZE) : -1;
}

static void write_process(const struct service *service, struct buffer *out)
{
    struct rusage usage;
    int64_t resident = resident_bytes();
    buffer_printf(out,
                  "# TYPE letterlock_build_info gauge\n"
                  "letterlock_build_info{version=\"" LETTERLOCK_VERSION "\",backend=\"%s\"} 1\n",
                  service->config.backend);
    write_seconds(out, "process_start_time_seconds", "gauge", service->opened_unix_ms);
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        write_seconds(out, "process_cpu_seconds_total", "counter",
                      ms_of(usage.ru_utime) + ms_of(usage.ru_stime));
    if (resident >= 0)
        metrics_write_value(out, "process_resident_memory_bytes", "gauge", resident);
}

static void write_counts(const struct core_counts *counts, struct buffer *out)
{
    metrics_write_value(out, "letterlock_letters_sent_total", "counter",
                        metrics_get(&counts->letters_sent));
    buffer_printf(out,
                  "# TYPE letterlock_sign_ins_total counter\n"
                  "letterlock_sign_ins_total{result=\"granted\"} %" PRId64 "\n"
                  "letterlock_sign_ins_total{result=\"refused\"} %" PRId64 "\n",
                  metrics_get(&counts->sign_ins_granted), metrics_get(&counts->sign_ins_refused));
}

static void write_backend(struct service *service, struct buffer *out)
{
    struct arena arena = {0};
    struct ctx ctx;
    struct backend_state state;
    ctx_init(&ctx, &arena, TIMEOUT_MS);
    backend_look(service->backend, &ctx, &state);
    if (state.free_bytes >= 0)
        metrics_write_value(out, "letterlock_data_free_bytes", "gauge", state.free_bytes);
    if (state.mails_waiting >= 0) {
        metrics_write_value(out, "letterlock_mails_waiting", "gauge", state.mails_waiting);
        write_seconds(out, "letterlock_mail_oldest_seconds", "gauge", state.oldest_mail_ms);
    }
    arena_fini(&arena);
}

void app_metrics_write(void *arg, struct buffer *out)
{
    struct service *service = arg;
    write_process(service, out);
    write_counts(&service->core->counts, out);
    write_backend(service, out);
}
