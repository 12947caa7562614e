#include "embedded/backup.h"

#include "base/encode.h"
#include "embedded/backup_files.h"
#include "embedded/data_dir.h"
#include "embedded/migrate.h"
#include "embedded/store_db.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAGING "restoring"
#define HEX_BYTES (2u * DIGEST_SHA256_BYTES)
#define LINE_BYTES (HEX_BYTES + 2u + BACKUP_PATH_MAX_BYTES + 2u)

struct restore {
    struct ctx *ctx;
    const char *target;
    const char *staging; /* inside target, which may be a mount point */
    struct data_dir *dir;
    int source_fd;
    int target_fd;
    int staging_fd;
    FILE *manifest;
    bool database_seen;
    struct backup_summary *summary;
};

static enum err refuse_line(struct ctx *ctx)
{
    return ctx_fail(ctx, ERR_LETTER_DAMAGED, "the manifest of the backup is malformed");
}

/* Makes the directories of path that are not there yet. */
static enum err make_parents(struct restore *r, const char *path)
{
    char parent[BACKUP_PATH_MAX_BYTES + 1];
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        (void)snprintf(parent, sizeof parent, "%.*s", (int)(slash - path), path);
        if (mkdirat(r->staging_fd, parent, 0700) != 0 && errno != EEXIST)
            return data_dir_fail("mkdir", errno);
    }
    return ERR_OK;
}

static enum err restore_file(struct restore *r, const char *path,
                             const uint8_t expected[DIGEST_SHA256_BYTES])
{
    uint8_t sha256[DIGEST_SHA256_BYTES];
    uint64_t size = 0;
    enum err e = make_parents(r, path);
    if (e == ERR_OK)
        e = backup_files_copy(r->source_fd, path, r->staging_fd, path, sha256, &size);
    if (e == ERR_NOT_FOUND)
        return ctx_fail(r->ctx, ERR_LETTER_DAMAGED, "the backup lacks %s", path);
    if (e == ERR_CONFLICT)
        return refuse_line(r->ctx);
    if (e != ERR_OK)
        return e;
    if (memcmp(sha256, expected, sizeof sha256) != 0)
        return ctx_fail(r->ctx, ERR_LETTER_DAMAGED, "%s is not what was backed up", path);
    r->summary->files++;
    r->summary->bytes += size;
    if (strncmp(path, DATA_DIR_OBJECTS "/", sizeof DATA_DIR_OBJECTS) == 0)
        r->summary->objects++;
    if (strcmp(path, DATA_DIR_DATABASE) == 0)
        r->database_seen = true;
    return ERR_OK;
}

static enum err restore_line(struct restore *r, char *line)
{
    uint8_t expected[DIGEST_SHA256_BYTES];
    size_t n = strlen(line);
    if (n <= HEX_BYTES + 3 || line[n - 1] != '\n')
        return refuse_line(r->ctx);
    line[n - 1] = '\0';
    const char *path = line + HEX_BYTES + 2;
    if (!encode_hex_decode(bytes_of(line, HEX_BYTES), expected, sizeof expected) ||
        line[HEX_BYTES] != ' ' || line[HEX_BYTES + 1] != ' ' ||
        !backup_files_is_plain(bytes_of_str(path)))
        return refuse_line(r->ctx);
    return restore_file(r, path, expected);
}

static enum err restore_files(struct restore *r)
{
    char line[LINE_BYTES];
    while (fgets(line, sizeof line, r->manifest) != NULL) {
        if (ctx_left_ms(r->ctx) == 0)
            return ERR_DEADLINE;
        enum err e = restore_line(r, line);
        if (e != ERR_OK)
            return e;
    }
    if (ferror(r->manifest))
        return data_dir_fail("manifest_read", errno);
    if (!r->database_seen)
        return ctx_fail(r->ctx, ERR_LETTER_DAMAGED, "the manifest names no database");
    return ERR_OK;
}

/* The database opens, is sound and not newer than this program. */
static enum err check_database(struct restore *r)
{
    const char *path = arena_printf(r->ctx->arena, "%s/" DATA_DIR_DATABASE, r->staging);
    struct store_db *db = NULL;
    int64_t problems = 0;
    enum err e = store_db_open(path, STORE_WRITER, &db);
    if (e == ERR_OK)
        e = store_db_exec_int(
            db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
            &problems);
    if (e == ERR_OK)
        e = migrate_run(r->ctx, db, path);
    if (e == ERR_OK && store_db_exec(db, "PRAGMA journal_mode=DELETE") != ERR_OK)
        e = ERR_UNAVAILABLE;
    store_db_close(db);
    if (e == ERR_OK && problems > 0)
        e = ctx_fail(r->ctx, ERR_LETTER_DAMAGED, "the database of the backup is damaged");
    return e;
}

