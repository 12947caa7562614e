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
struct object_draft;

#define OBJECT_DRAFT_TOKEN_BYTES 1280u

/* An object that grows over several requests, perhaps on several servers, before it is committed.
 * Its owner keeps this between them. */
struct object_draft_place {
    struct uuid id;
    char token[OBJECT_DRAFT_TOKEN_BYTES]; /* the adapter's own text, NUL-terminated; "" at first */
    uint64_t size;                        /* bytes known to be durable */
};

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

    /* --- drafts: all of these are NULL where there are none --- */

    /* Opens a draft to write at place->size, and makes one when that is 0. May change place->token:
     * it is to be kept before anything is written. ERR_NOT_FOUND when what was written before is
     * gone. Two may have one draft open, if they write the same bytes at the same place. */
    enum err (*draft_open)(void *self, struct ctx *ctx, struct object_draft_place *place,
                           struct object_draft **out) MUST_CHECK;
    /* Writes the next bytes. */
    enum err (*draft_write)(struct object_draft *draft, struct ctx *ctx,
                            struct bytes data) MUST_CHECK;
    /* Everything written survives a power cut from now on; place is what to keep, before anything
     * else is written. */
    enum err (*draft_sync)(struct object_draft *draft, struct ctx *ctx,
                           struct object_draft_place *place) MUST_CHECK;
    /* Takes the draft, which stays where it is. NULL is legal. */
    void (*draft_close)(struct object_draft *draft);
    /* Makes the first place->size bytes the object; ERR_OK when that was done before.
     * ERR_NOT_FOUND when they are gone. */
    enum err (*draft_commit)(void *self, struct ctx *ctx,
                             const struct object_draft_place *place) MUST_CHECK;
    /* Removes a draft; ERR_OK when there is none. An object that was made of it stays. */
    enum err (*draft_remove)(void *self, struct ctx *ctx,
                             const struct object_draft_place *place) MUST_CHECK;

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

    /* Objects, drafts and unfinished writes older than before_unix_ms that keep(arg, id) does not
     * vouch for are removed; *removed counts them. For crashes between object and record. Where
     * only this process writes (files), those from before the port was opened go too, whatever
     * their age; where several nodes write and sweep at once (S3), nothing young is ever removed,
     * and writes in parts count as a day younger. Stops with ERR_DEADLINE at ctx's deadline and
     * goes on from there the next time. One thread at a time. */
    enum err (*sweep)(void *self, struct ctx *ctx, int64_t before_unix_ms,
                      enum err (*keep)(void *arg, const struct uuid *id, bool *keep), void *arg,
                      size_t *removed) MUST_CHECK;
};

#endif
