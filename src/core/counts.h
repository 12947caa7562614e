/* What the core counts for the operator, since the process started. Relaxed atomics. */
#ifndef LETTERLOCK_CORE_COUNTS_H
#define LETTERLOCK_CORE_COUNTS_H

#include <stdatomic.h>
#include <stdint.h>

struct core_counts {
    _Atomic int64_t letters_sent; /* stored for the first time, not again under the same key */
    _Atomic int64_t sign_ins_granted;
    _Atomic int64_t sign_ins_refused; /* wrong password, code or account, or throttled */
};

/* One more. */
static inline void core_count(_Atomic int64_t *count)
{
    (void)atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
}

#endif
