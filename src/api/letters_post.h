/* POST /v1/letters in its three forms of body. Handlers of letters_routes. */
#ifndef LETTERLOCK_API_LETTERS_POST_H
#define LETTERLOCK_API_LETTERS_POST_H

#include "api/call.h"

/* Bodies up to this size may be handled on a loop thread, because their frames certainly fit the
 * record (records.inline_max_bytes, 16 KiB): the worst is a text of control characters, of which
 * each takes six bytes in the manifest. */
#define LETTERS_POST_INLINE_MAX_BYTES 2560u

enum api_next letters_post_start(struct api_call *call);
enum api_next letters_post_chunk(struct api_call *call, struct bytes chunk, bool last);

#endif
