/* Letters as far as keys go, for the contracts of the keys port: wrapped data keys in a header. */
#ifndef LETTERLOCK_TESTS_SEALED_LETTER_H
#define LETTERLOCK_TESTS_SEALED_LETTER_H

#include "core/letter_context.h"
#include "household.h"

struct sealed_letter {
    struct key_wrapped wrapped;
    struct header header;
    struct uuid id;
    struct uuid sender_id;
};

/* Wraps a data key for a letter of the actor to that user. */
enum err sealed_letter_wrap(struct household *h, const struct uuid *to, bool copy,
                            struct sealed_letter *out) MUST_CHECK;

/* The same, which must go well. */
struct sealed_letter sealed_letter_make(struct household *h, const struct uuid *to, bool copy);

/* Unwraps as the actor; what comes out must be the data key. */
enum err sealed_letter_open(struct household *h, const struct sealed_letter *letter,
                            bool *verified) MUST_CHECK;

void sealed_letter_assert_opens(struct household *h, const struct sealed_letter *letter,
                                bool verified);
void sealed_letter_assert_refused(struct household *h, const struct sealed_letter *letter,
                                  enum err e);

/* A copy of the letter with one byte of its first EDK changed: of its info, or else of its
 * ciphertext. A negative offset counts from the end. */
struct sealed_letter sealed_letter_tampered(struct household *h, const struct sealed_letter *letter,
                                            bool info, int offset);

/* A copy of the letter in the encryption context of another one between the same people. */
struct sealed_letter sealed_letter_moved(struct household *h, const struct sealed_letter *letter,
                                         const struct uuid *recipient);

enum err sealed_letter_check(struct household *h, const struct sealed_letter *letter,
                             const struct uuid *to, bool *can_open, bool *verified) MUST_CHECK;

/* The user's present key, which must be there. */
struct key_description sealed_letter_key(struct household *h, const struct uuid *id);

#endif
