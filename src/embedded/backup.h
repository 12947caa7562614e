/* Copies of a data directory. A backup is a directory of its own with the database, the objects of
 * its letters, whatever else lies at the top of the data directory, and MANIFEST: a line
 * "<sha-256>  <path>" for every file, as sha256sum --check reads it. A backup without a MANIFEST
 * was not finished. */
#ifndef LETTERLOCK_EMBEDDED_BACKUP_H
#define LETTERLOCK_EMBEDDED_BACKUP_H

#include "base/ctx.h"

#include <stdint.h>

struct backup_summary {
    uint64_t files; /* in the manifest */
    uint64_t bytes;
    uint64_t objects;         /* of these, frames of letters */
    uint64_t missing_objects; /* letters whose frames are lost already: see check.h */
};

/* Makes a backup of a data directory, in use or not, at target, which must be absent or empty. It
 * shows one moment: the database is one snapshot, and a letter deleted while objects were copied is
 * left out. Objects are hard links where target lies on the same file system: they never change.
 * The outbox is left out. When it gives ERR_OK all of it is on disk. ERR_CONFLICT when target is in
 * use, ERR_UNAVAILABLE, ERR_STORAGE_FULL, ERR_DEADLINE; ctx->detail says why. */
enum err backup_create(struct ctx *ctx, const char *data_dir, const char *target,
                       struct backup_summary *out) MUST_CHECK;

/* Copies a backup to a new data directory at data_dir, which must be absent or empty. Everything is
 * compared with the manifest while it is copied to a directory inside, and moved up, the database
 * last, only when all of it fitted; otherwise data_dir is left empty. ERR_CONFLICT when data_dir is
 * in use, ERR_LETTER_DAMAGED when a file is missing or differs, and the errors above; ctx->detail
 * says which file. */
enum err backup_restore(struct ctx *ctx, const char *backup, const char *data_dir,
                        struct backup_summary *out) MUST_CHECK;

#endif
