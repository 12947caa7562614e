#include "embedded/data_dir.h"
#include "embedded/objects_files.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct object_draft {
    struct objects_adapter *objects;
    int fd;
    uint64_t written; /* where the next bytes go */
    bool is_new;      /* its name may not be durable yet */
};

/* What lies beyond place->size was written by a request that did not live to tell: it stays, and
 * the same bytes come again. */
static enum err check_size(int fd, const struct object_draft_place *place)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return data_dir_fail("draft_stat", errno);
    return (uint64_t)st.st_size >= place->size ? ERR_OK : ERR_NOT_FOUND;
}

static enum err open_file(struct objects_adapter *objects, const struct object_draft_place *place,
                          int *out)
{
    char name[UUID_TEXT_BYTES];
    uuid_format(&place->id, name);
    int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | (place->size == 0 ? O_CREAT : 0);
    int fd = openat(objects->drafts_fd, name, flags, 0600);
    if (fd < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : data_dir_fail("draft_open", errno);
    enum err e = check_size(fd, place);
    if (e != ERR_OK)
        (void)close(fd);
    else
        *out = fd;
    return e;
}

enum err objects_draft_open(void *self, struct ctx *ctx, struct object_draft_place *place,
                            struct object_draft **out)
{
    (void)ctx;
    int fd = -1;
    enum err e = open_file(self, place, &fd);
    if (e != ERR_OK)
        return e;
    struct object_draft *draft = mem_alloc(sizeof *draft);
    *draft = (struct object_draft){
        .objects = self, .fd = fd, .written = place->size, .is_new = place->size == 0};
    *out = draft;
    return ERR_OK;
}

enum err objects_draft_write(struct object_draft *draft, struct ctx *ctx, struct bytes data)
{
    (void)ctx;
    enum err e = objects_files_write(draft->fd, draft->written, data);
    if (e == ERR_OK)
        draft->written += data.n;
    return e;
}

enum err objects_draft_sync(struct object_draft *draft, struct ctx *ctx,
                            struct object_draft_place *place)
{
    (void)ctx;
    if (fdatasync(draft->fd) != 0)
        return data_dir_fail("draft_sync", errno);
    if (draft->is_new && fsync(draft->objects->drafts_fd) != 0)
        return data_dir_fail("fsync_drafts", errno);
    draft->is_new = false;
    place->size = draft->written;
    return ERR_OK;
}

void objects_draft_close(struct object_draft *draft)
{
    if (draft == NULL)
        return;
    (void)close(draft->fd);
    mem_free(draft);
}

static enum err cut_and_publish(struct objects_adapter *objects, int fd,
                                const struct object_draft_place *place)
{
    char name[UUID_TEXT_BYTES];
    uuid_format(&place->id, name);
    if (ftruncate(fd, (off_t)place->size) != 0 || fdatasync(fd) != 0)
        return data_dir_fail("draft_cut", errno);
    enum err e = objects_files_publish(objects, objects->drafts_fd, name, &place->id);
    /* Another request was faster. */
    return e == ERR_CONFLICT ? ERR_OK : e;
}

/* Committed before: the object is there, and of that size. */
static enum err check_object(struct objects_adapter *objects,
                             const struct object_draft_place *place)
{
    char path[OBJECTS_PATH_BYTES];
    struct stat st;
    objects_adapter_path(&place->id, path);
    if (fstatat(objects->root_fd, path, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? ERR_NOT_FOUND : data_dir_fail("object_stat", errno);
    return (uint64_t)st.st_size == place->size ? ERR_OK : ERR_NOT_FOUND;
}

enum err objects_draft_commit(void *self, struct ctx *ctx, const struct object_draft_place *place)
{
    (void)ctx;
    struct objects_adapter *objects = self;
    char name[UUID_TEXT_BYTES];
    uuid_format(&place->id, name);
    int fd = openat(objects->drafts_fd, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? check_object(objects, place) : data_dir_fail("draft_open", errno);
    enum err e = check_size(fd, place);
    if (e == ERR_OK)
        e = cut_and_publish(objects, fd, place);
    (void)close(fd);
    /* A request that came too late may have made an empty draft beside the object. */
    return e == ERR_NOT_FOUND ? check_object(objects, place) : e;
}

enum err objects_draft_remove(void *self, struct ctx *ctx, const struct object_draft_place *place)
{
    (void)ctx;
    struct objects_adapter *objects = self;
    char name[UUID_TEXT_BYTES];
    uuid_format(&place->id, name);
    if (unlinkat(objects->drafts_fd, name, 0) == 0 || errno == ENOENT)
        return ERR_OK;
    return data_dir_fail("draft_remove", errno);
}
