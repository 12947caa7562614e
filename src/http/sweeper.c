#include "base/clock.h"
#include "http/front.h"

#include <malloc.h>

#define TICK_MAX_MS 250
#define TICKS_A_HEARTBEAT 4
/* Transfers and streams that end leave free memory inside the allocator; after this many it is
 * given back to the system. */
#define TRIM_AFTER 64
/* libmicrohttpd frees a connection some time after its request ended. */
#define TRIM_AGAIN_MS 2000

static void give_memory_back(struct http_server *server, int64_t now_mono_ms)
{
    bool idle = metrics_get(&server->metrics.transfers) == 0;
    int64_t ended = atomic_load(&server->transfers_ended);
    bool due = ended >= TRIM_AFTER || (ended > 0 && idle);
    bool again = server->trim_again_mono_ms != 0 && now_mono_ms >= server->trim_again_mono_ms;
    if (!due && !again)
        return;
    server->trim_again_mono_ms = due ? now_mono_ms + TRIM_AGAIN_MS : 0;
    atomic_fetch_sub(&server->transfers_ended, ended);
    (void)malloc_trim(0);
}

void sweeper_main(void *arg)
{
    struct http_server *server = arg;
    int64_t tick_ms = server->config.heartbeat_ms / TICKS_A_HEARTBEAT;
    if (tick_ms > TICK_MAX_MS || tick_ms < 1)
        tick_ms = TICK_MAX_MS;
    while (!gate_wait(&server->sweeper_stop, clock_mono_ms() + tick_ms)) {
        int64_t now = clock_mono_ms();
        size_t cut = connections_cut(&server->connections, now);
        metrics_add(&server->metrics.refused[METRICS_REFUSED_SLOW], (int64_t)cut);
        (void)connections_cut_hung_up(&server->connections);
        streams_beat(&server->streams, now);
        give_memory_back(server, now);
    }
}
