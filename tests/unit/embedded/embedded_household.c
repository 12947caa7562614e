#include "embedded_household.h"

#include "base/clock.h"
#include "base/mem.h"
#include "embedded/admin.h"
#include "scratch.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MAIL_TIMEOUT_MS 20000
#define POLL_MS 2
#define MAIL_MAX_BYTES 4096u
#define LEAST_MEMORY_KIB 8
#define LEAST_PASSES 1

struct made {
    struct scratch scratch;
    char *outbox;
    struct store *store;
    struct mail_queue *mail;
    struct keys_service *keys;
    struct identity_service *identity;
    struct mail_config mail_config;
    struct identity_config identity_config;
};

static void open_parts(struct made *made, struct identity *identity, struct keys *keys)
{
    struct ctx *ctx = &made->scratch.ctx;
    assert_int_equal(store_open(ctx, scratch_path(&made->scratch, "db"), &made->store), ERR_OK);
    assert_int_equal(mail_queue_start(ctx, made->store, &made->mail_config, &made->mail), ERR_OK);
    made->keys = keys_service_create(made->store);
    const struct identity_parts parts = {
        .store = made->store, .mail = made->mail, .keys = made->keys};
    assert_int_equal(identity_service_open(ctx, &parts, &made->identity_config, &made->identity),
                     ERR_OK);
    *identity = identity_service_port(made->identity);
    *keys = keys_service_port(made->keys);
}

static void close_parts(struct made *made)
{
    mail_queue_stop(made->mail);
    identity_service_close(made->identity);
    keys_service_destroy(made->keys);
    store_close(made->store);
}

static void *make(struct identity *identity, struct keys *keys)
{
    struct made *made = mem_alloc(sizeof *made);
    scratch_init(&made->scratch);
    made->outbox = scratch_path(&made->scratch, "outbox");
    assert_int_equal(mkdir(made->outbox, S_IRWXU), 0);
    made->mail_config = (struct mail_config){.smtp_url = "",
                                             .smtp_user = "",
                                             .smtp_password = "",
                                             .smtp_ca_file = "",
                                             .from = "letterlock@example.org",
                                             .outbox_dir = made->outbox,
                                             .public_url = "http://localhost"};
    made->identity_config = (struct identity_config){
        .tokens = {.url = "http://localhost", .audience = "letterlock", .lifetime_s = 3600},
        .session_lifetime_s = 30 * DAY_MS / 1000,
        .stretch_max = 2,
        .stretch_memory_kib = LEAST_MEMORY_KIB,
        .stretch_passes = LEAST_PASSES,
    };
    open_parts(made, identity, keys);
    return made;
}

static void restart(void *p, struct identity *identity, struct keys *keys)
{
    struct made *made = p;
    close_parts(made);
    open_parts(made, identity, keys);
}

static void unmake(void *p)
{
    struct made *made = p;
    close_parts(made);
    scratch_fini(&made->scratch);
    mem_free(made);
}

/* --- mail --- */

static const char *const subjects[] = {
    [HOUSEHOLD_CONFIRM] = "Subject: Your Letterlock confirmation code\r\n",
    [HOUSEHOLD_RESET] = "Subject: Your Letterlock code for a new password\r\n",
    [HOUSEHOLD_TAKEN] = "Subject: You already have a Letterlock account\r\n",
    [HOUSEHOLD_CHANGED] = "Subject: Your Letterlock password was changed\r\n",
};

/* Takes the mail at path if it is the one. */
static bool take_if(const char *path, const char *to, const char *subject,
                    char code[HOUSEHOLD_CODE_BYTES])
{
    char text[MAIL_MAX_BYTES + 1];
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    size_t n = fread(text, 1, MAIL_MAX_BYTES, file);
    (void)fclose(file);
    text[n] = '\0';
    if (strstr(text, to) == NULL || strstr(text, subject) == NULL)
        return false;
    static const char before[] = "\r\n\r\n    ";
    const char *found = strstr(text, before);
    if (found != NULL)
        (void)snprintf(code, HOUSEHOLD_CODE_BYTES, "%.6s", found + sizeof before - 1);
    return unlink(path) == 0;
}

