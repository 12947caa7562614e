/* Media types of the web client's files. */
#ifndef LETTERLOCK_HTTP_MEDIA_TYPES_H
#define LETTERLOCK_HTTP_MEDIA_TYPES_H

#include <stdbool.h>

/* The Content-Type for a file name by its extension; application/octet-stream for unknown ones. */
const char *media_types_of(const char *name);

/* True for types that are worth compressing; only these are looked for as .br and .gz. */
bool media_types_compressible(const char *name);

#endif
