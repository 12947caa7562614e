/* The objects port on files: <root>/ab/<id> with ab the last two digits of the id (the first ones
 * of a version 7 UUID are the date), unfinished ones in <root>/tmp/, drafts as <root>/drafts/<id>.
 * Files have the mode 0600, directories 0700. */
#ifndef LETTERLOCK_EMBEDDED_OBJECTS_ADAPTER_H
#define LETTERLOCK_EMBEDDED_OBJECTS_ADAPTER_H

#include "ports/objects.h"

#define OBJECTS_CHUNK_BYTES (256u << 10)
#define OBJECTS_PATH_BYTES (3u + UUID_TEXT_BYTES) /* "ab/", an id, and the NUL */

struct objects_adapter;

/* Opens the directory at root, which must exist. ERR_UNAVAILABLE when it cannot, logged. */
enum err objects_adapter_open(struct ctx *ctx, const char *root,
                              struct objects_adapter **out) MUST_CHECK;

/* objects may be NULL. No writer or reader may be open. */
void objects_adapter_close(struct objects_adapter *objects);

/* Fills in the port; out lives no longer than objects. */
void objects_adapter_port(struct objects_adapter *objects, struct objects *out);

/* The path of an object under the root: "ab/<id>". */
void objects_adapter_path(const struct uuid *id, char out[OBJECTS_PATH_BYTES]);

/* Calls visit(arg, id, size_bytes, modified_unix_ms) for every object, in no order, until it gives
 * an error, which is given back. Nothing else in the directories is looked at. */
enum err objects_adapter_each(struct objects_adapter *objects, struct ctx *ctx,
                              enum err (*visit)(void *arg, const struct uuid *id,
                                                uint64_t size_bytes, int64_t modified_unix_ms),
                              void *arg) MUST_CHECK;

#endif
