/* The whole embedded backend in a directory of its own, under a core: for tests of rules that only
 * show on the real thing. Calls can be made to fail at a chosen step, as a crash there would. */
#ifndef LETTERLOCK_TESTS_CORE_BACKEND_H
#define LETTERLOCK_TESTS_CORE_BACKEND_H

#include "core/core.h"

#define BACKEND_PASSWORD "nine lives of cats"

/* The port calls that can be cut. */
enum backend_step {
    STEP_NONE,
    STEP_KEYS_PROVISION,
    STEP_NOTICES_PROVISION,
    STEP_USER_PUT,
    STEP_NOTICES_DESTROY,
    STEP_USER_ERASE,
    STEP_KEYS_DESTROY,
    STEP_ACCOUNT_ERASE,
};

struct backend {
    char dir[64];
    struct arena arena;
    struct ctx ctx;
    struct core_config config;
    struct core *core;
};

/* Opens everything. There is one at a time. */
void backend_open(struct backend *backend);
void backend_close(struct backend *backend);

/* From now on the call of that step fails with ERR_UNAVAILABLE, before it did anything or after it
 * did everything. STEP_NONE: nothing fails. */
void backend_cut(enum backend_step step, bool after);

/* Signs up name with BACKEND_PASSWORD and gives the code that was mailed, in the arena. */
const char *backend_sign_up(struct backend *backend, const char *name);

/* Signs name in and makes the session's user ctx's actor, who lives in *actor. */
enum err backend_sign_in(struct backend *backend, const char *name, struct actor *actor);

#endif
