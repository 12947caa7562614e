/* Listening sockets. */
#ifndef LETTERLOCK_HTTP_LISTENER_H
#define LETTERLOCK_HTTP_LISTENER_H

#include "base/ctx.h"

/* Opens a listening TCP socket on "host:port" or "[v6]:port". ERR_INVALID_FIELD for a malformed
 * address, ERR_UNAVAILABLE when it cannot be taken; ctx->detail names the address
 * and why. */
enum err listener_open(struct ctx *ctx, const char *address, int *fd) MUST_CHECK;

/* The port a listening socket is bound to; 0 for fd < 0. */
unsigned listener_port(int fd);

#endif
