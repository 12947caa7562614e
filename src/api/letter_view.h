/* How a letter's metadata looks in JSON (schema Letter). Written as text, not as a value of
 * Jansson's: it is in every reply to a send, two hundred times in a list, and in every event. */
#ifndef LETTERLOCK_API_LETTER_VIEW_H
#define LETTERLOCK_API_LETTER_VIEW_H

#include "base/buffer.h"
#include "ports/records.h"

/* Appends the object for record as actor sees it. lost_before_unix_ms is that of the actor's key:
 * what was sealed before it, nobody opens any more. */
void letter_view_write(struct buffer *out, const struct message_record *record,
                       const struct actor *actor, int64_t lost_before_unix_ms);

/* Appends its members alone, for an object that has more of them. */
void letter_view_write_members(struct buffer *out, const struct message_record *record,
                               const struct actor *actor, int64_t lost_before_unix_ms);

#endif
