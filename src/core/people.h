/* Users as others see them. */
#ifndef LETTERLOCK_CORE_PEOPLE_H
#define LETTERLOCK_CORE_PEOPLE_H

#include "core/core.h"

/* Ready users other than the actor whose name starts with prefix (either case), by name. limit is
 * 1..RECORDS_PAGE_MAX. ERR_INVALID_CURSOR. */
enum err people_list(struct core *core, struct ctx *ctx, struct bytes prefix, size_t limit,
                     struct bytes cursor, struct user_page *out) MUST_CHECK;

struct person {
    struct user_record user;
    struct key_description key; /* the present one */
    /* SHA-256 of the public key, or of the key's reference where the key is not ours to show; for
     * two people to compare. */
    uint8_t fingerprint[32];
};

/* A ready user (the actor too) with its key. ERR_NOT_FOUND. */
enum err people_get(struct core *core, struct ctx *ctx, const struct uuid *id,
                    struct person *out) MUST_CHECK;

#endif
