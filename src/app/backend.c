#include "app/backend.h"

#include "app/aws_backend.h"
#include "app/embedded_backend.h"
#include "base/mem.h"

#include <string.h>

/* One of the two is not NULL. */
struct backend {
    struct embedded *embedded;
    struct aws_backend *aws;
};

enum err backend_open(struct ctx *ctx, const struct config *config, struct backend **out)
{
    struct backend *backend = mem_alloc(sizeof *backend);
    enum err e = strcmp(config->backend, "aws") == 0
                     ? aws_backend_open(ctx, config, &backend->aws)
                     : embedded_backend_open(ctx, config, &backend->embedded);
    if (e != ERR_OK) {
        mem_free(backend);
        return e;
    }
    *out = backend;
    return ERR_OK;
}

struct ports *backend_ports(struct backend *backend)
{
    return backend->aws != NULL ? aws_backend_ports(backend->aws)
                                : embedded_backend_ports(backend->embedded);
}

void backend_sweep(struct backend *backend, struct ctx *ctx)
{
    if (backend->embedded != NULL)
        embedded_backend_sweep(backend->embedded, ctx);
}

void backend_look(struct backend *backend, struct ctx *ctx, struct backend_state *out)
{
    *out = (struct backend_state){-1, -1, -1};
    if (backend->embedded != NULL)
        embedded_backend_look(backend->embedded, ctx, out);
}

void backend_settle(struct backend *backend, struct ctx *ctx)
{
    if (backend->aws != NULL)
        aws_backend_settle(backend->aws, ctx);
}

void backend_close(struct backend *backend)
{
    if (backend == NULL)
        return;
    aws_backend_close(backend->aws);
    embedded_backend_close(backend->embedded);
    mem_free(backend);
}
