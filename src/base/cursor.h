/* Reads binary fields from a borrowed run. Failure is sticky: a read past the end returns zero or
 * the empty run and sets failed, so a parser checks once per structure. Numbers are big-endian. */
#ifndef LETTERLOCK_BASE_CURSOR_H
#define LETTERLOCK_BASE_CURSOR_H

#include "base/bytes.h"

struct cursor {
    struct bytes left; /* what has not been read yet */
    bool failed;
};

/* A cursor at the start of data. */
struct cursor cursor_of(struct bytes data);

uint8_t cursor_u8(struct cursor *c);
uint16_t cursor_u16(struct cursor *c);
uint32_t cursor_u32(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);

/* The next n bytes, borrowed from the data. */
struct bytes cursor_take(struct cursor *c, size_t n);

/* A field with its length in front (u16 or u32), borrowed from the data. */
struct bytes cursor_take_u16_prefixed(struct cursor *c);
struct bytes cursor_take_u32_prefixed(struct cursor *c);

/* True when nothing failed and nothing is left. */
bool cursor_at_end(const struct cursor *c);

#endif
