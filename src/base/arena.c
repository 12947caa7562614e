#include "base/arena.h"

#include "base/mem.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BLOCK_BYTES 4096u

struct arena_block {
    struct arena_block *older;
    size_t size;
    alignas(max_align_t) uint8_t data[];
};

void arena_init(struct arena *a)
{
    *a = (struct arena){0};
}

void arena_fini(struct arena *a)
{
    struct arena_block *block = a->blocks;
    while (block != NULL) {
        struct arena_block *older = block->older;
        mem_cleanse(block->data, block->size);
        mem_free(block);
        block = older;
    }
    *a = (struct arena){0};
}

static void add_block(struct arena *a, size_t need)
{
    size_t size = need > ARENA_BLOCK_BYTES ? need : ARENA_BLOCK_BYTES;
    if (size > ARENA_MAX_BYTES - a->used)
        abort();
    struct arena_block *block = mem_alloc(sizeof *block + size);
    block->older = a->blocks;
    block->size = size;
    a->blocks = block;
    a->next = block->data;
    a->left = size;
    a->used += size;
}

void *arena_alloc(struct arena *a, size_t n)
{
    if (n > ARENA_MAX_BYTES)
        abort();
    size_t rounded = (n + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    if (rounded == 0)
        rounded = alignof(max_align_t);
    if (rounded > a->left)
        add_block(a, rounded);
    void *p = a->next;
    a->next += rounded;
    a->left -= rounded;
    return p;
}

void *arena_calloc(struct arena *a, size_t count, size_t size)
{
    if (size > 0 && count > ARENA_MAX_BYTES / size)
        abort();
    return arena_alloc(a, count * size);
}

struct bytes arena_copy(struct arena *a, struct bytes data)
{
    uint8_t *p = arena_alloc(a, data.n + 1);
    if (data.n > 0)
        memcpy(p, data.p, data.n);
    return (struct bytes){p, data.n};
}

char *arena_str(struct arena *a, struct bytes data)
{
    char *s = arena_alloc(a, data.n + 1);
    if (data.n > 0)
        memcpy(s, data.p, data.n);
    return s;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    char probe[1]; /* GCC's sanitizer build takes NULL here for a mistake */
    int n = vsnprintf(probe, sizeof probe, format, args);
    va_end(args);
    assert(n >= 0);
    char *s = arena_alloc(a, (size_t)n + 1);
    (void)vsnprintf(s, (size_t)n + 1, format, again);
    va_end(again);
    return s;
}
