/* Files and directories, as backup.c and restore.c move them. */
#ifndef LETTERLOCK_EMBEDDED_BACKUP_FILES_H
#define LETTERLOCK_EMBEDDED_BACKUP_FILES_H

#include "base/ctx.h"
#include "base/digest.h"

#include <stdbool.h>

#define BACKUP_MANIFEST "MANIFEST"
#define BACKUP_PATH_MAX_BYTES 512u

/* Makes the directory at path (mode 0700), or takes an empty one. ERR_CONFLICT when something is in
 * it, ERR_UNAVAILABLE when it cannot be made. */
enum err backup_files_make_empty(struct ctx *ctx, const char *path) MUST_CHECK;

/* Copies a regular file to a new one of the mode 0600, and gives its SHA-256 and size. to_fd may be
 * -1 to read only. ERR_NOT_FOUND when there is none, ERR_CONFLICT when the target exists. */
enum err backup_files_copy(int from_fd, const char *from, int to_fd, const char *to,
                           uint8_t sha256[DIGEST_SHA256_BYTES], uint64_t *size) MUST_CHECK;

/* Makes everything written below the directory durable. */
enum err backup_files_sync(int fd) MUST_CHECK;

/* Removes a directory with all that is in it. */
void backup_files_remove(const char *path);

/* Whether path can be a line of our manifests: relative, of plain characters, without "." or ".."
 * as a part. */
bool backup_files_is_plain(struct bytes path);

#endif
