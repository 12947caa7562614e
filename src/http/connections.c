#include "http/connections.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>

#define POLL_BATCH 64u

void connections_init(struct connections *c)
{
    *c = (struct connections){0};
    lock_init(&c->lock);
}

void connections_fini(struct connections *c)
{
    lock_fini(&c->lock);
}

static void format_address(const struct sockaddr *address, char out[INET6_ADDRSTRLEN])
{
    out[0] = 0;
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        (void)inet_ntop(AF_INET, &v4.sin_addr, out, INET6_ADDRSTRLEN);
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof v6);
        if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
            (void)inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], out, INET6_ADDRSTRLEN);
        else
            (void)inet_ntop(AF_INET6, &v6.sin6_addr, out, INET6_ADDRSTRLEN);
    }
}

struct peer *connections_open(struct connections *c, int fd, const struct sockaddr *address,
                              int64_t deadline_mono_ms)
{
    struct peer *peer = mem_alloc(sizeof *peer);
    peer->fd = fd;
    connections_set_deadline(peer, deadline_mono_ms);
    connections_set_reading(peer, true);
    format_address(address, peer->address);
    lock_acquire(&c->lock);
    peer->next = c->first;
    if (c->first != NULL)
        c->first->previous = peer;
    c->first = peer;
    lock_release(&c->lock);
    return peer;
}

void connections_close(struct connections *c, struct peer *peer)
{
    lock_acquire(&c->lock);
    if (peer->next != NULL)
        peer->next->previous = peer->previous;
    if (peer->previous != NULL)
        peer->previous->next = peer->next;
    else
        c->first = peer->next;
    lock_release(&c->lock);
    mem_free(peer);
}

void connections_set_deadline(struct peer *peer, int64_t deadline_mono_ms)
{
    atomic_store_explicit(&peer->deadline_mono_ms, deadline_mono_ms, memory_order_relaxed);
}

void connections_set_reading(struct peer *peer, bool reading)
{
    atomic_store_explicit(&peer->reading, reading, memory_order_relaxed);
}

/* What the client sent before it closed may still be on its way to us. */
static bool is_drained(int fd)
{
    int left = 0;
    return ioctl(fd, FIONREAD, &left) == 0 && left == 0;
}

/* Looks at up to POLL_BATCH connections from *next on, and moves it behind them. */
static size_t cut_hung_up_batch(struct peer **next)
{
    struct pollfd polled[POLL_BATCH];
    struct peer *peers[POLL_BATCH];
    nfds_t n = 0;
    for (; *next != NULL && n < POLL_BATCH; *next = (*next)->next) {
        if (!atomic_load_explicit(&(*next)->reading, memory_order_relaxed)) {
            (*next)->hung_up = false;
            continue;
        }
        polled[n] = (struct pollfd){.fd = (*next)->fd, .events = POLLRDHUP};
        peers[n++] = *next;
    }
    size_t cut = 0;
    (void)poll(polled, n, 0);
    for (nfds_t i = 0; i < n; i++) {
        bool gone = (polled[i].revents & POLLRDHUP) != 0 && is_drained(peers[i]->fd);
        if (gone && peers[i]->hung_up) {
            (void)shutdown(peers[i]->fd, SHUT_RDWR);
            cut++;
        }
        peers[i]->hung_up = gone;
    }
    return cut;
}

size_t connections_cut_hung_up(struct connections *c)
{
    size_t cut = 0;
    lock_acquire(&c->lock);
    struct peer *next = c->first;
    while (next != NULL)
        cut += cut_hung_up_batch(&next);
    lock_release(&c->lock);
    return cut;
}

size_t connections_cut(struct connections *c, int64_t now_mono_ms)
{
    size_t cut = 0;
    lock_acquire(&c->lock);
    for (struct peer *peer = c->first; peer != NULL; peer = peer->next) {
        if (atomic_load_explicit(&peer->deadline_mono_ms, memory_order_relaxed) > now_mono_ms)
            continue;
        /* Never close: the descriptor belongs to the loop thread and could name another
         * connection by then. The lock keeps this one open: its close is told to us first. */
        (void)shutdown(peer->fd, SHUT_RDWR);
        connections_set_deadline(peer, INT64_MAX);
        cut++;
    }
    lock_release(&c->lock);
    return cut;
}
