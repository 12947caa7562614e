#include "core/core.h"

#include "base/mem.h"
#include "core/events.h"
#include "core/letters.h"
#include "core/sessions.h"
#include "core/token.h"

enum err core_create(struct ctx *ctx, struct ports *ports, const struct core_config *config,
                     struct core **out)
{
    /* Without keys to verify tokens by, everyone would be refused: better not to start. */
    struct bytes jwks;
    enum err e = ports->identity.jwks(ports->identity.self, ctx, &jwks);
    if (e != ERR_OK)
        return e;
    struct core *core = mem_alloc(sizeof *core);
    core->ports = ports;
    core->config = config;
    core->verifier = token_verifier_create(&ports->identity);
    core->events = events_create(config->streams_per_user, config->streams_total);
    core->tokens = cache_create(SESSIONS_CACHE_MAX, sizeof(struct actor));
    *out = core;
    return ERR_OK;
}

void core_destroy(struct core *core)
{
    if (core == NULL)
        return;
    cache_destroy(core->tokens);
    events_destroy(core->events);
    token_verifier_destroy(core->verifier);
    mem_free(core);
}

void core_sweep(struct core *core, struct ctx *ctx)
{
    letters_sweep(core, ctx);
}
