/* How a letter's metadata looks in JSON (schema Letter). */
#ifndef LETTERLOCK_API_LETTER_VIEW_H
#define LETTERLOCK_API_LETTER_VIEW_H

#include "base/json.h"
#include "ports/records.h"

/* Gives a new object for record as actor sees it. lost_before_unix_ms is that of the actor's key:
 * what was sealed before it, nobody opens any more. */
json_t *letter_view(const struct message_record *record, const struct actor *actor,
                    int64_t lost_before_unix_ms);

#endif
