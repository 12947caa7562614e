/* The export of everything kept about a user: one JSON document, made page by page while it is
 * sent. */
#ifndef LETTERLOCK_API_EXPORT_H
#define LETTERLOCK_API_EXPORT_H

#include "api/call.h"
#include "core/core.h"

/* Gives a source with the actor's export (schema Export): profile, sessions and sealed key ring are
 * read at once, letters as the source is read. Close it. */
enum err export_open(struct core *core, struct ctx *ctx, struct api_source **out) MUST_CHECK;

#endif
