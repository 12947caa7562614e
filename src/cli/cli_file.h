/* Local files that appear whole or not at all: written under a temporary name beside the target,
 * synced, then moved into place. */
#ifndef LETTERLOCK_CLI_CLI_FILE_H
#define LETTERLOCK_CLI_CLI_FILE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "cli/cli_exit.h"

#include <stdbool.h>
#include <sys/types.h>

struct cli_file {
    char *target;
    char *temporary; /* NULL when nothing is open */
    int fd;
    bool overwrite;
};

/* Opens a temporary file beside target (copied into arena). mode is the target's, before the umask.
 * Unless overwrite, a target that exists is refused now, and never replaced later. CLI_LOCAL with a
 * message. */
enum cli_exit cli_file_create(struct cli_file *file, struct arena *arena, const char *target,
                              mode_t mode, bool overwrite) MUST_CHECK;

/* Appends data. CLI_LOCAL with a message. */
enum cli_exit cli_file_write(struct cli_file *file, struct bytes data) MUST_CHECK;

/* Forgets everything written. */
enum cli_exit cli_file_restart(struct cli_file *file) MUST_CHECK;

/* Syncs and moves the file into place. On failure the temporary file is gone. */
enum cli_exit cli_file_commit(struct cli_file *file) MUST_CHECK;

/* Removes the temporary file, if any. A zeroed struct is legal. */
void cli_file_discard(struct cli_file *file);

/* Creates, writes and commits in one call. */
enum cli_exit cli_file_save(struct arena *arena, const char *target, struct bytes content,
                            mode_t mode, bool overwrite) MUST_CHECK;

/* Reads a whole file ("-": standard input) of at most max bytes into out, which was initialised
 * with a ceiling of at least max. A missing file is CLI_NOT_FOUND, without a message when
 * quiet_missing; anything else is CLI_LOCAL with a message. */
enum cli_exit cli_file_load(const char *path, size_t max, bool quiet_missing,
                            struct buffer *out) MUST_CHECK;

/* The part of path behind the last '/'. */
const char *cli_file_base_name(const char *path);

#endif
