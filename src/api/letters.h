/* /v1/letters: listing, metadata, marking read, deleting; the rows of letters_post.h and content.h
 * are among these. */
#ifndef LETTERLOCK_API_LETTERS_H
#define LETTERLOCK_API_LETTERS_H

#include "api/route.h"

extern const struct api_routes letters_routes;

#endif
