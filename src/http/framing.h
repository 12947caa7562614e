/* Message framing (RFC 9112): what decides where a request ends. Everything two parsers could read
 * in two ways is refused, so that no request can hide inside another one. libmicrohttpd is more
 * lenient than that; these checks run on its parsed headers before anything else does. */
#ifndef LETTERLOCK_HTTP_FRAMING_H
#define LETTERLOCK_HTTP_FRAMING_H

#include "base/bytes.h"

struct framing {
    bool http_1_1;
    bool bad;
    unsigned hosts;
    unsigned lengths;
    unsigned codings;
    uint64_t length;
};

/* Starts the check of one request. */
void framing_init(struct framing *f, bool http_1_1);

/* Takes one header field into account. value may have white space around it. */
void framing_add(struct framing *f, struct bytes name, struct bytes value);

/* The verdict: false when the request must be refused; else *content_length is the length of the
 * body, 0 without one and -1 for a chunked one. */
bool framing_finish(const struct framing *f, int64_t *content_length);

/* True when name and value lie in libmicrohttpd's buffer as an unfolded field line leaves them: one
 * byte (the colon) and white space between them, and two NULs (the CRLF) behind. A folded line is
 * glued to the name; a bare LF or a NUL in the value leaves something behind it. Reads value.n + 2
 * bytes at value.p. To be checked again whenever the library changes (this holds for 0.9.75). */
bool framing_is_plain_line(struct bytes name, struct bytes value);

/* True for host[:port] with a DNS name, an IPv4 address or a bracketed IPv6 address. */
bool framing_is_host(struct bytes value);

#endif
