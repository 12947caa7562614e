/* The core: the rules of Letterlock over the ports. One value for the process; main.c makes it. */
#ifndef LETTERLOCK_CORE_CORE_H
#define LETTERLOCK_CORE_CORE_H

#include "base/cache.h"
#include "core/counts.h"
#include "ports/ports.h"

#include <stdatomic.h>

enum sign_up_mode { SIGN_UP_OPEN, SIGN_UP_INVITE, SIGN_UP_CLOSED };

/* Limits and policy, from the configuration. */
struct core_config {
    enum sign_up_mode sign_up;
    const char *sign_up_domains; /* comma-separated, lower-case; "" for all */
    uint64_t max_letter_bytes;   /* plaintext of one letter */
    int64_t quota_bytes;         /* kept for one user, unless the user's record says else */
    int64_t default_expires_s;   /* 0: letters stay until deleted */
    uint32_t streams_per_user;   /* open event streams */
    uint32_t streams_total;
};

struct events;         /* core/events.h */
struct token_verifier; /* core/token.h */

struct core {
    struct ports *ports;
    const struct core_config *config;
    struct events *events;
    struct token_verifier *verifier;
    struct cache *tokens;          /* digest of a token -> struct actor */
    int64_t orphans_swept_mono_ms; /* of the sweep's thread: core/letters.h */
    struct core_counts counts;
    atomic_uint tokens_forgotten; /* changes whenever tokens are dropped from the cache */
};

/* Makes a core over ports; both arguments outlive it. */
enum err core_create(struct ctx *ctx, struct ports *ports, const struct core_config *config,
                     struct core **out) MUST_CHECK;
void core_destroy(struct core *core);

/* Housekeeping that someone must call about once a minute on a thread that may block: expired
 * letters, orphaned objects, erased accounts. */
void core_sweep(struct core *core, struct ctx *ctx);

#endif
