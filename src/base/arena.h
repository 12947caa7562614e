/* Memory with the life of one request: many small pieces, freed together. Bodies and other data of
 * unbounded size never enter it. */
#ifndef LETTERLOCK_BASE_ARENA_H
#define LETTERLOCK_BASE_ARENA_H

#include "base/bytes.h"

struct arena_block;

struct arena {
    struct arena_block *blocks;
    uint8_t *next; /* free space of the newest block */
    size_t left;
    size_t used; /* bytes asked of the system so far */
};

/* A request needs a few KiB; one that reaches this has met a bug, and the process aborts. */
#define ARENA_MAX_BYTES (64u << 20)

/* Makes a empty; allocates nothing yet. A zeroed struct is an empty arena too. */
void arena_init(struct arena *a);

/* Cleanses and frees everything given out. a is empty afterwards and may be used again. */
void arena_fini(struct arena *a);

/* Gives n zeroed bytes aligned for any type, valid until arena_fini. Never NULL. */
void *arena_alloc(struct arena *a, size_t n) __attribute__((returns_nonnull, warn_unused_result));

/* Gives count * size zeroed bytes; aborts on overflow of the product. count may be 0. */
void *arena_calloc(struct arena *a, size_t count, size_t size)
    __attribute__((returns_nonnull, warn_unused_result));

/* Gives a copy of data that lives as long as the arena; a NUL byte follows it, uncounted. */
struct bytes arena_copy(struct arena *a, struct bytes data);

/* Gives a NUL-terminated copy. Bytes behind an embedded NUL are not seen by C string functions. */
char *arena_str(struct arena *a, struct bytes data) __attribute__((returns_nonnull));

/* Gives formatted text, NUL-terminated. */
char *arena_printf(struct arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3), returns_nonnull));

#endif
