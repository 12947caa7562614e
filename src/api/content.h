/* What is inside a letter: its manifest, its content, and the sealed message itself. Handlers of
 * letters_routes. */
#ifndef LETTERLOCK_API_CONTENT_H
#define LETTERLOCK_API_CONTENT_H

#include "api/call.h"

/* GET /v1/letters/{id}/manifest */
enum api_next content_manifest(struct api_call *call);

/* GET /v1/letters/{id}/content: the file or, of a letter without one, the text. ?inline=1 lets a
 * browser show the types that are safe to show. */
enum api_next content_download(struct api_call *call);

/* GET /v1/letters/{id}/sealed */
enum api_next content_sealed(struct api_call *call);

#endif
