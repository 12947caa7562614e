/* What the files of the objects adapter share. */
#ifndef LETTERLOCK_EMBEDDED_OBJECTS_FILES_H
#define LETTERLOCK_EMBEDDED_OBJECTS_FILES_H

#include "embedded/objects_adapter.h"

#define OBJECTS_TMP_DIR "tmp"
#define OBJECTS_DRAFTS_DIR "drafts"

struct objects_adapter {
    int root_fd;
    int tmp_fd;
    int drafts_fd;
    int64_t opened_unix_ms; /* by the file system's clock; 0: unknown */
    /* Of the thread that sweeps: where the next one goes on, and whether one came to the end. */
    unsigned next_shard;
    bool swept;
};

/* Writes all of data at offset. */
enum err objects_files_write(int fd, uint64_t offset, struct bytes data) MUST_CHECK;

/* Gives the file from_name in from_fd, whose content is durable, the name of an object, durably.
 * ERR_CONFLICT when that is taken. */
enum err objects_files_publish(struct objects_adapter *objects, int from_fd, const char *from_name,
                               const struct uuid *id) MUST_CHECK;

/* The port's calls for drafts: <root>/drafts/<id>. */
enum err objects_draft_open(void *self, struct ctx *ctx, struct object_draft_place *place,
                            struct object_draft **out);
enum err objects_draft_write(struct object_draft *draft, struct ctx *ctx, struct bytes data);
enum err objects_draft_sync(struct object_draft *draft, struct ctx *ctx,
                            struct object_draft_place *place);
void objects_draft_close(struct object_draft *draft);
enum err objects_draft_commit(void *self, struct ctx *ctx, const struct object_draft_place *place);
enum err objects_draft_remove(void *self, struct ctx *ctx, const struct object_draft_place *place);

#endif
