/* The encryption context: name/value pairs that are authenticated with a message but not secret
 * (message format, section 2). The serialised form, "AAD5", is exactly header field 5; it is empty
 * for the empty set. Readers work on the serialised form without copying it. */
#ifndef LETTERLOCK_ENVELOPE_ENCRYPTION_CONTEXT_H
#define LETTERLOCK_ENVELOPE_ENCRYPTION_CONTEXT_H

#include "base/buffer.h"
#include "envelope/envelope_reason.h"

#define ENCRYPTION_CONTEXT_MAX_BYTES 65535u
#define ENCRYPTION_CONTEXT_MAX_PAIRS 16u /* that we write; readers take any number */

struct encryption_context_pair {
    struct bytes name;
    struct bytes value;
};

/* A set to be written or expected, sorted by name. Zeroed: the empty set. */
struct encryption_context {
    struct encryption_context_pair pairs[ENCRYPTION_CONTEXT_MAX_PAIRS];
    size_t count;
};

/* Adds a pair, borrowed as long as the set is used. ERR_INVALID_FIELD when the name is empty,
 * taken, begins "aws-crypto-" (the SDK's own), when either is not UTF-8, or when the set is full
 * (16 pairs, 65,535 bytes serialised). */
enum err encryption_context_add(struct encryption_context *context, struct bytes name,
                                struct bytes value) MUST_CHECK;

/* Appends the serialised form, nothing for the empty set. */
void encryption_context_write(const struct encryption_context *context, struct buffer *out);

/* Checks a serialised form strictly: counts and lengths fit, names and values are UTF-8, names
 * strictly ascending. reason may be NULL. */
enum err encryption_context_check(struct bytes aad, enum envelope_reason *reason) MUST_CHECK;

/* A walk over a serialised form. */
struct encryption_context_walk {
    struct bytes left;
};

/* Starts a walk over aad, which encryption_context_check accepted; borrows aad. */
struct encryption_context_walk encryption_context_walk_of(struct bytes aad);

/* Gives the next pair, borrowed from aad; false at the end. */
bool encryption_context_next(struct encryption_context_walk *walk,
                             struct encryption_context_pair *pair);

/* The value of name in a checked serialised form, borrowed from it; false when it is absent. */
bool encryption_context_find(struct bytes aad, struct bytes name, struct bytes *value);

/* ENVELOPE_REASON_CONTEXT_MISMATCH unless every pair of expected is in the checked form aad with
 * the same value. Other pairs are allowed. Meaningful only once the header tag was verified. */
enum err encryption_context_require(struct bytes aad, const struct encryption_context *expected,
                                    enum envelope_reason *reason) MUST_CHECK;

#endif
