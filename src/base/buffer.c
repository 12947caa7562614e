#include "base/buffer.h"

#include "base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define BUFFER_FIRST_CAPACITY 256u

void buffer_init(struct buffer *b, size_t max)
{
    *b = (struct buffer){.max = max};
}

void buffer_fini(struct buffer *b)
{
    mem_cleanse(b->p, b->capacity);
    mem_free(b->p);
    *b = (struct buffer){0};
}

void buffer_clear(struct buffer *b)
{
    b->n = 0;
    b->overflow = false;
}

bool buffer_ok(const struct buffer *b)
{
    return !b->overflow;
}

struct bytes buffer_bytes(const struct buffer *b)
{
    return (struct bytes){b->p, b->n};
}

/* Moves into a fresh block instead of realloc, so that no stale copy of a secret stays behind. */
static void buffer_grow(struct buffer *b, size_t need)
{
    size_t capacity = b->capacity == 0 ? BUFFER_FIRST_CAPACITY : b->capacity;
    while (capacity < need)
        capacity = capacity > b->max / 2 ? b->max : capacity * 2;
    if (capacity > b->max)
        capacity = b->max;
    uint8_t *p = mem_alloc(capacity);
    if (b->p != NULL) {
        memcpy(p, b->p, b->n);
        mem_cleanse(b->p, b->n);
        mem_free(b->p);
    }
    b->p = p;
    b->capacity = capacity;
}

uint8_t *buffer_reserve(struct buffer *b, size_t n)
{
    if (b->overflow || b->max == 0 || n > b->max - b->n) {
        b->overflow = true;
        return NULL;
    }
    if (b->n + n > b->capacity || b->p == NULL)
        buffer_grow(b, b->n + n);
    return b->p + b->n;
}

void buffer_commit(struct buffer *b, size_t n)
{
    assert(n <= b->capacity - b->n);
    b->n += n;
}

void buffer_append(struct buffer *b, struct bytes data)
{
    if (data.n == 0)
        return;
    uint8_t *p = buffer_reserve(b, data.n);
    if (p == NULL)
        return;
    memcpy(p, data.p, data.n);
    b->n += data.n;
}

void buffer_append_u8(struct buffer *b, uint8_t v)
{
    buffer_append(b, bytes_of(&v, 1));
}

static void append_big_endian(struct buffer *b, uint64_t v, size_t width)
{
    uint8_t raw[8];
    for (size_t i = 0; i < width; i++)
        raw[i] = (uint8_t)(v >> (8 * (width - 1 - i)));
    buffer_append(b, bytes_of(raw, width));
}

void buffer_append_u16(struct buffer *b, uint16_t v)
{
    append_big_endian(b, v, 2);
}

void buffer_append_u32(struct buffer *b, uint32_t v)
{
    append_big_endian(b, v, 4);
}

void buffer_append_u64(struct buffer *b, uint64_t v)
{
    append_big_endian(b, v, 8);
}

void buffer_append_str(struct buffer *b, const char *s)
{
    buffer_append(b, bytes_of_str(s));
}

void buffer_printf(struct buffer *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(n >= 0);
    /* vsnprintf writes a terminator, which is not counted but needs its place. */
    char *p = (char *)buffer_reserve(b, (size_t)n + 1);
    if (p != NULL) {
        (void)vsnprintf(p, (size_t)n + 1, format, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

void buffer_consume(struct buffer *b, size_t n)
{
    assert(n <= b->n);
    if (n > 0 && b->n > n)
        memmove(b->p, b->p + n, b->n - n);
    b->n -= n;
}
