#include "http/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 1024
#define PORT_MAX 65535u

/* Splits "host:port" in place; brackets around the host are dropped. */
static bool split(char *text, char **host, char **port)
{
    char *colon = strrchr(text, ':');
    if (colon == NULL || colon == text)
        return false;
    uint64_t number;
    if (!bytes_to_u64(bytes_of_str(colon + 1), PORT_MAX, &number))
        return false;
    *colon = 0;
    *port = colon + 1;
    *host = text;
    if (text[0] == '[' && colon[-1] == ']') {
        colon[-1] = 0;
        *host = text + 1;
        return true;
    }
    return strchr(text, ':') == NULL;
}

/* A listening socket, or -errno. */
static int open_at(const struct addrinfo *a)
{
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    int on = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int e = errno;
    (void)close(fd);
    return -e;
}

enum err listener_open(struct ctx *ctx, const char *address, int *fd)
{
    char *host;
    char *port;
    char *copy = arena_str(ctx->arena, bytes_of_str(address));
    if (!split(copy, &host, &port))
        return ctx_fail(ctx, ERR_INVALID_FIELD, "'%s' is not an address host:port", address);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return ctx_fail(ctx, ERR_INVALID_FIELD, "'%s' is not an address host:port", address);
    int opened = open_at(found);
    freeaddrinfo(found);
    *fd = opened >= 0 ? opened : -1;
    if (opened >= 0)
        return ERR_OK;
    return ctx_fail(ctx, ERR_UNAVAILABLE, "cannot listen on %s: %s", address,
                    strerrordesc_np(-opened));
}

unsigned listener_port(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {0};
    socklen_t n = sizeof address;
    if (fd < 0 || getsockname(fd, &address.any, &n) != 0)
        return 0;
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}
