/* Heap memory that never returns NULL.
 *
 * Every growing thing in Letterlock has a ceiling, so a failed malloc means the machine, not a
 * request, is in trouble. The process then stops at once: acknowledged letters are durable and a
 * restart is safe, whereas code that limps on without memory is not. See ARCHITECTURE.md. */
#ifndef LETTERLOCK_BASE_MEM_H
#define LETTERLOCK_BASE_MEM_H

#include <stddef.h>

/* Gives size bytes (size > 0), zeroed. Aborts the process when the system has none. */
void *mem_alloc(size_t size) __attribute__((malloc, returns_nonnull, warn_unused_result));

/* Gives count * size zeroed bytes; aborts on overflow of the product or on lack of memory. */
void *mem_calloc(size_t count, size_t size)
    __attribute__((malloc, returns_nonnull, warn_unused_result));

/* Resizes a block of this module (p may be NULL); new bytes are not zeroed. Takes p, gives the
 * result. Aborts on lack of memory. */
void *mem_realloc(void *p, size_t size) __attribute__((returns_nonnull, warn_unused_result));

/* Gives a NUL-terminated copy of s. */
char *mem_strdup(const char *s) __attribute__((malloc, returns_nonnull, warn_unused_result));

/* Takes p, which may be NULL. */
void mem_free(void *p);

/* Overwrites n bytes at p so that the compiler cannot drop the write. p may be NULL when n is 0. */
void mem_cleanse(void *p, size_t n);

#endif
