/* The Range header (RFC 9110 section 14.2), for single ranges of bytes. */
#ifndef LETTERLOCK_API_RANGE_H
#define LETTERLOCK_API_RANGE_H

#include "base/bytes.h"

enum range_kind {
    RANGE_WHOLE,         /* no range, or one that a server may ignore: send everything */
    RANGE_PART,          /* send [from, to) */
    RANGE_UNSATISFIABLE, /* 416 */
};

/* Reads the value of a Range header against a representation of size bytes. Several ranges, other
 * units and malformed values are ignored, as the standard allows or demands. */
enum range_kind range_read(struct bytes value, uint64_t size, uint64_t *from, uint64_t *to);

#endif
