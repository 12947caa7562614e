/* The encryption context of a letter: it ties the sealed bytes to one letter id and its two sides,
 * so that no message can stand in another one's place. */
#ifndef LETTERLOCK_CORE_LETTER_CONTEXT_H
#define LETTERLOCK_CORE_LETTER_CONTEXT_H

#include "base/uuid.h"
#include "envelope/encryption_context.h"

struct letter_context {
    char message[UUID_TEXT_BYTES];
    char recipient[UUID_TEXT_BYTES];
    char sender[UUID_TEXT_BYTES];
    struct encryption_context pairs; /* borrows the texts above: never copy the struct */
    uint8_t serialised[256];
    size_t serialised_count;
};

/* Fills in the three pairs message, recipient and sender. */
void letter_context_init(struct letter_context *c, const struct uuid *letter_id,
                         const struct uuid *recipient_id, const struct uuid *sender_id);

/* The serialised form (message format, AAD5), borrowed from c. */
struct bytes letter_context_bytes(const struct letter_context *c);

/* Reads a checked serialised form that has exactly these three pairs, as UUIDs in lower case.
 * False on anything else. */
bool letter_context_read(struct bytes serialised, struct uuid *letter_id, struct uuid *recipient_id,
                         struct uuid *sender_id);

#endif
