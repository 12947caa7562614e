/* Stretching passwords, a few at a time: each takes 19 MiB and tens of milliseconds, and a crowd of
 * guesses must not exhaust the memory. */
#ifndef LETTERLOCK_EMBEDDED_PASSWORD_H
#define LETTERLOCK_EMBEDDED_PASSWORD_H

#include "base/ctx.h"
#include "base/threads.h"
#include "core/key_ring.h"

struct password_gate {
    struct lock lock;
    struct condition freed;
    unsigned running;
    unsigned max;
};

/* max: how many passwords are stretched at a time. */
void password_gate_init(struct password_gate *gate, unsigned max);
void password_gate_fini(struct password_gate *gate);

/* key_ring_stretch when it is this call's turn; ERR_DEADLINE when that is not before the context's
 * deadline. Results as there. */
enum err password_stretch(struct password_gate *gate, struct ctx *ctx, struct bytes password,
                          const struct kdf_parameters *params, struct secret *authentication_secret,
                          struct secret *wrapping_key) MUST_CHECK;

#endif
