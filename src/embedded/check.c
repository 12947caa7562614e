#include "embedded/check.h"

#include "base/clock.h"
#include "embedded/check_letter.h"
#include "embedded/data_dir.h"
#include "embedded/objects_adapter.h"
#include "embedded/records_rows.h"

#define LETTERS_A_READ 64
/* An object without a letter may be one that is being sent just now. */
#define ORPHAN_AGE_MS (3600 * (int64_t)1000)

struct check {
    struct ctx *ctx; /* its arena is emptied between reads */
    struct store *store;
    struct objects_adapter *files;
    struct objects objects;
    void (*found)(void *arg, const struct check_finding *finding);
    void *arg;
    struct check_summary *summary;

    struct message_record letters[LETTERS_A_READ];
    size_t count;
    int64_t last_no;
};

static void report(struct check *c, enum check_problem problem, const struct uuid *id,
                   const char *text)
{
    struct check_finding finding = {.problem = problem, .id = id, .text = text};
    c->found(c->arg, &finding);
}

/* --- the database --- */

static enum err read_integrity(struct store_db *db, void *arg)
{
    struct check *c = arg;
    sqlite3_stmt *s = store_statement(db, SQL_CHECK_INTEGRITY);
    for (;;) {
        bool row = false;
        enum err e = store_step(db, s, &row);
        if (e != ERR_OK || !row)
            return e;
        struct bytes text = store_column_bytes(s, 0, c->ctx->arena);
        if (bytes_equal_str(text, "ok"))
            continue;
        c->summary->other_problems++;
        report(c, CHECK_DATABASE, NULL, (const char *)text.p);
    }
}

static enum err read_stray_letters(struct store_db *db, void *arg)
{
    struct check *c = arg;
    sqlite3_stmt *s = store_statement(db, SQL_CHECK_STRAY_LETTERS);
    for (;;) {
        bool row = false;
        enum err e = store_step(db, s, &row);
        if (e != ERR_OK || !row)
            return e;
        struct uuid id = store_column_uuid(s, 0);
        c->summary->damaged_letters++;
        report(c, CHECK_DATABASE, &id, "the letter's sender or recipient is not known");
    }
}

static enum err read_usage(struct store_db *db, void *arg)
{
    struct check *c = arg;
    sqlite3_stmt *s = store_statement(db, SQL_CHECK_USAGE);
    for (;;) {
        bool row = false;
        enum err e = store_step(db, s, &row);
        if (e != ERR_OK || !row)
            return e;
        struct uuid id = store_column_uuid(s, 0);
        c->summary->other_problems++;
        report(c, CHECK_USAGE, &id,
               arena_printf(c->ctx->arena, "the user's usage is %lld bytes, the letters have %lld",
                            (long long)store_column_int(s, 1), (long long)store_column_int(s, 2)));
    }
}

/* --- letters --- */

static enum err read_letters(struct store_db *db, void *arg)
{
    struct check *c = arg;
    struct arena *arena = c->ctx->arena;
    sqlite3_stmt *s = store_statement(db, SQL_CHECK_LETTERS);
    store_bind_int(s, 1, c->last_no);
    store_bind_int(s, 2, LETTERS_A_READ);
    c->count = 0;
    for (;;) {
        bool row = false;
        enum err e = store_step(db, s, &row);
        if (e != ERR_OK || !row)
            return e;
        struct message_record *m = &c->letters[c->count++];
        records_row_message(s, arena, m);
        m->header = store_column_bytes(s, 13, arena);
        m->frames = store_column_bytes(s, 14, arena);
        c->last_no = store_column_int(s, 0);
    }
}

