/* letterlock export: everything that a person can open, opened, into a directory. */
#include "cli/cli_download.h"
#include "cli/cli_moving.h"
#include "cli/cli_options.h"
#include "cli/cli_output.h"
#include "cli/cli_text.h"
#include "cli/commands.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct export_run {
    struct cli *cli;
    const char *directory;
    unsigned long saved;
    unsigned long there;  /* from an earlier run */
    unsigned long sealed; /* that this person cannot open */
};

static enum cli_exit make_directory(const char *path)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return CLI_OK;
    return cli_fail(CLI_LOCAL, "Cannot make %s: %s.", path, strerror(errno));
}

static enum cli_exit save_content(struct export_run *run, const char *directory, const char *id,
                                  const json_t *file)
{
    struct cli_file to = {.fd = -1};
    struct buffer label;
    int64_t size = -1;
    (void)json_get_int(file, "size", &size);
    buffer_init(&label, 4096);
    cli_text_clean(&label, bytes_of_str(cli_client_string(file, "name")), false);
    const struct cli_download download = {
        .path = arena_printf(&run->cli->arena, "/v1/letters/%s/content", id),
        .size = size,
        .label = buffer_bytes(&label),
        .file = &to,
    };
    const char *path = arena_printf(&run->cli->arena, "%s/" CLI_MOVING_CONTENT, directory);
    enum cli_exit exit = cli_file_create(&to, &run->cli->arena, path, 0600, true);
    if (exit == CLI_OK)
        exit = cli_download_fetch(run->cli, &download);
    if (exit == CLI_OK)
        exit = cli_file_commit(&to);
    cli_file_discard(&to);
    buffer_fini(&label);
    return exit;
}

/* What is known of the letter, last of all: a letter that has it is complete. */
static enum cli_exit save_letter(struct export_run *run, const char *path, const json_t *metadata,
                                 const json_t *manifest)
{
    struct buffer text;
    json_t *whole = json_copy((json_t *)(uintptr_t)metadata);
    json_object_update(whole, (json_t *)(uintptr_t)manifest);
    buffer_init(&text, CLI_MOVING_LETTER_MAX);
    json_write(&text, whole);
    buffer_append_u8(&text, '\n');
    json_decref(whole);
    enum cli_exit exit = cli_file_save(&run->cli->arena, path, buffer_bytes(&text), 0600, true);
    buffer_fini(&text);
    return exit;
}

static enum cli_exit export_letter(struct export_run *run, const json_t *metadata)
{
    const char *id = cli_client_string(metadata, "id");
    const char *directory = arena_printf(&run->cli->arena, "%s/%s", run->directory, id);
    const char *letter = arena_printf(&run->cli->arena, "%s/" CLI_MOVING_LETTER, directory);
    json_t *manifest = NULL;
    if (access(letter, F_OK) == 0) {
        run->there++;
        return CLI_OK;
    }
    if (json_is_false(json_object_get(metadata, "can_open"))) {
        run->sealed++;
        return CLI_OK;
    }
    enum cli_exit exit = make_directory(directory);
    if (exit == CLI_OK)
        exit = cli_client_call(run->cli, CLI_TOKEN_ID, "GET",
                               arena_printf(&run->cli->arena, "/v1/letters/%s/manifest", id), NULL,
                               &manifest);
    const json_t *file = json_object_get(manifest, "file");
    if (exit == CLI_OK && json_is_object(file))
        exit = save_content(run, directory, id, file);
    if (exit == CLI_OK)
        exit = save_letter(run, letter, metadata, manifest);
    run->saved += exit == CLI_OK;
    json_decref(manifest);
    return exit;
}

static enum cli_exit export_box(struct export_run *run, const char *path)
{
    json_t *list = NULL;
    size_t i;
    json_t *letter;
    enum cli_exit exit = cli_client_list(run->cli, path, INT64_MAX, &list);
    json_array_foreach(json_object_get(list, "items"), i, letter)
    {
        if (exit == CLI_OK)
            exit = export_letter(run, letter);
    }
    json_decref(list);
    return exit;
}

static enum cli_exit export_letters(struct cli *cli, int argc, char **argv)
{
    const struct cli_syntax syntax = {
        .synopsis = "export DIR",
        .summary = "Saves every letter that you can open, received and sent, in clear, to DIR:\n"
                   "to keep, or to take along to another server (letterlock import). May be\n"
                   "repeated: what is in DIR already is not fetched again.",
        .operands_min = 1,
        .operands_max = 1,
    };
    char **operands;
    enum cli_exit exit;
    if (!cli_options_parse(&syntax, argc, argv, &operands, &exit))
        return exit;
    struct export_run run = {.cli = cli, .directory = operands[0]};
    exit = cli_client_resume(cli);
    if (exit == CLI_OK)
        exit = make_directory(run.directory);
    if (exit == CLI_OK)
        exit = export_box(&run, "/v1/letters?box=inbox");
    if (exit == CLI_OK)
        exit = export_box(&run, "/v1/letters?box=sent");
    cli_note("%lu letters saved, %lu were there, %lu cannot be opened.", run.saved, run.there,
             run.sealed);
    return exit;
}

int cli_export_main(int argc, char **argv)
{
    return cli_run(argc, argv, export_letters);
}
