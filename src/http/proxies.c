#include "http/proxies.h"

#include <arpa/inet.h>
#include <string.h>

#define V4_MAPPED_BITS 96u
#define V6_BITS 128u

/* Reads a numeric address of at most INET6_ADDRSTRLEN characters; IPv4 becomes mapped IPv6. */
static bool parse_address(struct bytes text, struct in6_addr *out, bool *is_v4)
{
    char name[INET6_ADDRSTRLEN];
    if (text.n == 0 || text.n >= sizeof name)
        return false;
    memcpy(name, text.p, text.n);
    name[text.n] = 0;
    struct in_addr v4;
    *is_v4 = inet_pton(AF_INET, name, &v4) == 1;
    if (!*is_v4)
        return inet_pton(AF_INET6, name, out) == 1;
    *out = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
    memcpy(&out->s6_addr[12], &v4, sizeof v4);
    return true;
}

static enum err parse_network(struct bytes text, struct proxies_network *out)
{
    size_t slash = bytes_find(text, '/', 0);
    bool is_v4;
    if (!parse_address(bytes_slice(text, 0, slash), &out->address, &is_v4))
        return ERR_INVALID_FIELD;
    uint64_t bits = is_v4 ? V6_BITS - V4_MAPPED_BITS : V6_BITS;
    if (slash != SIZE_MAX && !bytes_to_u64(bytes_slice(text, slash + 1, text.n), bits, &bits))
        return ERR_INVALID_FIELD;
    out->prefix_bits = (unsigned)bits + (is_v4 ? V4_MAPPED_BITS : 0);
    return ERR_OK;
}

enum err proxies_parse(struct proxies *p, const char *text)
{
    *p = (struct proxies){0};
    struct bytes left = bytes_trim(bytes_of_str(text));
    while (left.n > 0) {
        size_t comma = bytes_find(left, ',', 0);
        struct bytes item = bytes_trim(bytes_slice(left, 0, comma));
        if (p->count == PROXIES_MAX || parse_network(item, &p->networks[p->count]) != ERR_OK)
            return ERR_INVALID_FIELD;
        p->count++;
        left = comma == SIZE_MAX ? (struct bytes){0} : bytes_slice(left, comma + 1, left.n);
    }
    return ERR_OK;
}

static bool network_contains(const struct proxies_network *n, const struct in6_addr *address)
{
    unsigned whole = n->prefix_bits / 8;
    unsigned rest = n->prefix_bits % 8;
    if (memcmp(n->address.s6_addr, address->s6_addr, whole) != 0)
        return false;
    return rest == 0 || (n->address.s6_addr[whole] ^ address->s6_addr[whole]) >> (8 - rest) == 0;
}

static bool contains(const struct proxies *p, const struct in6_addr *address)
{
    for (size_t i = 0; i < p->count; i++) {
        if (network_contains(&p->networks[i], address))
            return true;
    }
    return false;
}

bool proxies_contain(const struct proxies *p, const char *address)
{
    struct in6_addr parsed;
    bool is_v4;
    return p->count > 0 && parse_address(bytes_of_str(address), &parsed, &is_v4) &&
           contains(p, &parsed);
}

/* The start of the last element of a comma-separated list. */
static size_t last_element(struct bytes list)
{
    size_t i = list.n;
    while (i > 0 && list.p[i - 1] != ',')
        i--;
    return i;
}

bool proxies_client(const struct proxies *p, struct bytes forwarded_for, char out[INET6_ADDRSTRLEN])
{
    struct bytes left = forwarded_for;
    while (left.n > 0) {
        size_t start = last_element(left);
        struct in6_addr address;
        bool is_v4;
        if (!parse_address(bytes_trim(bytes_slice(left, start, left.n)), &address, &is_v4))
            return false;
        if (!contains(p, &address)) {
            const void *from = is_v4 ? &address.s6_addr[12] : &address.s6_addr[0];
            return inet_ntop(is_v4 ? AF_INET : AF_INET6, from, out, INET6_ADDRSTRLEN) != NULL;
        }
        left = bytes_slice(left, 0, start == 0 ? 0 : start - 1);
    }
    return false;
}
