/* An owned, growable run of bytes with a ceiling. Overflow is sticky: once an append does not fit,
 * nothing more is added and buffer_ok says false, so a writer checks once at its end. */
#ifndef LETTERLOCK_BASE_BUFFER_H
#define LETTERLOCK_BASE_BUFFER_H

#include "base/bytes.h"

#include <stdarg.h>

struct buffer {
    uint8_t *p;
    size_t n;        /* bytes in use */
    size_t capacity; /* bytes allocated */
    size_t max;      /* ceiling for n */
    bool overflow;
};

/* Makes b empty with a ceiling of max bytes; allocates nothing yet. */
void buffer_init(struct buffer *b, size_t max);

/* Cleanses and frees the content. A zeroed struct is legal. The buffer may be used again only
 * after buffer_init. */
void buffer_fini(struct buffer *b);

/* Forgets the content and the overflow; keeps the memory. */
void buffer_clear(struct buffer *b);

/* True when every append so far fitted. */
bool buffer_ok(const struct buffer *b);

/* The content, borrowed until the next change of b. */
struct bytes buffer_bytes(const struct buffer *b);

/* Gives the caller n writable bytes at the end without counting them (see buffer_commit), or NULL
 * on overflow. Borrowed until the next change of b. */
uint8_t *buffer_reserve(struct buffer *b, size_t n);

/* Counts n bytes written into the space that buffer_reserve gave. */
void buffer_commit(struct buffer *b, size_t n);

/* Appends a run, one byte, or a number in big-endian order. */
void buffer_append(struct buffer *b, struct bytes data);
void buffer_append_u8(struct buffer *b, uint8_t v);
void buffer_append_u16(struct buffer *b, uint16_t v);
void buffer_append_u32(struct buffer *b, uint32_t v);
void buffer_append_u64(struct buffer *b, uint64_t v);

/* Appends a NUL-terminated string without its terminator. */
void buffer_append_str(struct buffer *b, const char *s);

/* Appends formatted text without a terminator. Never for secrets. */
void buffer_printf(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Removes the first n bytes (n <= b->n) by moving the rest down. */
void buffer_consume(struct buffer *b, size_t n);

#endif