/* Goes through the outbox; with a NULL to it only counts. */
static size_t look(struct made *made, const char *to, const char *subject,
                   char code[HOUSEHOLD_CODE_BYTES])
{
    size_t found = 0;
    DIR *outbox = opendir(made->outbox);
    assert_non_null(outbox);
    const struct dirent *entry;
    while ((entry = readdir(outbox)) != NULL) {
        size_t n = strlen(entry->d_name);
        if (n < 4 || strcmp(entry->d_name + n - 4, ".eml") != 0)
            continue;
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s", made->outbox, entry->d_name);
        if (to == NULL || (found == 0 && take_if(path, to, subject, code)))
            found++;
    }
    (void)closedir(outbox);
    return found;
}

static void take_mail(void *p, const char *email, enum household_mail kind,
                      char code[HOUSEHOLD_CODE_BYTES])
{
    char to[300];
    (void)snprintf(to, sizeof to, "To: <%s>\r\n", email);
    int64_t end = clock_mono_ms() + MAIL_TIMEOUT_MS;
    bool taken = false;
    while (!(taken = look(p, to, subjects[kind], code) > 0) && clock_mono_ms() < end)
        (void)poll(NULL, 0, POLL_MS);
    assert_true(taken);
}

static enum err count_queued(struct store_db *db, void *arg)
{
    sqlite3_stmt *s = store_statement(db, SQL_MAIL_NEXT);
    bool row = false;
    enum err e = store_step(db, s, &row);
    if (e == ERR_OK && row)
        *(bool *)arg = sqlite3_column_type(s, 0) != SQLITE_NULL;
    (void)sqlite3_reset(s);
    return e;
}

static bool no_mail(void *p)
{
    struct made *made = p;
    int64_t end = clock_mono_ms() + MAIL_TIMEOUT_MS;
    bool queued = true;
    while (queued && clock_mono_ms() < end) {
        assert_int_equal(store_read(made->store, &made->scratch.ctx, count_queued, &queued),
                         ERR_OK);
        if (queued)
            (void)poll(NULL, 0, POLL_MS);
    }
    return !queued && look(made, NULL, NULL, NULL) == 0;
}

/* --- what operators do --- */

static void invite(void *p, struct ctx *ctx, char out[HOUSEHOLD_INVITE_BYTES])
{
    struct made *made = p;
    _Static_assert(INVITE_TEXT_BYTES <= HOUSEHOLD_INVITE_BYTES, "an invitation fits");
    assert_int_equal(admin_invite(made->store, ctx, out), ERR_OK);
}

static void set_disabled(void *p, struct ctx *ctx, const char *username, bool disabled)
{
    struct made *made = p;
    assert_int_equal(admin_set_disabled(made->store, ctx, username, disabled), ERR_OK);
}

static void sweep(void *p, struct ctx *ctx)
{
    struct made *made = p;
    identity_service_sweep(made->identity, ctx);
}

/* --- behind the ports --- */

const char *embedded_household_path(void *made)
{
    return scratch_path(&((struct made *)made)->scratch, "db");
}

struct store *embedded_household_store(void *made)
{
    return ((struct made *)made)->store;
}

void embedded_household_sql(void *made, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(embedded_household_path(made), &db), SQLITE_OK);
    sqlite3_busy_timeout(db, MAIL_TIMEOUT_MS);
    assert_int_equal(sqlite3_exec(db, "PRAGMA wal_autocheckpoint = 0", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

struct bytes embedded_household_read(struct arena *arena, const char *path)
{
    struct stat about;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return (struct bytes){0};
    assert_int_equal(fstat(fileno(file), &about), 0);
    uint8_t *p = arena_alloc(arena, (size_t)about.st_size + 1);
    size_t n = fread(p, 1, (size_t)about.st_size, file);
    (void)fclose(file);
    return bytes_of(p, n);
}

void embedded_household_set_costs(void *made, uint32_t memory_kib, uint32_t passes)
{
    struct identity_config *config = &((struct made *)made)->identity_config;
    config->stretch_memory_kib = memory_kib;
    config->stretch_passes = passes;
}

const struct household_maker embedded_household_maker = {
    .traits = {.keys_by_password = true,
               .own_codes = true,
               .own_tokens = true,
               .kept_counts = true},
    .make = make,
    .restart = restart,
    .unmake = unmake,
    .take_mail = take_mail,
    .no_mail = no_mail,
    .invite = invite,
    .set_disabled = set_disabled,
    .sweep = sweep,
};
