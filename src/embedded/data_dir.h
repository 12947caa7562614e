/* The data directory: one place with the mode 0700 that holds all state of the embedded backend,
 * served by one process at a time.
 *
 *   letterlock.sqlite (-wal, -shm, -write)   the database (store.h)
 *   objects/ab/<id>, objects/tmp/            frames of larger letters (objects_adapter.h)
 *   objects/drafts/<id>                      those of letters whose file is still arriving
 *   outbox/                                  mail as files, when there is no SMTP server
 *   lock                                     held by the serving process */
#ifndef LETTERLOCK_EMBEDDED_DATA_DIR_H
#define LETTERLOCK_EMBEDDED_DATA_DIR_H

#include "base/ctx.h"

#include <stdbool.h>

#define DATA_DIR_DATABASE "letterlock.sqlite"
#define DATA_DIR_OBJECTS "objects"
#define DATA_DIR_OUTBOX "outbox"
#define DATA_DIR_LOCK "lock"

struct data_dir;

/* Opens the directory. exclusive: for the serving process; takes the lock, which ends with
 * data_dir_close or the process, and makes the directory and what belongs in it when absent (its
 * parent must exist). An operator's command beside a server goes without. ERR_UNAVAILABLE, with the
 * reason in ctx->detail and the log, when another process serves it, when it belongs to another
 * user, when group or others have any access to it, or when there is none. */
enum err data_dir_open(struct ctx *ctx, const char *path, bool exclusive,
                       struct data_dir **out) MUST_CHECK;

/* Releases the lock. dir may be NULL. */
void data_dir_close(struct data_dir *dir);

/* The path of something in the directory, in the arena. */
const char *data_dir_path(const struct data_dir *dir, struct arena *arena, const char *name);

/* Bytes that the file system of the directory has left for us; -1 when it does not say. */
int64_t data_dir_free_bytes(const struct data_dir *dir);

/* Makes a directory (mode 0700) if it is absent, durably. parent_fd: of the directory it lies in.
 * ERR_STORAGE_FULL or ERR_UNAVAILABLE, logged. */
enum err data_dir_make(int parent_fd, const char *name) MUST_CHECK;

/* Writes all of data; false, with errno, when that fails. */
bool data_dir_write(int fd, struct bytes data) MUST_CHECK;

/* Maps an errno of a file operation to an error and logs it: ERR_STORAGE_FULL for want of space,
 * otherwise ERR_INTERNAL. */
enum err data_dir_fail(const char *what, int cause);

#endif
