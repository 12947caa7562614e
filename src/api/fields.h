/* The members of a JSON request body. Failure is sticky: the first missing or malformed member is
 * the one reported, so that a handler reads all of them and looks at e once. Unknown members are
 * ignored. */
#ifndef LETTERLOCK_API_FIELDS_H
#define LETTERLOCK_API_FIELDS_H

#include "api/call.h"
#include "base/json.h"

#define FIELDS_BODY_MAX_BYTES 16384u /* for the routes with small bodies */

struct fields {
    struct ctx *ctx;
    json_t *object;
    enum err e; /* ERR_OK, ERR_INVALID_JSON, ERR_MISSING_FIELD, ERR_INVALID_FIELD */
};

/* Parses the call's body; an empty one is ERR_INVALID_JSON. */
struct fields fields_open(struct api_call *call);

/* Frees the body; what came from it is gone. */
void fields_close(struct fields *f);

/* A text of 1..max_bytes bytes, borrowed until fields_close. An absent or null member is
 * ERR_MISSING_FIELD for the first, and the empty run for the second. */
struct bytes fields_text(struct fields *f, const char *name, size_t max_bytes);
struct bytes fields_optional_text(struct fields *f, const char *name, size_t max_bytes);

/* An integer between min and max; absent when the member is not there. */
int64_t fields_optional_int(struct fields *f, const char *name, int64_t min, int64_t max,
                            int64_t absent);

/* A boolean; absent when the member is not there. */
bool fields_optional_bool(struct fields *f, const char *name, bool absent);

#endif
