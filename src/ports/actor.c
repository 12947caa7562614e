#include "ports/actor.h"

#include "base/mem.h"

void actor_fini(struct actor *actor)
{
    mem_cleanse(actor, sizeof *actor);
}
