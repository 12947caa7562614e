#include "embedded/backup.h"

#include "base/encode.h"
#include "base/log.h"
#include "embedded/backup_files.h"
#include "embedded/data_dir.h"
#include "embedded/objects_adapter.h"
#include "embedded/records_rows.h"
#include "embedded/store_db.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OBJECTS_A_READ 256
#define MANIFEST_PART BACKUP_MANIFEST ".part"

struct backup {
    struct ctx *ctx;
    struct data_dir *dir;
    const char *source;
    const char *target;
    int source_fd;
    int target_fd;
    FILE *manifest;
    struct store *store;       /* the live database, to ask what was deleted meanwhile */
    struct store_db *snapshot; /* the backup's */
    struct backup_summary *summary;
};

static enum err fail(struct ctx *ctx, enum err e, const char *what)
{
    return ctx->detail[0] != '\0' ? e : ctx_fail(ctx, e, "%s", what);
}

/* --- files --- */

static enum err note(struct backup *b, const char *path, const uint8_t sha256[DIGEST_SHA256_BYTES],
                     uint64_t size)
{
    struct buffer hex;
    buffer_init(&hex, 2 * DIGEST_SHA256_BYTES);
    encode_hex(&hex, bytes_of(sha256, DIGEST_SHA256_BYTES));
    int n = fprintf(b->manifest, "%.*s  %s\n", BYTES_FMT(hex), path);
    buffer_fini(&hex);
    if (n < 0)
        return data_dir_fail("manifest_write", errno);
    b->summary->files++;
    b->summary->bytes += size;
    return ERR_OK;
}

/* Links or copies one file; ERR_NOT_FOUND when there is none. */
static enum err take_file(struct backup *b, const char *path, bool may_link)
{
    uint8_t sha256[DIGEST_SHA256_BYTES];
    uint64_t size = 0;
    enum err e;
    if (may_link && linkat(b->source_fd, path, b->target_fd, path, 0) == 0)
        e = backup_files_copy(b->target_fd, path, -1, "", sha256, &size);
    else
        e = backup_files_copy(b->source_fd, path, b->target_fd, path, sha256, &size);
    return e == ERR_OK ? note(b, path, sha256, size) : e;
}

/* --- the database --- */

/* One snapshot, whole and compact, without a WAL of its own. */
static enum err copy_database(struct backup *b)
{
    const char *live = data_dir_path(b->dir, b->ctx->arena, DATA_DIR_DATABASE);
    const char *copy = arena_printf(b->ctx->arena, "%s/" DATA_DIR_DATABASE, b->target);
    struct store_db *db = NULL;
    enum err e = store_db_open(live, STORE_WRITER, &db);
    if (e != ERR_OK)
        return e;
    e = store_db_copy(db, copy);
    store_db_close(db);
    return e == ERR_OK ? store_db_open(copy, STORE_WRITER, &b->snapshot) : e;
}

/* Folds the WAL that opening and changing it made back into the one file. */
static enum err finish_database(struct backup *b)
{
    enum err e = store_db_exec(b->snapshot, "PRAGMA journal_mode=DELETE");
    store_db_close(b->snapshot);
    b->snapshot = NULL;
    uint8_t sha256[DIGEST_SHA256_BYTES];
    uint64_t size = 0;
    if (e == ERR_OK)
        e = backup_files_copy(b->target_fd, DATA_DIR_DATABASE, -1, "", sha256, &size);
    return e == ERR_OK ? note(b, DATA_DIR_DATABASE, sha256, size) : e;
}

/* --- objects --- */

static enum err make_shards(struct backup *b)
{
    if (mkdirat(b->target_fd, DATA_DIR_OBJECTS, 0700) != 0)
        return data_dir_fail("mkdir", errno);
    for (unsigned i = 0; i < 256; i++) {
        char shard[sizeof DATA_DIR_OBJECTS + 3];
        (void)snprintf(shard, sizeof shard, DATA_DIR_OBJECTS "/%02x", i);
        if (mkdirat(b->target_fd, shard, 0700) != 0)
            return data_dir_fail("mkdir", errno);
    }
    return ERR_OK;
}

/* The object is gone: with its letter, which then goes from the snapshot too, or lost. */
static enum err leave_out(struct backup *b, const struct records_doomed *letter)
{
    bool exists = false;
    enum err e = records_letter_exists(b->store, b->ctx, &letter->id, &exists);
    if (e != ERR_OK)
        return e;
    if (!exists)
        return records_delete_message(b->snapshot, letter);
    char id[UUID_TEXT_BYTES];
    uuid_format(&letter->id, id);
    log_error("object_missing", "letter=%s", id);
    b->summary->missing_objects++;
    return ERR_OK;
}

static enum err take_object(struct backup *b, const struct records_doomed *letter)
{
    char path[OBJECTS_PATH_BYTES];
    char full[sizeof DATA_DIR_OBJECTS + OBJECTS_PATH_BYTES];
    objects_adapter_path(&letter->id, path);
    (void)snprintf(full, sizeof full, DATA_DIR_OBJECTS "/%s", path);
    enum err e = take_file(b, full, true);
    if (e == ERR_NOT_FOUND)
        return leave_out(b, letter);
    if (e == ERR_OK)
        b->summary->objects++;
    return e;
}

