#include "embedded/backup_files.h"

#include "base/ascii.h"
#include "base/mem.h"
#include "embedded/data_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_BYTES (256u << 10)
#define OPEN_DIRECTORIES 16

static bool is_empty(const char *path)
{
    DIR *dir = opendir(path);
    if (dir == NULL)
        return false;
    size_t entries = 0;
    struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            entries++;
    }
    (void)closedir(dir);
    return entries == 0;
}

enum err backup_files_make_empty(struct ctx *ctx, const char *path)
{
    if (mkdir(path, 0700) == 0)
        return ERR_OK;
    if (errno != EEXIST)
        return ctx_fail(ctx, ERR_UNAVAILABLE, "the target directory cannot be made (error %d)",
                        errno);
    if (!is_empty(path))
        return ctx_fail(ctx, ERR_CONFLICT, "the target is not an empty directory");
    return chmod(path, 0700) == 0 ? ERR_OK : data_dir_fail("chmod", errno);
}

/* to may be -1. */
static enum err copy_content(int from, int to, struct digest *digest, uint64_t *size)
{
    uint8_t *chunk = mem_alloc(CHUNK_BYTES);
    enum err e = ERR_OK;
    ssize_t n = 1;
    *size = 0;
    while (e == ERR_OK && n != 0) {
        n = read(from, chunk, CHUNK_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            e = data_dir_fail("backup_read", errno);
            break;
        }
        struct bytes data = bytes_of(chunk, (size_t)n);
        digest_add(digest, data);
        *size += data.n;
        if (to >= 0 && !data_dir_write(to, data))
            e = data_dir_fail("backup_write", errno);
    }
    mem_free(chunk);
    return e;
}

static enum err open_target(int to_fd, const char *to, int *out)
{
    *out = -1;
    if (to_fd < 0)
        return ERR_OK;
    *out = openat(to_fd, to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (*out >= 0)
        return ERR_OK;
    return errno == EEXIST ? ERR_CONFLICT : data_dir_fail("backup_create", errno);
}

enum err backup_files_copy(int from_fd, const char *from, int to_fd, const char *to,
                           uint8_t sha256[DIGEST_SHA256_BYTES], uint64_t *size)
{
    int in = openat(from_fd, from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (in < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : data_dir_fail("backup_open", errno);
    int out = -1;
    struct digest digest;
    digest_init(&digest);
    enum err e = open_target(to_fd, to, &out);
    if (e == ERR_OK)
        e = copy_content(in, out, &digest, size);
    digest_finish(&digest, sha256);
    (void)close(in);
    if (out >= 0 && close(out) != 0 && e == ERR_OK)
        e = data_dir_fail("backup_close", errno);
    return e;
}

enum err backup_files_sync(int fd)
{
    /* One call for all files: the directory's whole file system. */
    return syncfs(fd) == 0 ? ERR_OK : data_dir_fail("syncfs", errno);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void backup_files_remove(const char *path)
{
    (void)nftw(path, remove_one, OPEN_DIRECTORIES, FTW_DEPTH | FTW_PHYS);
}

static bool is_plain_part(struct bytes part)
{
    if (part.n == 0 || bytes_equal_str(part, ".") || bytes_equal_str(part, ".."))
        return false;
    for (size_t i = 0; i < part.n; i++) {
        uint8_t c = part.p[i];
        if (!ascii_is_alphanumeric(c) && c != '.' && c != '_' && c != '-')
            return false;
    }
    return true;
}

bool backup_files_is_plain(struct bytes path)
{
    if (path.n > BACKUP_PATH_MAX_BYTES)
        return false;
    for (;;) {
        size_t slash = bytes_find(path, '/', 0);
        if (slash == SIZE_MAX)
            return is_plain_part(path);
        if (!is_plain_part(bytes_slice(path, 0, slash)))
            return false;
        path = bytes_slice(path, slash + 1, path.n);
    }
}
