/* The Upload-Metadata header (tus 1.0.0, creation): "key base64, key base64, key". */
#ifndef LETTERLOCK_API_UPLOAD_METADATA_H
#define LETTERLOCK_API_UPLOAD_METADATA_H

#include "base/arena.h"

#define UPLOAD_METADATA_PAIRS_MAX 16u

struct upload_metadata {
    struct {
        struct bytes key;   /* borrowed from the header */
        struct bytes value; /* decoded, in the arena; empty without one */
    } pairs[UPLOAD_METADATA_PAIRS_MAX];
    size_t count;
};

/* Reads the header's value; the empty one has no pairs. False when a key is empty, not visible
 * ASCII or there twice, a value is not base64 with its padding, or there are too many pairs. */
bool upload_metadata_read(struct arena *arena, struct bytes header, struct upload_metadata *out);

/* The value of key; false with *value empty when it is not there. Unknown keys are nobody's
 * business. */
bool upload_metadata_get(const struct upload_metadata *metadata, const char *key,
                         struct bytes *value);

#endif