static enum err read_batch(struct backup *b, int64_t after_no, struct records_doomed *out,
                           size_t *count)
{
    sqlite3_stmt *s = store_statement(b->snapshot, SQL_BACKUP_OBJECTS);
    store_bind_int(s, 1, after_no);
    store_bind_int(s, 2, OBJECTS_A_READ);
    *count = 0;
    for (;;) {
        bool row = false;
        enum err e = store_step(b->snapshot, s, &row);
        if (e != ERR_OK || !row)
            return e;
        records_row_doomed(s, &out[(*count)++]);
    }
}

static enum err take_objects(struct backup *b)
{
    struct records_doomed letters[OBJECTS_A_READ];
    size_t count = 0;
    int64_t after_no = 0;
    enum err e = make_shards(b);
    while (e == ERR_OK) {
        if (ctx_left_ms(b->ctx) == 0)
            return ERR_DEADLINE;
        e = read_batch(b, after_no, letters, &count);
        if (e != ERR_OK || count == 0)
            return e;
        for (size_t i = 0; i < count && e == ERR_OK; i++)
            e = take_object(b, &letters[i]);
        after_no = letters[count - 1].no;
    }
    return e;
}

/* --- what else lies there --- */

static bool is_left_out(const char *name)
{
    struct bytes b = bytes_of_str(name);
    return bytes_starts_with(b, BYTES_LIT(DATA_DIR_DATABASE)) ||
           bytes_equal_str(b, DATA_DIR_LOCK) || !backup_files_is_plain(b);
}

static enum err take_other_files(struct backup *b)
{
    DIR *dir = opendir(b->source);
    if (dir == NULL)
        return data_dir_fail("list_data_dir", errno);
    enum err e = ERR_OK;
    struct dirent *entry;
    while (e == ERR_OK && (entry = readdir(dir)) != NULL) {
        struct stat st;
        if (!is_left_out(entry->d_name) &&
            fstatat(b->source_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode))
            e = take_file(b, entry->d_name, false);
    }
    (void)closedir(dir);
    return e;
}

/* --- all of it --- */

static enum err open_all(struct backup *b)
{
    enum err e = data_dir_open(b->ctx, b->source, false, &b->dir);
    if (e == ERR_OK)
        e = store_open_shared(b->ctx, data_dir_path(b->dir, b->ctx->arena, DATA_DIR_DATABASE),
                              &b->store);
    if (e == ERR_OK)
        e = backup_files_make_empty(b->ctx, b->target);
    if (e != ERR_OK)
        return e;
    b->source_fd = open(b->source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    b->target_fd = open(b->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (b->source_fd < 0 || b->target_fd < 0)
        return data_dir_fail("open_directories", errno);
    int fd = openat(b->target_fd, MANIFEST_PART, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    b->manifest = fd >= 0 ? fdopen(fd, "w") : NULL;
    return b->manifest != NULL ? ERR_OK : data_dir_fail("manifest_create", errno);
}

/* Everything is durable before the manifest has its name. */
static enum err finish(struct backup *b)
{
    bool written = fflush(b->manifest) == 0;
    enum err e = written ? backup_files_sync(b->target_fd) : data_dir_fail("manifest", errno);
    if (e != ERR_OK)
        return e;
    if (renameat(b->target_fd, MANIFEST_PART, b->target_fd, BACKUP_MANIFEST) != 0)
        return data_dir_fail("manifest_rename", errno);
    return fsync(b->target_fd) == 0 ? ERR_OK : data_dir_fail("fsync_backup", errno);
}

static void close_all(struct backup *b)
{
    store_db_close(b->snapshot);
    store_close(b->store);
    if (b->manifest != NULL)
        (void)fclose(b->manifest);
    if (b->target_fd >= 0)
        (void)close(b->target_fd);
    if (b->source_fd >= 0)
        (void)close(b->source_fd);
    data_dir_close(b->dir);
}

enum err backup_create(struct ctx *ctx, const char *data_dir, const char *target,
                       struct backup_summary *out)
{
    struct backup b = {.ctx = ctx,
                       .source = data_dir,
                       .target = target,
                       .source_fd = -1,
                       .target_fd = -1,
                       .summary = out};
    *out = (struct backup_summary){0};
    enum err e = open_all(&b);
    /* The snapshot first: every object that it names was there then. */
    if (e == ERR_OK)
        e = copy_database(&b);
    if (e == ERR_OK)
        e = take_objects(&b);
    if (e == ERR_OK)
        e = finish_database(&b);
    if (e == ERR_OK)
        e = take_other_files(&b);
    if (e == ERR_OK)
        e = finish(&b);
    close_all(&b);
    return e == ERR_OK ? e : fail(ctx, e, "the backup failed; the log says where");
}
