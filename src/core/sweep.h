/* Housekeeping of letters, for letters_sweep. Both stop at ctx's deadline and go on where they were
 * the next time. */
#ifndef LETTERLOCK_CORE_SWEEP_H
#define LETTERLOCK_CORE_SWEEP_H

#include "core/core.h"

/* Erases letters that have expired, records first, then objects. *erased counts them. */
enum err sweep_expired_letters(struct core *core, struct ctx *ctx, size_t *erased) MUST_CHECK;

/* Removes objects and drafts that neither letter nor upload refers to, older than an hour or than
 * this server: what a crash left between object and record, or between erasing the one and the
 * other. */
enum err sweep_orphaned_objects(struct core *core, struct ctx *ctx, size_t *removed) MUST_CHECK;

#endif
