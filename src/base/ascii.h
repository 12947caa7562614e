/* Characters of ASCII, whatever the locale is. */
#ifndef LETTERLOCK_BASE_ASCII_H
#define LETTERLOCK_BASE_ASCII_H

#include <stdbool.h>
#include <stdint.h>

bool ascii_is_alphanumeric(uint8_t c);

/* True for the characters of a token (RFC 9110 section 5.6.2). */
bool ascii_is_token(uint8_t c);

/* True for what a URI holds as it is (RFC 3986 section 2.3). */
bool ascii_is_unreserved(uint8_t c);

/* c, an upper-case letter as its lower-case one. */
uint8_t ascii_lower(uint8_t c);

/* The value of a hex digit of either case, or -1. */
int ascii_hex_value(uint8_t c);

#endif
