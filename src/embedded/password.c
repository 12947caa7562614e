#include "embedded/password.h"

void password_gate_init(struct password_gate *gate, unsigned max)
{
    lock_init(&gate->lock);
    condition_init(&gate->freed);
    gate->running = 0;
    gate->max = max;
}

void password_gate_fini(struct password_gate *gate)
{
    condition_fini(&gate->freed);
    lock_fini(&gate->lock);
}

static enum err enter(struct password_gate *gate, int64_t deadline_mono_ms)
{
    lock_acquire(&gate->lock);
    bool in_time = true;
    while (gate->running == gate->max && in_time)
        in_time = condition_wait(&gate->freed, &gate->lock, deadline_mono_ms);
    bool entered = gate->running < gate->max;
    if (entered)
        gate->running++;
    lock_release(&gate->lock);
    return entered ? ERR_OK : ERR_DEADLINE;
}

static void leave(struct password_gate *gate)
{
    lock_acquire(&gate->lock);
    gate->running--;
    condition_signal(&gate->freed);
    lock_release(&gate->lock);
}

enum err password_stretch(struct password_gate *gate, struct ctx *ctx, struct bytes password,
                          const struct kdf_parameters *params, struct secret *authentication_secret,
                          struct secret *wrapping_key)
{
    enum err e = enter(gate, ctx->deadline_mono_ms);
    if (e != ERR_OK)
        return e;
    e = key_ring_stretch(password, params, authentication_secret, wrapping_key);
    leave(gate);
    return e;
}
