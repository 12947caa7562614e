/* The admin listener: GET /metrics, for the operator's network only. */
#ifndef LETTERLOCK_HTTP_ADMIN_H
#define LETTERLOCK_HTTP_ADMIN_H

#include "http/front.h"

/* Starts the listener on server->admin_fd. ERR_UNAVAILABLE. */
enum err admin_start(struct ctx *ctx, struct http_server *server) MUST_CHECK;

#endif
