/* multipart/form-data (RFC 7578) as a push parser: fed in chunks of any size, it hands out the
 * parts' headers and their data as slices of what was fed, without copying. The chunks' borders
 * never change what is handed out, except where data is cut into slices. */
#ifndef LETTERLOCK_API_MULTIPART_H
#define LETTERLOCK_API_MULTIPART_H

#include "base/buffer.h"
#include "base/err.h"

#define MULTIPART_BOUNDARY_MAX 70u       /* RFC 2046 section 5.1.1 */
#define MULTIPART_HEADERS_MAX (8u << 10) /* bytes of one part's header block */
#define MULTIPART_PARTS_MAX 16u

/* One part's head, borrowed for the duration of the callback. */
struct multipart_part {
    struct bytes name;
    bool has_filename;
    struct bytes filename;     /* as sent, unescaped; any bytes, to be checked by the receiver */
    struct bytes content_type; /* empty when absent */
};

/* What the parser calls. An error stops the parser and comes back from multipart_feed. */
struct multipart_receiver {
    enum err (*part)(void *self, const struct multipart_part *part);
    enum err (*data)(void *self, struct bytes data); /* borrowed, never empty */
    enum err (*end)(void *self);                     /* of the part */
};

enum multipart_state {
    MULTIPART_PREAMBLE,
    MULTIPART_AFTER_DELIMITER,
    MULTIPART_HEADERS,
    MULTIPART_DATA,
    MULTIPART_EPILOGUE,
};

struct multipart {
    const struct multipart_receiver *receiver;
    void *self;
    enum multipart_state state;
    uint8_t delimiter[MULTIPART_BOUNDARY_MAX + 4]; /* CRLF, two hyphens, the boundary */
    size_t delimiter_n;
    size_t matched; /* bytes of the delimiter that the data so far ends with */
    size_t parts;
    struct buffer line; /* what follows a delimiter, or the header block */
};

/* Prepares for a body with that Content-Type value. receiver and self outlive m.
 * ERR_UNSUPPORTED_MEDIA_TYPE when it is no multipart/form-data, ERR_INVALID_MULTIPART without a
 * valid boundary. m may be given to multipart_fini in any case. */
enum err multipart_init(struct multipart *m, struct bytes content_type,
                        const struct multipart_receiver *receiver, void *self) MUST_CHECK;

/* Takes the next chunk; last tells that the body ends with it. ERR_INVALID_MULTIPART for anything
 * malformed, a missing end included, or an error of the receiver; nothing may be fed after one. */
enum err multipart_feed(struct multipart *m, struct bytes chunk, bool last) MUST_CHECK;

/* A zeroed struct is legal. */
void multipart_fini(struct multipart *m);

#endif