static enum err check_one(struct check *c, const struct message_record *m)
{
    const char *text = "";
    enum check_problem problem = check_letter(c->ctx, &c->objects, m, &text);
    bool exists = true;
    enum err e = ERR_OK;
    if (problem != CHECK_NONE)
        e = records_letter_exists(c->store, c->ctx, &m->id, &exists);
    if (e != ERR_OK || !exists)
        return e;
    c->summary->letters++;
    c->summary->objects += m->inline_frames ? 0 : 1;
    c->summary->bytes += m->sealed_size;
    if (problem == CHECK_NONE)
        return ERR_OK;
    c->summary->damaged_letters++;
    report(c, problem, &m->id, text);
    return ERR_OK;
}

static enum err check_letters(struct check *c)
{
    do {
        if (ctx_left_ms(c->ctx) == 0)
            return ERR_DEADLINE;
        arena_fini(c->ctx->arena);
        enum err e = store_read(c->store, c->ctx, read_letters, c);
        for (size_t i = 0; i < c->count && e == ERR_OK; i++)
            e = check_one(c, &c->letters[i]);
        if (e != ERR_OK)
            return e;
    } while (c->count > 0);
    return ERR_OK;
}

static enum err check_orphan(void *arg, const struct uuid *id, uint64_t size_bytes,
                             int64_t modified_unix_ms)
{
    (void)size_bytes;
    struct check *c = arg;
    bool exists = true;
    if (modified_unix_ms > clock_unix_ms() - ORPHAN_AGE_MS)
        return ERR_OK;
    enum err e = records_letter_exists(c->store, c->ctx, id, &exists);
    if (e != ERR_OK || exists)
        return e;
    c->summary->orphans++;
    report(c, CHECK_ORPHAN, id, "an object without a letter; the server's sweep removes it");
    return ERR_OK;
}

/* --- all of it --- */

static enum err open_all(struct check *c, const char *path, struct data_dir **dir)
{
    enum err e = data_dir_open(c->ctx, path, false, dir);
    if (e == ERR_OK)
        e = store_open_shared(c->ctx, data_dir_path(*dir, c->ctx->arena, DATA_DIR_DATABASE),
                              &c->store);
    if (e == ERR_OK)
        e = objects_adapter_open(c->ctx, data_dir_path(*dir, c->ctx->arena, DATA_DIR_OBJECTS),
                                 &c->files);
    if (e == ERR_OK)
        objects_adapter_port(c->files, &c->objects);
    return e;
}

/* A step that stumbles over a broken database is a finding; the others may still find more. */
static enum err go_on(struct check *c, enum err e)
{
    if (e != ERR_INTERNAL)
        return e;
    c->summary->other_problems++;
    report(c, CHECK_DATABASE, NULL, "the database cannot be read to its end");
    return ERR_OK;
}

static enum err check_all(struct check *c)
{
    enum err e = go_on(c, store_read(c->store, c->ctx, read_integrity, c));
    if (e == ERR_OK)
        e = go_on(c, store_read(c->store, c->ctx, read_stray_letters, c));
    if (e == ERR_OK)
        e = go_on(c, check_letters(c));
    if (e == ERR_OK)
        e = go_on(c, store_read(c->store, c->ctx, read_usage, c));
    if (e == ERR_OK)
        e = objects_adapter_each(c->files, c->ctx, check_orphan, c);
    return e;
}

enum err check_run(struct ctx *ctx, const char *data_dir,
                   void (*found)(void *arg, const struct check_finding *finding), void *arg,
                   struct check_summary *out)
{
    struct arena arena;
    struct ctx own = *ctx;
    struct check c = {.ctx = &own, .found = found, .arg = arg, .summary = out};
    struct data_dir *dir = NULL;
    *out = (struct check_summary){0};
    arena_init(&arena);
    own.arena = &arena;
    enum err e = open_all(&c, data_dir, &dir);
    if (e != ERR_OK)
        (void)ctx_fail(ctx, e, "%s", own.detail);
    else
        e = check_all(&c);
    objects_adapter_close(c.files);
    store_close(c.store);
    data_dir_close(dir);
    arena_fini(&arena);
    return e;
}
