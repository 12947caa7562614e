/* The objects port: the frames of letters, one immutable object per letter. Embedded: files. AWS:
 * S3.
 *
 * Contract for every adapter:
 *  - An object is visible only after commit succeeded, and then survives a power cut.
 *  - Writers hold constant memory; chunk_bytes is the best size for one write.
 *  - Calls may block: worker threads only. */
#ifndef LETTERLOCK_PORTS_OBJECTS_H
#define LETTERLOCK_PORTS_OBJECTS_H

#include "base/buffer.h"
#include "base/ctx.h"
#include "base/uuid.h"

struct object_writer; /* an adapter's own structure */
struct object_reader;

struct objects {
    void *self;
    size_t chunk_bytes;

    /* Starts an object; ERR_STORAGE_FULL. Gives a writer for exactly one commit or abort. */
    enum err (*begin)(void *self, struct ctx *ctx, const struct uuid *id,
                      struct object_writer **out) MUST_CHECK;
    enum err (*write)(struct object_writer *writer, struct ctx *ctx, struct bytes data) MUST_CHECK;
    /* Takes the writer, also on failure (nothing stays behind then). ERR_CONFLICT when the object
     * exists. */
    enum err (*commit)(struct object_writer *writer, struct ctx *ctx) MUST_CHECK;
    /* Takes the writer; removes what was written. NULL is legal. */
    void (*abort)(struct object_writer *writer);

    /* Opens an object for reads; ERR_NOT_FOUND. *size in bytes. */
    enum err (*open)(void *self, struct ctx *ctx, const struct uuid *id, struct object_reader **out,
                     uint64_t *size) MUST_CHECK;
    /* Reads up to n bytes at offset into data; *got is less only at the end. */
    enum err (*read)(struct object_reader *reader, struct ctx *ctx, uint64_t offset, uint8_t *data,
                     size_t n, size_t *got) MUST_CHECK;
    /* Takes the reader; NULL is legal. */
    void (*close)(struct object_reader *reader);

    /* Appends an address from which anybody can fetch the object for expires_s seconds, without
     * this server. NULL where there is no such thing. */
    enum err (*link)(void *self, struct ctx *ctx, const struct uuid *id, int64_t expires_s,
                     struct buffer *url) MUST_CHECK;

    /* Removes an object; ERR_OK when there is none. */
    enum err (*remove)(void *self, struct ctx *ctx, const struct uuid *id) MUST_CHECK;

    /* Objects and unfinished writes older than before_unix_ms that keep(arg, id) does not vouch for
     * are removed; *removed counts them. For crashes between object and record. Where only this
     * process writes (files), those from before the port was opened go too, whatever their age;
     * where several nodes write and sweep at once (S3), nothing young is ever removed, and writes
     * in parts count as a day younger. Stops with ERR_DEADLINE at ctx's deadline and goes on from
     * there the next time. One thread at a time. */
    enum err (*sweep)(void *self, struct ctx *ctx, int64_t before_unix_ms,
                      enum err (*keep)(void *arg, const struct uuid *id, bool *keep), void *arg,
                      size_t *removed) MUST_CHECK;
};

#endif
