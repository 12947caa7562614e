/* Where the frames of a letter can be fetched without this server: for clients that open letters
 * themselves, and for fronts whose answers have a ceiling. */
#ifndef LETTERLOCK_CORE_LETTER_LINK_H
#define LETTERLOCK_CORE_LETTER_LINK_H

#include "core/core.h"

struct letter_link {
    struct bytes header;    /* of the sealed message; the frames follow it */
    const char *frames_url; /* anybody can fetch them there until then: they are ciphertext */
    int64_t expires_in_s;
};

/* The link of a letter of ctx->actor's, in the context's arena. ERR_NOT_FOUND for nobody's letters,
 * and, with ctx->detail, for small letters, whose frames are in the record, and on backends that
 * give no links. */
enum err letter_link_get(struct core *core, struct ctx *ctx, const struct uuid *id,
                         struct letter_link *out) MUST_CHECK;

#endif
