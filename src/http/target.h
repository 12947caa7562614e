/* The request target (RFC 9112 section 3.2), taken raw from the request line. */
#ifndef LETTERLOCK_HTTP_TARGET_H
#define LETTERLOCK_HTTP_TARGET_H

#include "base/buffer.h"
#include "base/err.h"

#define TARGET_MAX_BYTES 4096u

/* Checks a raw target: visible ASCII only, every % followed by two hex digits, no %00, no encoded
 * slash in the path, no fragment. Gives its path and query in origin-form, borrowed from raw (the
 * absolute-form http://host/path is reduced to it). ERR_INVALID_REQUEST or ERR_URI_TOO_LONG. */
enum err target_check(const char *raw, const char **origin) MUST_CHECK;

/* The path of an origin-form target: everything before the first '?'. */
struct bytes target_path(const char *origin);

/* Percent-decodes a path that target_check accepted; false when it does not fit in out. */
bool target_decode(struct bytes path, struct buffer *out) MUST_CHECK;

#endif
