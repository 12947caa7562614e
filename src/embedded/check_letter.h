/* Checking one stored letter without its key: header, lengths, order of frames, checksum. */
#ifndef LETTERLOCK_EMBEDDED_CHECK_LETTER_H
#define LETTERLOCK_EMBEDDED_CHECK_LETTER_H

#include "embedded/check.h"
#include "ports/objects.h"
#include "ports/records.h"

/* Looks at a letter whose record m has header and, if inline, frames. CHECK_NONE, or what is wrong
 * first; *text then says it, in the arena. */
enum check_problem check_letter(struct ctx *ctx, const struct objects *objects,
                                const struct message_record *m, const char **text);

#endif
