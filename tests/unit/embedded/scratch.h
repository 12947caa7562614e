/* A directory for one test, removed with all that is in it, and a context to call with. */
#ifndef LETTERLOCK_TESTS_SCRATCH_H
#define LETTERLOCK_TESTS_SCRATCH_H

#include "base/ctx.h"

struct scratch {
    char dir[64];
    struct arena arena;
    struct ctx ctx;
};

/* Makes an empty directory and a context with a deadline of half a minute. */
void scratch_init(struct scratch *s);

/* Removes the directory and frees the arena. */
void scratch_fini(struct scratch *s);

/* The path of name in the directory, in the arena. */
char *scratch_path(struct scratch *s, const char *name);

#endif
