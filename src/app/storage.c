/* The commands that copy and check a data directory. */
#include "app/commands.h"
#include "app/config.h"
#include "base/json.h"
#include "embedded/backup.h"
#include "embedded/check.h"

#include <stdio.h>
#include <string.h>

/* Copying and checking take as long as the disk does. */
#define STORAGE_TIMEOUT_MS (INT64_C(7) * 24 * 3600 * 1000)

struct run {
    struct arena arena;
    struct ctx ctx;
    struct config config;
};

static bool begin(struct run *run)
{
    *run = (struct run){0};
    ctx_init(&run->ctx, &run->arena, STORAGE_TIMEOUT_MS);
    if (!config_read(&run->config, &run->arena, stderr)) {
        arena_fini(&run->arena);
        return false;
    }
    log_set_level(LOG_ERROR);
    return true;
}

static int finish(struct run *run, const char *command, enum err e)
{
    if (e != ERR_OK)
        (void)fprintf(stderr, "letterlock %s: %s %s\n", command, err_text(e), run->ctx.detail);
    arena_fini(&run->arena);
    return e == ERR_OK ? APP_EXIT_OK : e == ERR_LETTER_DAMAGED ? APP_EXIT_DAMAGED : APP_EXIT_FAILED;
}

static int usage(const char *text, int argc, char **argv)
{
    bool asked = argc == 2 && strcmp(argv[1], "--help") == 0;
    (void)fputs(text, asked ? stdout : stderr);
    return asked ? APP_EXIT_OK : APP_EXIT_USAGE;
}

static void print_summary(const char *what, const struct backup_summary *summary)
{
    (void)printf("%s: %llu files, %llu of them letters, %llu bytes\n", what,
                 (unsigned long long)summary->files, (unsigned long long)summary->objects,
                 (unsigned long long)summary->bytes);
    if (summary->missing_objects > 0)
        (void)printf("%llu letters had lost their content before: see letterlock check\n",
                     (unsigned long long)summary->missing_objects);
}

int backup_main(int argc, char **argv)
{
    struct run run;
    if (argc != 2 || argv[1][0] == '-')
        return usage("usage: letterlock backup [--env-file FILE] DIR\n\n"
                     "Copies LETTERLOCK_DATA_DIR, also while it is served, to the new directory "
                     "DIR.\n",
                     argc, argv);
    if (!begin(&run))
        return APP_EXIT_USAGE;
    struct backup_summary summary;
    enum err e = backup_create(&run.ctx, run.config.data_dir, argv[1], &summary);
    if (e == ERR_OK)
        print_summary("backed up", &summary);
    return finish(&run, "backup", e);
}

int restore_main(int argc, char **argv)
{
    struct run run;
    if (argc != 2 || argv[1][0] == '-')
        return usage("usage: letterlock restore [--env-file FILE] DIR\n\n"
                     "Copies the backup in DIR to LETTERLOCK_DATA_DIR, which must be absent or "
                     "empty.\n",
                     argc, argv);
    if (!begin(&run))
        return APP_EXIT_USAGE;
    struct backup_summary summary;
    enum err e = backup_restore(&run.ctx, argv[1], run.config.data_dir, &summary);
    if (e == ERR_OK)
        print_summary("restored", &summary);
    return finish(&run, "restore", e);
}

/* --- check --- */

static void print_finding(void *arg, const struct check_finding *finding)
{
    json_t *list = arg;
    char id[UUID_TEXT_BYTES] = "";
    if (finding->id != NULL)
        uuid_format(finding->id, id);
    if (list == NULL)
        (void)printf("%s%s%s\n", id, id[0] == '\0' ? "" : ": ", finding->text);
    else
        json_array_append_new(list, json_pack("{s:s,s:s,s:b}", "id", id, "text", finding->text,
                                              "damage", finding->problem != CHECK_ORPHAN));
}

static void print_check(const struct check_summary *summary, json_t *findings)
{
    if (findings == NULL) {
        (void)printf("%llu letters (%llu bytes): %llu damaged; %llu other problems, %llu orphans\n",
                     (unsigned long long)summary->letters, (unsigned long long)summary->bytes,
                     (unsigned long long)summary->damaged_letters,
                     (unsigned long long)summary->other_problems,
                     (unsigned long long)summary->orphans);
        return;
    }
    json_t *document = json_pack("{s:I,s:I,s:I,s:I,s:I,s:O}", "letters",
                                 (json_int_t)summary->letters, "bytes", (json_int_t)summary->bytes,
                                 "damaged_letters", (json_int_t)summary->damaged_letters,
                                 "other_problems", (json_int_t)summary->other_problems, "orphans",
                                 (json_int_t)summary->orphans, "findings", findings);
    (void)json_dumpf(document, stdout, JSON_INDENT(2));
    (void)putchar('\n');
    json_decref(document);
}

int check_main(int argc, char **argv)
{
    struct run run;
    bool as_json = argc == 2 && strcmp(argv[1], "--json") == 0;
    if (argc != 1 && !as_json)
        return usage("usage: letterlock check [--env-file FILE] [--json]\n\n"
                     "Validates the configuration, the database and every stored letter, also "
                     "beside a running server.\n",
                     argc, argv);
    if (!begin(&run))
        return APP_EXIT_USAGE;
    json_t *findings = as_json ? json_array() : NULL;
    struct check_summary summary;
    enum err e = check_run(&run.ctx, run.config.data_dir, print_finding, findings, &summary);
    if (e == ERR_OK) {
        print_check(&summary, findings);
        if (summary.damaged_letters + summary.other_problems > 0)
            e = ERR_LETTER_DAMAGED;
    }
    json_decref(findings);
    if (e != ERR_LETTER_DAMAGED)
        return finish(&run, "check", e);
    arena_fini(&run.arena);
    return APP_EXIT_DAMAGED;
}
