/* A borrowed run of bytes: binary data and text alike. Nothing here owns or frees memory. */
#ifndef LETTERLOCK_BASE_BYTES_H
#define LETTERLOCK_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* n bytes at p, borrowed; p may be NULL when n is 0. A zeroed struct is the empty run. */
struct bytes {
    const uint8_t *p;
    size_t n;
};

/* The bytes of a string literal, without its terminator. */
#define BYTES_LIT(s) ((struct bytes){(const uint8_t *)(s), sizeof(s) - 1})

/* For printf: "%.*s" with BYTES_FMT(b). Text only; never a secret. */
#define BYTES_FMT(b) (int)(b).n, (const char *)(b).p

/* The run of n bytes at p. */
struct bytes bytes_of(const void *p, size_t n);

/* The bytes of a NUL-terminated string, without its terminator; NULL gives the empty run. */
struct bytes bytes_of_str(const char *s);

/* True when both runs have the same length and content. Not for secrets. */
bool bytes_equal(struct bytes a, struct bytes b);

/* True when b has exactly the content of the NUL-terminated s. */
bool bytes_equal_str(struct bytes b, const char *s);

/* As bytes_equal, with ASCII letters compared without case. */
bool bytes_equal_nocase(struct bytes a, struct bytes b);

/* As bytes_equal, in time that depends on the lengths alone. */
bool bytes_equal_secret(struct bytes a, struct bytes b);

/* memcmp order; a shorter run that is a prefix of the other comes first. <0, 0 or >0. */
int bytes_compare(struct bytes a, struct bytes b);

/* True when b begins with prefix. */
bool bytes_starts_with(struct bytes b, struct bytes prefix);

/* The part of b from offset on, at most n bytes; empty when offset is past the end. */
struct bytes bytes_slice(struct bytes b, size_t offset, size_t n);

/* b without leading and trailing spaces and tabs. */
struct bytes bytes_trim(struct bytes b);

/* The index of the first byte c at or after from, or SIZE_MAX. */
size_t bytes_find(struct bytes b, uint8_t c, size_t from);

/* The index of the first occurrence of the NUL-terminated s that starts at or after from, or
 * SIZE_MAX. The empty s is at from, unless that is past the end. */
size_t bytes_find_str(struct bytes b, const char *s, size_t from);

/* True when b is well-formed UTF-8 (RFC 3629: no overlong forms, surrogates or values above
 * U+10FFFF). The empty run is. */
bool bytes_is_utf8(struct bytes b);

/* Reads b as a decimal number of ASCII digits (1 to 19 of them, nothing else) not above max.
 * False, with *out untouched, when it is anything else. */
bool bytes_to_u64(struct bytes b, uint64_t max, uint64_t *out);

#endif
