/* The networks of trusted reverse proxies, and what their forwarding headers tell. */
#ifndef LETTERLOCK_HTTP_PROXIES_H
#define LETTERLOCK_HTTP_PROXIES_H

#include "base/bytes.h"
#include "base/err.h"

#include <netinet/in.h>

#define PROXIES_MAX 16u

struct proxies_network {
    struct in6_addr address; /* IPv4 as mapped IPv6 */
    unsigned prefix_bits;
};

struct proxies {
    struct proxies_network networks[PROXIES_MAX];
    size_t count;
};

/* Reads addresses and networks (CIDR) separated by commas; "" gives none. ERR_INVALID_FIELD. */
enum err proxies_parse(struct proxies *p, const char *text) MUST_CHECK;

/* True when the numeric address lies in one of the networks. */
bool proxies_contain(const struct proxies *p, const char *address);

/* The client's address by X-Forwarded-For: the last one that is not itself a trusted proxy, written
 * to out in canonical form. False when the header holds none. */
bool proxies_client(const struct proxies *p, struct bytes forwarded_for,
                    char out[INET6_ADDRSTRLEN]);

#endif
