/* Header fields of multipart bodies: parameters, and the head of one part. Private to multipart. */
#ifndef LETTERLOCK_API_MULTIPART_HEAD_H
#define LETTERLOCK_API_MULTIPART_HEAD_H

#include "api/multipart.h"

/* Calls on(self, name, value) for each parameter of "; name=value; name=\"quoted\"". Quoted values
 * come without their quotes, escapes still in them. False when the list is malformed or on gave
 * false. */
bool multipart_head_parameters(struct bytes list,
                               bool (*on)(void *self, struct bytes name, struct bytes value),
                               void *self);

/* Reads a part's header block (lines ended by CRLF, without the empty one). The strings of *part
 * lie in text, which is cleared first, or in block. ERR_INVALID_MULTIPART. */
enum err multipart_head_parse(struct bytes block, struct buffer *text,
                              struct multipart_part *part) MUST_CHECK;

#endif
