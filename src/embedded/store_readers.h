/* The pool of read-only connections of a store: opened when needed, at most STORE_READERS_MAX, the
 * last used first, closed when idle. Thread-safe. */
#ifndef LETTERLOCK_EMBEDDED_STORE_READERS_H
#define LETTERLOCK_EMBEDDED_STORE_READERS_H

#include "base/threads.h"
#include "embedded/store_db.h"

struct store_readers {
    const char *path; /* borrowed */
    struct lock lock;
    struct condition freed;
    struct store_db *free; /* last used first */
    unsigned count;
};

void store_readers_init(struct store_readers *readers, const char *path);

/* Closes all; none may be taken. */
void store_readers_fini(struct store_readers *readers);

/* Gives a connection, for store_readers_give_back. When all are taken it waits for one, until the
 * deadline: ERR_DEADLINE. ERR_UNAVAILABLE when one cannot be opened. */
enum err store_readers_take(struct store_readers *readers, struct ctx *ctx,
                            struct store_db **out) MUST_CHECK;

void store_readers_give_back(struct store_readers *readers, struct store_db *db);

/* Closes those that were not used for a while. */
void store_readers_close_idle(struct store_readers *readers);

#endif
