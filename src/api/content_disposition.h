/* The Content-Disposition header (RFC 6266) for names that come from strangers. */
#ifndef LETTERLOCK_API_CONTENT_DISPOSITION_H
#define LETTERLOCK_API_CONTENT_DISPOSITION_H

#include "base/arena.h"

/* Gives the header's value, in the arena: the name as UTF-8 (RFC 8187) and, before it, an ASCII
 * form of it for clients that know no better. file_name is UTF-8; nothing in it can leave the
 * header or the quotes. */
const char *content_disposition_format(struct arena *arena, bool is_inline, struct bytes file_name);

/* True for media types that browsers show without running anything from them: some images, sound,
 * film, plain text, PDF. */
bool content_disposition_may_inline(struct bytes media_type);

#endif
