#include "scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SCRATCH_TIMEOUT_MS 30000

void scratch_init(struct scratch *s)
{
    (void)snprintf(s->dir, sizeof s->dir, "/tmp/letterlock-test-XXXXXX");
    if (mkdtemp(s->dir) == NULL)
        abort();
    arena_init(&s->arena);
    ctx_init(&s->ctx, &s->arena, SCRATCH_TIMEOUT_MS);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void scratch_fini(struct scratch *s)
{
    (void)nftw(s->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    arena_fini(&s->arena);
}

char *scratch_path(struct scratch *s, const char *name)
{
    return arena_printf(&s->arena, "%s/%s", s->dir, name);
}
