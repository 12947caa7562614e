#include "cli/cli_file.h"

#include "cli/cli_interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *cli_file_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* The process-wide umask can only be read by setting it; the command line has one thread. */
static mode_t apply_umask(mode_t mode)
{
    mode_t mask = umask(0);
    umask(mask);
    return mode & ~mask;
}

enum cli_exit cli_file_create(struct cli_file *file, struct arena *arena, const char *target,
                              mode_t mode, bool overwrite)
{
    struct stat st;
    *file = (struct cli_file){.fd = -1, .overwrite = overwrite};
    file->target = arena_str(arena, bytes_of_str(target));
    if (!overwrite && lstat(target, &st) == 0) {
        cli_fail(CLI_LOCAL, "%s exists already. Choose another name or use --force.", target);
        return CLI_LOCAL;
    }
    size_t directory_n = (size_t)(cli_file_base_name(target) - target);
    char *temporary = arena_printf(arena, "%.*s.letterlock-XXXXXX", (int)directory_n, target);
    file->fd = mkostemp(temporary, O_CLOEXEC);
    if (file->fd < 0) {
        cli_fail(CLI_LOCAL, "Cannot create a file beside %s: %s.", target, strerror(errno));
        return CLI_LOCAL;
    }
    file->temporary = temporary;
    if (fchmod(file->fd, apply_umask(mode)) != 0) {
        cli_fail(CLI_LOCAL, "Cannot set the permissions of %s: %s.", target, strerror(errno));
        cli_file_discard(file);
        return CLI_LOCAL;
    }
    return CLI_OK;
}

enum cli_exit cli_file_write(struct cli_file *file, struct bytes data)
{
    while (data.n > 0) {
        ssize_t n = write(file->fd, data.p, data.n);
        if (n < 0 && errno == EINTR && !cli_interrupted())
            continue;
        if (n < 0)
            return cli_fail(CLI_LOCAL, "Cannot write %s: %s.", file->target, strerror(errno));
        data = bytes_slice(data, (size_t)n, data.n);
    }
    return CLI_OK;
}

enum cli_exit cli_file_restart(struct cli_file *file)
{
    if (ftruncate(file->fd, 0) != 0 || lseek(file->fd, 0, SEEK_SET) != 0)
        return cli_fail(CLI_LOCAL, "Cannot start %s again: %s.", file->target, strerror(errno));
    return CLI_OK;
}

static void sync_directory(const char *path)
{
    char directory[4096];
    size_t n = (size_t)(cli_file_base_name(path) - path);
    if (n >= sizeof directory)
        return;
    memcpy(directory, path, n);
    memcpy(directory + n, n == 0 ? "." : "", n == 0 ? 2 : 1);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    /* Some file systems cannot sync a directory; the file is complete either way. */
    (void)fsync(fd);
    close(fd);
}

/* Moves without ever replacing another file. File systems without RENAME_NOREPLACE have links. */
static bool move_to_new_name(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    return link(from, to) == 0 && unlink(from) == 0;
}

enum cli_exit cli_file_commit(struct cli_file *file)
{
    bool synced = fsync(file->fd) == 0;
    bool closed = close(file->fd) == 0;
    file->fd = -1;
    bool moved = synced && closed &&
                 (file->overwrite ? rename(file->temporary, file->target) == 0
                                  : move_to_new_name(file->temporary, file->target));
    if (!moved) {
        enum cli_exit exit =
            cli_fail(CLI_LOCAL, "Cannot save %s: %s.", file->target, strerror(errno));
        cli_file_discard(file);
        return exit;
    }
    file->temporary = NULL;
    sync_directory(file->target);
    return CLI_OK;
}

void cli_file_discard(struct cli_file *file)
{
    if (file->temporary == NULL)
        return;
    if (file->fd >= 0)
        close(file->fd);
    unlink(file->temporary);
    *file = (struct cli_file){.fd = -1};
}

enum cli_exit cli_file_save(struct arena *arena, const char *target, struct bytes content,
                            mode_t mode, bool overwrite)
{
    struct cli_file file;
    enum cli_exit exit = cli_file_create(&file, arena, target, mode, overwrite);
    if (exit != CLI_OK)
        return exit;
    exit = cli_file_write(&file, content);
    if (exit == CLI_OK)
        exit = cli_file_commit(&file);
    else
        cli_file_discard(&file);
    return exit;
}

static enum cli_exit read_all(int fd, const char *path, size_t max, struct buffer *out)
{
    enum { CHUNK_BYTES = 4096 };
    while (out->n <= max) {
        size_t want = max + 1 - out->n < CHUNK_BYTES ? max + 1 - out->n : CHUNK_BYTES;
        uint8_t chunk[CHUNK_BYTES];
        ssize_t n = read(fd, chunk, want);
        if (n < 0 && errno == EINTR && !cli_interrupted())
            continue;
        if (n < 0)
            return cli_fail(CLI_LOCAL, "Cannot read %s: %s.", path, strerror(errno));
        if (n == 0)
            return CLI_OK;
        if (out->n + (size_t)n > max)
            break;
        buffer_append(out, bytes_of(chunk, (size_t)n));
        explicit_bzero(chunk, (size_t)n); /* passwords and keys pass through here */
    }
    return cli_fail(CLI_LOCAL, "%s is longer than %zu bytes.", path, max);
}

enum cli_exit cli_file_load(const char *path, size_t max, bool quiet_missing, struct buffer *out)
{
    if (strcmp(path, "-") == 0)
        return read_all(STDIN_FILENO, "standard input", max, out);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && quiet_missing)
        return CLI_NOT_FOUND;
    if (fd < 0)
        return cli_fail(CLI_LOCAL, "Cannot open %s: %s.", path, strerror(errno));
    enum cli_exit exit = read_all(fd, path, max, out);
    close(fd);
    return exit;
}
