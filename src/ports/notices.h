/* The notices port: telling a recipient outside the application that a letter waits. A notice names
 * no sender, content or file name. Embedded: e-mail. AWS: an SNS topic per user. */
#ifndef LETTERLOCK_PORTS_NOTICES_H
#define LETTERLOCK_PORTS_NOTICES_H

#include "base/ctx.h"
#include "base/uuid.h"
#include "ports/records.h"

struct notices {
    void *self;

    /* Makes the user's topic and subscribes the address, or finds it (idempotent). Gives the
     * reference that the user's record keeps, in the arena. */
    enum err (*provision)(void *self, struct ctx *ctx, const struct uuid *user_id,
                          struct bytes email, const char **reference) MUST_CHECK;

    /* A letter was stored for the recipient. Never blocks and cannot fail: an adapter that keeps a
     * durable queue recorded the notice in the letter's own transaction and only wakes up here;
     * one that does not retries on a thread of its own. */
    void (*letter_arrived)(void *self, const struct user_record *recipient);

    /* Removes the user's topic. Idempotent. */
    enum err (*destroy)(void *self, struct ctx *ctx, const struct uuid *user_id,
                        const char *reference) MUST_CHECK;
};

#endif
