/* Text forms of binary data: hex, base64 and base64url (RFC 4648), URL percent-encoding (RFC 3986),
 * base32 for authenticator apps, Crockford base32 for keys that people type. */
#ifndef LETTERLOCK_BASE_ENCODE_H
#define LETTERLOCK_BASE_ENCODE_H

#include "base/arena.h"
#include "base/buffer.h"

/* Appends data as lower-case hex. */
void encode_hex(struct buffer *out, struct bytes data);

/* Reads exactly 2*n hex digits, either case, into n bytes; false on anything else. */
bool encode_hex_decode(struct bytes text, uint8_t *out, size_t n);

/* Appends data as base64 with padding (RFC 4648 section 4). */
void encode_base64(struct buffer *out, struct bytes data);

/* Appends data as base64url without padding (section 5, RFC 7515 section 2). */
void encode_base64url(struct buffer *out, struct bytes data);

/* Decode strictly: canonical form only (no white space, no stray trailing bits; padding required by
 * the first, forbidden by the second). False on anything else; *out lives in the arena. */
bool encode_base64_decode(struct arena *arena, struct bytes text, struct bytes *out);
bool encode_base64url_decode(struct arena *arena, struct bytes text, struct bytes *out);

/* Appends text with all but unreserved characters percent-encoded. */
void encode_percent(struct buffer *out, struct bytes text);

/* Appends data as base32 without padding (RFC 4648 section 6). */
void encode_base32_standard(struct buffer *out, struct bytes data);

/* Appends data as Crockford base32, 5 bits a character, the last one padded with zero bits, with a
 * '-' after every group characters (0: none). */
void encode_base32(struct buffer *out, struct bytes data, size_t group);

/* Reads n bytes of Crockford base32 as a person may type it: either case, '-' and spaces skipped,
 * O as 0, I and L as 1. False on anything else. */
bool encode_base32_decode(struct bytes text, uint8_t *out, size_t n);

#endif
