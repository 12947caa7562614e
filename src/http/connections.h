/* The open connections and the absolute deadline of each. libmicrohttpd's own timeout counts
 * inactivity, which a client that sends a byte now and then defeats. */
#ifndef LETTERLOCK_HTTP_CONNECTIONS_H
#define LETTERLOCK_HTTP_CONNECTIONS_H

#include "base/threads.h"

#include <netinet/in.h>
#include <stdatomic.h>
#include <sys/socket.h>

struct peer {
    struct peer *next;
    struct peer *previous;
    int fd;
    _Atomic int64_t deadline_mono_ms; /* the connection is cut when it passes */
    _Atomic bool reading;             /* only more bytes from the client can move it on */
    bool hung_up;                     /* the last sweep found it reading with the client gone */
    char address[INET6_ADDRSTRLEN];   /* numeric; mapped IPv4 as IPv4 */
};

struct connections {
    struct lock lock;
    struct peer *first;
};

void connections_init(struct connections *c);
void connections_fini(struct connections *c);

/* Registers an accepted socket. The result lives until connections_close. */
struct peer *connections_open(struct connections *c, int fd, const struct sockaddr *address,
                              int64_t deadline_mono_ms) __attribute__((returns_nonnull));

/* Forgets a connection, before its socket is closed. */
void connections_close(struct connections *c, struct peer *peer);

/* Sets the deadline of a connection; INT64_MAX for none. */
void connections_set_deadline(struct peer *peer, int64_t deadline_mono_ms);

/* Notes whether the connection waits for bytes of the client and for nothing else. */
void connections_set_reading(struct peer *peer, bool reading);

/* Shuts down the connections that wait for bytes of a client that has closed its side, when two
 * sweeps in a row find them so. libmicrohttpd 0.9.75 misses a close that came together with data:
 * its edge-triggered epoll takes a short read for an empty socket. Gives their number. */
size_t connections_cut_hung_up(struct connections *c);

/* Shuts down the sockets whose deadline has passed (INT64_MAX: all); their loop threads notice.
 * Gives their number. */
size_t connections_cut(struct connections *c, int64_t now_mono_ms);

#endif