static enum err open_source(struct restore *r, const char *backup)
{
    r->source_fd = open(backup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd = r->source_fd < 0 ? -1 : openat(r->source_fd, BACKUP_MANIFEST, O_RDONLY | O_CLOEXEC);
    r->manifest = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (r->manifest != NULL)
        return ERR_OK;
    return ctx_fail(r->ctx, ERR_UNAVAILABLE, "this is not a finished backup");
}

/* The lock keeps a server from starting on the half-restored directory. */
static enum err open_target(struct restore *r)
{
    enum err e = data_dir_open(r->ctx, r->target, true, &r->dir);
    if (e == ERR_OK)
        e = backup_files_make_empty(r->ctx, r->staging);
    if (e != ERR_OK)
        return e;
    r->target_fd = open(r->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    r->staging_fd = open(r->staging, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->target_fd < 0 || r->staging_fd < 0)
        return data_dir_fail("open_directories", errno);
    return ERR_OK;
}

/* Moves what lies in the staging directory up, the database last: only with it is the directory one
 * that a server would take up. */
static enum err move_up(struct restore *r)
{
    DIR *dir = opendir(r->staging);
    if (dir == NULL)
        return data_dir_fail("list_staging", errno);
    enum err e = ERR_OK;
    struct dirent *entry;
    while (e == ERR_OK && (entry = readdir(dir)) != NULL) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
            strcmp(name, DATA_DIR_DATABASE) == 0)
            continue;
        /* An empty directory in the way is replaced. */
        if (renameat(r->staging_fd, name, r->target_fd, name) != 0)
            e = data_dir_fail("rename_restored", errno);
    }
    (void)closedir(dir);
    if (e == ERR_OK && fsync(r->target_fd) != 0)
        e = data_dir_fail("fsync_restored", errno);
    if (e == ERR_OK &&
        renameat(r->staging_fd, DATA_DIR_DATABASE, r->target_fd, DATA_DIR_DATABASE) != 0)
        e = data_dir_fail("rename_database", errno);
    if (e == ERR_OK && fsync(r->target_fd) != 0)
        e = data_dir_fail("fsync_restored", errno);
    return e;
}

static enum err run(struct restore *r)
{
    enum err e = restore_files(r);
    if (e == ERR_OK)
        e = check_database(r);
    if (e == ERR_OK)
        e = backup_files_sync(r->staging_fd);
    return e == ERR_OK ? move_up(r) : e;
}

static void close_all(struct restore *r)
{
    if (r->manifest != NULL)
        (void)fclose(r->manifest);
    if (r->staging_fd >= 0)
        (void)close(r->staging_fd);
    if (r->target_fd >= 0)
        (void)close(r->target_fd);
    if (r->source_fd >= 0)
        (void)close(r->source_fd);
    data_dir_close(r->dir);
}

/* Leaves an empty directory behind, as it was found. */
static void undo(struct restore *r)
{
    static const char *const made[] = {STAGING, DATA_DIR_OBJECTS, DATA_DIR_OUTBOX, DATA_DIR_LOCK};
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
        backup_files_remove(arena_printf(r->ctx->arena, "%s/%s", r->target, made[i]));
}

enum err backup_restore(struct ctx *ctx, const char *backup, const char *data_dir,
                        struct backup_summary *out)
{
    struct restore r = {.ctx = ctx,
                        .target = data_dir,
                        .staging = arena_printf(ctx->arena, "%s/" STAGING, data_dir),
                        .source_fd = -1,
                        .target_fd = -1,
                        .staging_fd = -1,
                        .summary = out};
    *out = (struct backup_summary){0};
    enum err e = open_source(&r, backup);
    if (e == ERR_OK)
        e = backup_files_make_empty(ctx, data_dir);
    if (e == ERR_OK) {
        e = open_target(&r);
        if (e == ERR_OK)
            e = run(&r);
        if (e != ERR_OK)
            undo(&r);
        else
            (void)rmdir(r.staging);
    }
    close_all(&r);
    if (e != ERR_OK && ctx->detail[0] == '\0')
        (void)ctx_fail(ctx, e, "restoring failed; the log says where");
    return e;
}
