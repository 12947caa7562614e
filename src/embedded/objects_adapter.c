#include "embedded/objects_adapter.h"

#include "base/mem.h"
#include "embedded/data_dir.h"
#include "embedded/objects_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHARDS 256u
#define MS_PER_S 1000
#define NS_PER_MS 1000000
/* The kernel starts to write a window of this size back as soon as it is full, so that commit finds
 * little left to wait for and a large upload does not fill the page cache with dirty pages. */
#define WRITE_BACK_BYTES (8u << 20)

struct object_writer {
    struct objects_adapter *objects;
    struct uuid id;
    int fd;
    uint64_t written;
    uint64_t started;               /* write-back began for everything before this */
    char tmp_name[UUID_TEXT_BYTES]; /* random, not the object's id: two may write one at once */
};

struct object_reader {
    int fd;
};

void objects_adapter_path(const struct uuid *id, char out[OBJECTS_PATH_BYTES])
{
    (void)snprintf(out, 4, "%02x/", id->b[UUID_BYTES - 1]);
    uuid_format(id, out + 3);
}

/* --- writing --- */

static enum err begin(void *self, struct ctx *ctx, const struct uuid *id,
                      struct object_writer **out)
{
    (void)ctx;
    struct object_writer *w = mem_alloc(sizeof *w);
    struct uuid name = uuid_random();
    w->objects = self;
    w->id = *id;
    uuid_format(&name, w->tmp_name);
    w->fd = openat(w->objects->tmp_fd, w->tmp_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (w->fd < 0) {
        mem_free(w);
        return data_dir_fail("object_create", errno);
    }
    *out = w;
    return ERR_OK;
}

/* Waits for the window before the last one, so that at most two are dirty. */
static void pace_write_back(struct object_writer *w)
{
    while (w->written - w->started >= WRITE_BACK_BYTES) {
        off_t at = (off_t)w->started;
        (void)sync_file_range(w->fd, at, WRITE_BACK_BYTES, SYNC_FILE_RANGE_WRITE);
        if (at >= (off_t)WRITE_BACK_BYTES)
            (void)sync_file_range(w->fd, at - (off_t)WRITE_BACK_BYTES, WRITE_BACK_BYTES,
                                  SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
                                      SYNC_FILE_RANGE_WAIT_AFTER);
        w->started += WRITE_BACK_BYTES;
    }
}

enum err objects_files_write(int fd, uint64_t offset, struct bytes data)
{
    while (data.n > 0) {
        ssize_t n = pwrite(fd, data.p, data.n, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return data_dir_fail("object_write", errno);
        offset += (uint64_t)n;
        data = bytes_slice(data, (size_t)n, data.n);
    }
    return ERR_OK;
}

static enum err write_chunk(struct object_writer *w, struct ctx *ctx, struct bytes data)
{
    (void)ctx;
    enum err e = objects_files_write(w->fd, w->written, data);
    if (e != ERR_OK)
        return e;
    w->written += data.n;
    pace_write_back(w);
    return ERR_OK;
}

static void end_writer(struct object_writer *w)
{
    if (w->fd >= 0)
        (void)close(w->fd);
    mem_free(w);
}

static void abort_writer(struct object_writer *w)
{
    if (w == NULL)
        return;
    (void)unlinkat(w->objects->tmp_fd, w->tmp_name, 0);
    end_writer(w);
}

/* Gives the file its final name; ERR_CONFLICT when that is taken. */
static enum err rename_to_final(int from_fd, const char *from_name, int shard_fd, const char *name)
{
    int rc = renameat2(from_fd, from_name, shard_fd, name, RENAME_NOREPLACE);
    if (rc != 0 && (errno == EINVAL || errno == ENOSYS)) {
        /* A file system without RENAME_NOREPLACE. */
        rc = linkat(from_fd, from_name, shard_fd, name, 0);
        if (rc == 0)
            (void)unlinkat(from_fd, from_name, 0);
    }
    if (rc == 0)
        return ERR_OK;
    return errno == EEXIST ? ERR_CONFLICT : data_dir_fail("object_rename", errno);
}

enum err objects_files_publish(struct objects_adapter *objects, int from_fd, const char *from_name,
                               const struct uuid *id)
{
    char path[OBJECTS_PATH_BYTES];
    objects_adapter_path(id, path);
    path[2] = '\0'; /* now two strings: the shard's name and the file's */
    const char *name = path + 3;
    int shard_fd = openat(objects->root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (shard_fd < 0)
        return data_dir_fail("open_shard", errno);
    enum err e = rename_to_final(from_fd, from_name, shard_fd, name);
    if (e == ERR_OK && fsync(shard_fd) != 0) {
        e = data_dir_fail("fsync_shard", errno);
        (void)unlinkat(shard_fd, name, 0);
    }
    (void)close(shard_fd);
    return e;
}

static enum err commit(struct object_writer *w, struct ctx *ctx)
{
    (void)ctx;
    enum err e = fdatasync(w->fd) == 0 ? ERR_OK : data_dir_fail("object_sync", errno);
    if (e == ERR_OK)
        e = objects_files_publish(w->objects, w->objects->tmp_fd, w->tmp_name, &w->id);
    if (e != ERR_OK) {
        abort_writer(w);
        return e;
    }
    end_writer(w);
    return ERR_OK;
}

/* --- reading --- */

static enum err open_object(void *self, struct ctx *ctx, const struct uuid *id,
                            struct object_reader **out, uint64_t *size)
{
    (void)ctx;
    struct objects_adapter *objects = self;
    char path[OBJECTS_PATH_BYTES];
    objects_adapter_path(id, path);
    int fd = openat(objects->root_fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : data_dir_fail("object_open", errno);
    struct stat st;
    if (fstat(fd, &st) != 0) {
        enum err e = data_dir_fail("object_stat", errno);
        (void)close(fd);
        return e;
    }
    struct object_reader *reader = mem_alloc(sizeof *reader);
    reader->fd = fd;
    *out = reader;
    *size = (uint64_t)st.st_size;
    return ERR_OK;
}

static enum err read_object(struct object_reader *reader, struct ctx *ctx, uint64_t offset,
                            uint8_t *data, size_t n, size_t *got)
{
    (void)ctx;
    *got = 0;
    if (offset > INT64_MAX - n)
        return ERR_OK;
    while (*got < n) {
        ssize_t r = pread(reader->fd, data + *got, n - *got, (off_t)(offset + *got));
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return data_dir_fail("object_read", errno);
        if (r == 0)
            break;
        *got += (size_t)r;
    }
    return ERR_OK;
}

static void close_reader(struct object_reader *reader)
{
    if (reader == NULL)
        return;
    (void)close(reader->fd);
    mem_free(reader);
}

/* --- removing --- */

/* Not synced: what a crash brings back, the sweep finds without a record. */
static enum err remove_object(void *self, struct ctx *ctx, const struct uuid *id)
{
    (void)ctx;
    struct objects_adapter *objects = self;
    char path[OBJECTS_PATH_BYTES];
    objects_adapter_path(id, path);
    if (unlinkat(objects->root_fd, path, 0) == 0 || errno == ENOENT)
        return ERR_OK;
    return data_dir_fail("object_remove", errno);
}

/* Calls visit for every regular file in a directory under the root; an absent one is empty. */
static enum err each_file(struct objects_adapter *objects, struct ctx *ctx, const char *dir_name,
                          enum err (*visit)(void *arg, int dir_fd, const char *name,
                                            const struct stat *st),
                          void *arg)
{
    int fd = openat(objects->root_fd, dir_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ERR_OK : data_dir_fail("open_shard", errno);
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        (void)close(fd);
        return data_dir_fail("list_shard", errno);
    }
    enum err e = ERR_OK;
    struct dirent *entry;
    while (e == ERR_OK && (entry = readdir(dir)) != NULL) {
        struct stat st;
        if (ctx_left_ms(ctx) == 0)
            e = ERR_DEADLINE;
        else if (fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
            e = visit(arg, fd, entry->d_name, &st);
    }
    (void)closedir(dir);
    return e;
}

static int64_t modified_unix_ms(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * MS_PER_S + st->st_mtim.tv_nsec / NS_PER_MS;
}

struct each_call {
    enum err (*visit)(void *arg, const struct uuid *id, uint64_t size_bytes,
                      int64_t modified_unix_ms);
    void *arg;
};

static enum err visit_object(void *arg, int dir_fd, const char *name, const struct stat *st)
{
    (void)dir_fd;
    struct each_call *call = arg;
    struct uuid id;
    if (!uuid_parse(bytes_of_str(name), &id))
        return ERR_OK;
    return call->visit(call->arg, &id, (uint64_t)st->st_size, modified_unix_ms(st));
}

static enum err each_in_shard(struct objects_adapter *objects, struct ctx *ctx, unsigned shard,
                              struct each_call *call)
{
    char name[3];
    (void)snprintf(name, sizeof name, "%02x", (uint8_t)shard);
    return each_file(objects, ctx, name, visit_object, call);
}

enum err objects_adapter_each(struct objects_adapter *objects, struct ctx *ctx,
                              enum err (*visit)(void *arg, const struct uuid *id,
                                                uint64_t size_bytes, int64_t modified_unix_ms),
                              void *arg)
{
    struct each_call call = {.visit = visit, .arg = arg};
    enum err e = ERR_OK;
    for (unsigned i = 0; i < SHARDS && e == ERR_OK; i++)
        e = each_in_shard(objects, ctx, i, &call);
    return e;
}

struct sweep {
    struct objects_adapter *objects;
    struct ctx *ctx;
    int64_t before_unix_ms;
    enum err (*keep)(void *arg, const struct uuid *id, bool *keep);
    void *arg;
    size_t removed;
};

static enum err sweep_object(void *arg, const struct uuid *id, uint64_t size_bytes,
                             int64_t modified)
{
    (void)size_bytes;
    struct sweep *sweep = arg;
    if (modified >= sweep->before_unix_ms)
        return ERR_OK;
    bool keep = true;
    enum err e = sweep->keep(sweep->arg, id, &keep);
    if (e != ERR_OK || keep)
        return e;
    e = remove_object(sweep->objects, sweep->ctx, id);
    if (e == ERR_OK)
        sweep->removed++;
    return e;
}

static enum err sweep_unfinished(void *arg, int dir_fd, const char *name, const struct stat *st)
{
    struct sweep *sweep = arg;
    if (modified_unix_ms(st) < sweep->before_unix_ms && unlinkat(dir_fd, name, 0) == 0)
        sweep->removed++;
    return ERR_OK;
}

/* A draft outlives its process: it goes by who vouches for it, not by when it was written. */
static enum err sweep_draft(void *arg, int dir_fd, const char *name, const struct stat *st)
{
    struct sweep *sweep = arg;
    struct uuid id;
    bool keep = true;
    if (modified_unix_ms(st) >= sweep->before_unix_ms || !uuid_parse(bytes_of_str(name), &id))
        return ERR_OK;
    enum err e = sweep->keep(sweep->arg, &id, &keep);
    if (e == ERR_OK && !keep && unlinkat(dir_fd, name, 0) == 0)
        sweep->removed++;
    return e;
}

/* Nothing from before this process is in progress, however young: one process owns the directory.
 * Only the first sweep reckons so, lest a clock set back later makes new files look old. */
static int64_t sweep_horizon(const struct objects_adapter *objects, int64_t before_unix_ms)
{
    return !objects->swept && objects->opened_unix_ms > before_unix_ms ? objects->opened_unix_ms
                                                                       : before_unix_ms;
}

static enum err sweep_objects(void *self, struct ctx *ctx, int64_t before_unix_ms,
                              enum err (*keep)(void *arg, const struct uuid *id, bool *keep),
                              void *arg, size_t *removed)
{
    struct objects_adapter *objects = self;
    struct sweep sweep = {.objects = objects,
                          .ctx = ctx,
                          .before_unix_ms = sweep_horizon(objects, before_unix_ms),
                          .keep = keep,
                          .arg = arg};
    struct each_call call = {.visit = sweep_object, .arg = &sweep};
    enum err e = each_file(objects, ctx, OBJECTS_TMP_DIR, sweep_unfinished, &sweep);
    if (e == ERR_OK)
        e = each_file(objects, ctx, OBJECTS_DRAFTS_DIR, sweep_draft, &sweep);
    while (e == ERR_OK && objects->next_shard < SHARDS) {
        e = each_in_shard(objects, ctx, objects->next_shard, &call);
        if (e == ERR_OK)
            objects->next_shard++;
    }
    if (e == ERR_OK) {
        objects->next_shard = 0;
        objects->swept = true;
    }
    *removed = sweep.removed;
    return e;
}

/* --- opening and closing --- */

/* All shards are made here, so that no commit has to sync the root. */
static enum err make_directories(int root_fd)
{
    enum err e = data_dir_make(root_fd, OBJECTS_TMP_DIR);
    if (e == ERR_OK)
        e = data_dir_make(root_fd, OBJECTS_DRAFTS_DIR);
    for (unsigned i = 0; i < SHARDS && e == ERR_OK; i++) {
        char shard[3];
        (void)snprintf(shard, sizeof shard, "%02x", (uint8_t)i);
        if (mkdirat(root_fd, shard, 0700) != 0 && errno != EEXIST)
            e = data_dir_fail("mkdir_shard", errno);
    }
    if (e == ERR_OK && fsync(root_fd) != 0)
        e = data_dir_fail("fsync_objects", errno);
    return e;
}

static enum err open_directory(int root_fd, const char *name, int *fd)
{
    *fd = openat(root_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *fd >= 0 ? ERR_OK : data_dir_fail("open_directory", errno);
}

/* What the file system holds for now, which may be another machine's clock. */
static int64_t file_system_unix_ms(int dir_fd)
{
    struct stat st;
    return futimens(dir_fd, NULL) == 0 && fstat(dir_fd, &st) == 0 ? modified_unix_ms(&st) : 0;
}

enum err objects_adapter_open(struct ctx *ctx, const char *root, struct objects_adapter **out)
{
    struct objects_adapter *objects = mem_alloc(sizeof *objects);
    enum err e = ERR_OK;
    objects->tmp_fd = -1;
    objects->drafts_fd = -1;
    objects->root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (objects->root_fd < 0)
        e = data_dir_fail("open_objects", errno);
    if (e == ERR_OK)
        e = make_directories(objects->root_fd);
    if (e == ERR_OK)
        e = open_directory(objects->root_fd, OBJECTS_TMP_DIR, &objects->tmp_fd);
    if (e == ERR_OK)
        e = open_directory(objects->root_fd, OBJECTS_DRAFTS_DIR, &objects->drafts_fd);
    if (e == ERR_OK)
        objects->opened_unix_ms = file_system_unix_ms(objects->tmp_fd);
    if (e != ERR_OK) {
        objects_adapter_close(objects);
        return ctx_fail(ctx, ERR_UNAVAILABLE, "the directory of objects cannot be opened");
    }
    *out = objects;
    return ERR_OK;
}

void objects_adapter_close(struct objects_adapter *objects)
{
    if (objects == NULL)
        return;
    if (objects->tmp_fd >= 0)
        (void)close(objects->tmp_fd);
    if (objects->drafts_fd >= 0)
        (void)close(objects->drafts_fd);
    if (objects->root_fd >= 0)
        (void)close(objects->root_fd);
    mem_free(objects);
}

void objects_adapter_port(struct objects_adapter *objects, struct objects *out)
{
    *out = (struct objects){
        .self = objects,
        .chunk_bytes = OBJECTS_CHUNK_BYTES,
        .begin = begin,
        .write = write_chunk,
        .commit = commit,
        .abort = abort_writer,
        .draft_open = objects_draft_open,
        .draft_write = objects_draft_write,
        .draft_sync = objects_draft_sync,
        .draft_close = objects_draft_close,
        .draft_commit = objects_draft_commit,
        .draft_remove = objects_draft_remove,
        .open = open_object,
        .read = read_object,
        .close = close_reader,
        .remove = remove_object,
        .sweep = sweep_objects,
    };
}
