/* letterlock import: letters of an export become letters to oneself, sealed anew. */
#include "base/uuid.h"
#include "cli/cli_file.h"
#include "cli/cli_moving.h"
#include "cli/cli_options.h"
#include "cli/cli_output.h"
#include "cli/cli_post.h"
#include "cli/commands.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct import_run {
    struct cli *cli;
    const char *directory;
    unsigned long sent;
    unsigned long there; /* from an earlier run */
};

static const char *inside(struct import_run *run, const char *id, const char *name)
{
    return arena_printf(&run->cli->arena, "%s/%s/%s", run->directory, id, name);
}

static enum cli_exit load(struct import_run *run, const char *id, json_t **letter)
{
    struct buffer text;
    const char *path = inside(run, id, CLI_MOVING_LETTER);
    buffer_init(&text, CLI_MOVING_LETTER_MAX);
    enum cli_exit exit = cli_file_load(path, CLI_MOVING_LETTER_MAX, false, &text);
    if (exit == CLI_OK) {
        *letter = json_parse_object(buffer_bytes(&text));
        if (*letter == NULL)
            exit = cli_fail(CLI_LOCAL, "%s is not a letter of an export.", path);
    }
    buffer_fini(&text);
    return exit;
}

/* Nobody can prove any more who wrote it: the text says who did, as the export has it. */
static const char *text_of(struct import_run *run, const json_t *letter)
{
    const char *text = cli_client_string(letter, "text");
    return arena_printf(&run->cli->arena, "From %s to %s, %s%s%s",
                        cli_client_string(json_object_get(letter, "from"), "username"),
                        cli_client_string(json_object_get(letter, "to"), "username"),
                        cli_client_string(letter, "sent_at"), text[0] == '\0' ? "" : "\n\n", text);
}

/* What had been read comes in read. */
static enum cli_exit mark_read(struct import_run *run, const json_t *letter, const json_t *stored)
{
    const json_t *to = json_object_get(letter, "to");
    bool unread = !json_has(letter, "read_at") &&
                  strcmp(cli_client_string(to, "username"), run->cli->session.username) == 0;
    if (unread)
        return CLI_OK;
    return cli_client_call(
        run->cli, CLI_TOKEN_ACCESS, "POST",
        arena_printf(&run->cli->arena, "/v1/letters/%s/read", cli_client_string(stored, "id")),
        NULL, NULL);
}

static enum cli_exit import_letter(struct import_run *run, const char *id)
{
    json_t *letter = NULL;
    json_t *stored = NULL;
    const char *done = inside(run, id, CLI_MOVING_DONE);
    if (access(done, F_OK) == 0) {
        run->there++;
        return CLI_OK;
    }
    enum cli_exit exit = load(run, id, &letter);
    const json_t *file = json_object_get(letter, "file");
    if (exit == CLI_OK) {
        const struct cli_letter draft = {
            .to = run->cli->session.user_id,
            .text = text_of(run, letter),
            .file = json_is_object(file) ? inside(run, id, CLI_MOVING_CONTENT) : NULL,
            .file_name = cli_client_string(file, "name"),
            .idempotency_key = id,
        };
        exit = cli_post_letter(run->cli, &draft, &stored);
    }
    if (exit == CLI_OK)
        exit = mark_read(run, letter, stored);
    if (exit == CLI_OK)
        exit = cli_file_save(&run->cli->arena, done, bytes_of_str(cli_client_string(stored, "id")),
                             0600, true);
    run->sent += exit == CLI_OK;
    json_decref(letter);
    json_decref(stored);
    return exit;
}

static int is_letter(const struct dirent *entry)
{
    struct uuid id;
    return uuid_parse(bytes_of_str(entry->d_name), &id);
}

/* By id, which for letters is the order in which they were written. */
static enum cli_exit import_all(struct import_run *run)
{
    struct dirent **entries = NULL;
    enum cli_exit exit = CLI_OK;
    int count = scandir(run->directory, &entries, is_letter, alphasort);
    if (count < 0)
        return cli_fail(CLI_LOCAL, "Cannot read %s: %s.", run->directory, strerror(errno));
    for (int i = 0; i < count; i++) {
        if (exit == CLI_OK)
            exit = import_letter(run, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return exit;
}

static enum cli_exit import_letters(struct cli *cli, int argc, char **argv)
{
    const struct cli_syntax syntax = {
        .synopsis = "import DIR",
        .summary = "Sends the letters of an export (letterlock export) to yourself on the server\n"
                   "where you are signed in. Each says who wrote it to whom and when, which the\n"
                   "new server cannot prove. May be repeated: none is sent twice.",
        .operands_min = 1,
        .operands_max = 1,
    };
    char **operands;
    enum cli_exit exit;
    if (!cli_options_parse(&syntax, argc, argv, &operands, &exit))
        return exit;
    struct import_run run = {.cli = cli, .directory = operands[0]};
    exit = cli_client_resume(cli);
    if (exit == CLI_OK)
        exit = import_all(&run);
    cli_note("%lu letters imported, %lu had been before.", run.sent, run.there);
    return exit;
}

int cli_import_main(int argc, char **argv)
{
    return cli_run(argc, argv, import_letters);
}
