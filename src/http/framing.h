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

/* How the head lies in libmicrohttpd's buffer shows what its parser forgave: it writes NUL over the
 * colon and over the CR and LF of each line, and nothing else. A folded line is glued to the name,
 * a bare LF is one NUL where there should be two, a line that was dropped leaves a gap. To be
 * checked again whenever the library changes (this holds for 0.9.75). */

/* The place where the line behind text (NUL-terminated) begins, or NULL when no CRLF ends it. */
const uint8_t *framing_next_line(const char *text);

/* The same for a field line that must begin at line and hold name and value; NULL when it does not,
 * or is not "name:" white space "value" CRLF. Reads value.n + 2 bytes at value.p. */
const uint8_t *framing_next_field(const uint8_t *line, struct bytes name, struct bytes value);

/* True for host[:port] with a DNS name, an IPv4 address or a bracketed IPv6 address. */
bool framing_is_host(struct bytes value);

#endif
