#include "base/mem.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *mem_alloc(size_t size)
{
    return mem_calloc(1, size);
}

void *mem_calloc(size_t count, size_t size)
{
    assert(count > 0 && size > 0);
    void *p = calloc(count, size);
    if (p == NULL)
        abort();
    return p;
}

void *mem_realloc(void *p, size_t size)
{
    assert(size > 0);
    void *q = realloc(p, size);
    if (q == NULL)
        abort();
    return q;
}

char *mem_strdup(const char *s)
{
    size_t n = strlen(s) + 1;
    char *copy = mem_alloc(n);
    memcpy(copy, s, n);
    return copy;
}

void mem_free(void *p)
{
    free(p);
}

void mem_cleanse(void *p, size_t n)
{
    if (n > 0)
        explicit_bzero(p, n);
}
