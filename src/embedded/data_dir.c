#include "embedded/data_dir.h"

#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct data_dir {
    char *path;
    int fd;
    int lock_fd;
};

enum err data_dir_fail(const char *what, int cause)
{
    log_error("file_failed", "what=%s errno=%d", what, cause);
    bool full = cause == ENOSPC || cause == EDQUOT || cause == EFBIG;
    return full ? ERR_STORAGE_FULL : ERR_INTERNAL;
}

bool data_dir_write(int fd, struct bytes data)
{
    while (data.n > 0) {
        ssize_t n = write(fd, data.p, data.n);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0)
            data = bytes_slice(data, (size_t)n, data.n);
    }
    return true;
}

enum err data_dir_make(int parent_fd, const char *name)
{
    if (mkdirat(parent_fd, name, 0700) != 0)
        return errno == EEXIST ? ERR_OK : data_dir_fail("mkdir", errno);
    return fsync(parent_fd) == 0 ? ERR_OK : data_dir_fail("fsync_directory", errno);
}

int64_t data_dir_free_bytes(const struct data_dir *dir)
{
    struct statvfs fs;
    return fstatvfs(dir->fd, &fs) == 0 ? (int64_t)(fs.f_bavail * fs.f_frsize) : -1;
}

static enum err refuse(struct ctx *ctx, const char *reason)
{
    log_error("data_dir_refused", "reason=\"%s\" errno=%d", reason, errno);
    return ctx_fail(ctx, ERR_UNAVAILABLE, "%s", reason);
}

static enum err open_dir(struct ctx *ctx, struct data_dir *dir, bool make)
{
    if (make && mkdir(dir->path, 0700) != 0 && errno != EEXIST)
        return refuse(ctx, "the data directory cannot be made; its parent must exist");
    dir->fd = open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat st;
    if (dir->fd < 0 && errno == ENOENT)
        return refuse(ctx, "there is no data directory");
    if (dir->fd < 0 || fstat(dir->fd, &st) != 0)
        return refuse(ctx, "the data directory cannot be opened");
    errno = 0;
    if (st.st_uid != geteuid())
        return refuse(ctx, "the data directory belongs to another user");
    if ((st.st_mode & 077) != 0)
        return refuse(ctx, "the data directory is open to other users: chmod 700 it");
    return ERR_OK;
}

static enum err take_lock(struct ctx *ctx, struct data_dir *dir)
{
    dir->lock_fd = openat(dir->fd, DATA_DIR_LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (dir->lock_fd < 0)
        return refuse(ctx, "the lock of the data directory cannot be opened");
    if (flock(dir->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return refuse(ctx, "another process serves this data directory");
    return ERR_OK;
}

enum err data_dir_open(struct ctx *ctx, const char *path, bool exclusive, struct data_dir **out)
{
    struct data_dir *dir = mem_alloc(sizeof *dir);
    dir->path = mem_strdup(path);
    dir->fd = -1;
    dir->lock_fd = -1;
    enum err e = open_dir(ctx, dir, exclusive);
    if (e == ERR_OK && exclusive)
        e = take_lock(ctx, dir);
    if (e == ERR_OK && exclusive &&
        (data_dir_make(dir->fd, DATA_DIR_OBJECTS) != ERR_OK ||
         data_dir_make(dir->fd, DATA_DIR_OUTBOX) != ERR_OK))
        e = refuse(ctx, "the data directory cannot be filled");
    if (e != ERR_OK) {
        data_dir_close(dir);
        return e;
    }
    *out = dir;
    return ERR_OK;
}

void data_dir_close(struct data_dir *dir)
{
    if (dir == NULL)
        return;
    if (dir->lock_fd >= 0)
        (void)close(dir->lock_fd);
    if (dir->fd >= 0)
        (void)close(dir->fd);
    mem_free(dir->path);
    mem_free(dir);
}

const char *data_dir_path(const struct data_dir *dir, struct arena *arena, const char *name)
{
    return arena_printf(arena, "%s/%s", dir->path, name);
}
