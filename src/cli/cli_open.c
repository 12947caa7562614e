#include "base/uuid.h"
#include "cli/cli_client.h"
#include "cli/cli_download.h"
#include "cli/cli_options.h"
#include "cli/cli_output.h"
#include "cli/cli_text.h"
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct open_options {
    const char *output; /* NULL: the file's own name; "-": standard output */
    bool force;
    bool json;
    char id[UUID_TEXT_BYTES];
};

/* What is known of the letter; both are for json_decref. */
struct letter {
    json_t *metadata;
    json_t *manifest;
    const json_t *file; /* borrowed from manifest; NULL for a text letter */
    const char *saved_as;
    struct buffer clean_name; /* of the file, for the terminal */
};

static bool to_stdout(const struct open_options *o)
{
    return o->output != NULL && strcmp(o->output, "-") == 0;
}

static bool parse(int argc, char **argv, struct open_options *o, enum cli_exit *exit)
{
    const struct cli_option options[] = {
        {"output", 'o', "FILE", "save to FILE or into that directory ('-': standard output)",
         .value = &o->output},
        {"force", 'f', NULL, "replace a file that exists", .flag = &o->force},
        {"json", 0, NULL, "print JSON", .flag = &o->json},
    };
    const struct cli_syntax syntax = {
        .synopsis = "open ID [-o FILE]",
        .summary = "Opens a letter and marks it read: prints its text and saves its file, by\n"
                   "default under its own name in the current directory. Nothing is saved\n"
                   "unless every byte was verified.",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .operands_min = 1,
        .operands_max = 1,
    };
    char **operands;
    struct uuid id;
    if (!cli_options_parse(&syntax, argc, argv, &operands, exit))
        return false;
    if (!uuid_parse(bytes_of_str(operands[0]), &id))
        *exit = cli_options_refuse(&syntax, "%s is not the id of a letter.", operands[0]);
    else if (o->json && to_stdout(o))
        *exit = cli_options_refuse(&syntax, "--json and -o - both want standard output.");
    else
        uuid_format(&id, o->id);
    return *exit == CLI_OK;
}

static const char *letter_path(struct cli *cli, const struct open_options *o, const char *part)
{
    return arena_printf(&cli->arena, "/v1/letters/%s%s", o->id, part);
}

static enum cli_exit fetch_manifest(struct cli *cli, const struct open_options *o, struct letter *l)
{
    enum cli_exit exit =
        cli_client_call(cli, CLI_TOKEN_ACCESS, "GET", letter_path(cli, o, ""), NULL, &l->metadata);
    if (exit == CLI_OK)
        exit = cli_client_call(cli, CLI_TOKEN_ID, "GET", letter_path(cli, o, "/manifest"), NULL,
                               &l->manifest);
    if (exit != CLI_OK)
        return exit;
    l->file = json_is_object(json_object_get(l->manifest, "file"))
                  ? json_object_get(l->manifest, "file")
                  : NULL;
    cli_text_clean(&l->clean_name, bytes_of_str(cli_client_string(l->file, "name")), false);
    return CLI_OK;
}

/* --- the file --- */

static const char *own_name(struct cli *cli, const struct open_options *o, const struct letter *l)
{
    struct buffer name;
    buffer_init(&name, 1024);
    const char *fallback = arena_printf(&cli->arena, "letter-%s", o->id);
    cli_text_file_name(&name, bytes_of_str(cli_client_string(l->file, "name")), fallback);
    const char *copy = arena_str(&cli->arena, buffer_bytes(&name));
    buffer_fini(&name);
    return copy;
}

static const char *target(struct cli *cli, const struct open_options *o, const struct letter *l)
{
    struct stat st;
    if (o->output == NULL)
        return own_name(cli, o, l);
    if (stat(o->output, &st) == 0 && S_ISDIR(st.st_mode))
        return arena_printf(&cli->arena, "%s/%s", o->output, own_name(cli, o, l));
    return o->output;
}

static int64_t content_size(const struct letter *l)
{
    int64_t size = -1;
    if (l->file == NULL)
        return (int64_t)strlen(cli_client_string(l->manifest, "text"));
    if (!json_get_int(l->file, "size", &size) || size < 0)
        return -1;
    return size;
}

static enum cli_exit fetch_content(struct cli *cli, const struct open_options *o, struct letter *l)
{
    struct cli_file file = {.fd = -1};
    struct cli_download download = {
        .path = letter_path(cli, o, "/content"),
        .size = content_size(l),
        .label = buffer_bytes(&l->clean_name),
        .file = to_stdout(o) ? NULL : &file,
    };
    if (to_stdout(o))
        return cli_download_fetch(cli, &download);
    const char *path = target(cli, o, l);
    enum cli_exit exit = cli_file_create(&file, &cli->arena, path, 0666, o->force);
    if (exit == CLI_OK)
        exit = cli_download_fetch(cli, &download);
    if (exit == CLI_OK)
        exit = cli_file_commit(&file);
    cli_file_discard(&file);
    if (exit == CLI_OK)
        l->saved_as = path;
    return exit;
}

/* --- what is told --- */

/* For people only: standard output holds nothing but the text. */
static void tell_sender(const struct letter *l)
{
    char time[CLI_TIME_BYTES];
    const json_t *from = json_object_get(l->metadata, "from");
    bool verified = json_is_true(json_object_get(l->metadata, "sender_verified"));
    cli_output_time(cli_client_string(l->metadata, "sent_at"), time);
    cli_note("From %s, %s%s", cli_client_string(from, "username"), time,
             verified ? "" : " (sender not verified)");
}

static enum cli_exit tell_text(const struct open_options *o, const struct letter *l)
{
    struct bytes text;
    if (o->json || !json_get_bytes(l->manifest, "text", &text))
        return CLI_OK;
    if (l->file == NULL && o->output != NULL)
        return CLI_OK; /* the text is the content, and goes there */
    if (!to_stdout(o))
        return cli_output_text(text);
    /* Standard output belongs to the file. */
    struct buffer clean;
    buffer_init(&clean, 3 * text.n + 1);
    cli_text_clean(&clean, text, true);
    fprintf(stderr, "%.*s\n", BYTES_FMT(buffer_bytes(&clean)));
    buffer_fini(&clean);
    return CLI_OK;
}

static enum cli_exit tell_result(const struct open_options *o, const struct letter *l)
{
    if (!o->json) {
        if (l->saved_as != NULL)
            cli_note("Saved %s.", l->saved_as);
        return CLI_OK;
    }
    json_t *result = json_copy(l->metadata);
    json_object_update(result, l->manifest);
    json_object_set_new(result, "saved_as",
                        l->saved_as == NULL ? json_null()
                                            : json_from_bytes(bytes_of_str(l->saved_as)));
    enum cli_exit exit = cli_output_json(result);
    json_decref(result);
    return exit;
}

/* A letter that was opened stays opened, whether or not the server hears of it now. */
static void mark_read(struct cli *cli, const struct open_options *o, const struct letter *l)
{
    const json_t *to = json_object_get(l->metadata, "to");
    if (strcmp(cli_client_string(to, "id"), cli->session.user_id) != 0 ||
        json_has(l->metadata, "read_at"))
        return;
    if (cli_client_call(cli, CLI_TOKEN_ACCESS, "POST", letter_path(cli, o, "/read"), NULL, NULL) !=
        CLI_OK)
        cli_warn("The letter was opened, but could not be marked read.");
}

static enum cli_exit open_letter(struct cli *cli, int argc, char **argv)
{
    struct open_options o = {0};
    struct letter l = {0};
    enum cli_exit exit = CLI_OK;
    if (!parse(argc, argv, &o, &exit))
        return exit;
    exit = cli_client_resume(cli);
    if (exit != CLI_OK)
        return exit;
    buffer_init(&l.clean_name, 4096);
    exit = fetch_manifest(cli, &o, &l);
    if (exit == CLI_OK && !o.json)
        tell_sender(&l);
    if (exit == CLI_OK)
        exit = tell_text(&o, &l);
    if (exit == CLI_OK && (l.file != NULL || o.output != NULL))
        exit = fetch_content(cli, &o, &l);
    if (exit == CLI_OK)
        mark_read(cli, &o, &l);
    if (exit == CLI_OK)
        exit = tell_result(&o, &l);
    json_decref(l.metadata);
    json_decref(l.manifest);
    buffer_fini(&l.clean_name);
    return exit;
}

int cli_open_main(int argc, char **argv)
{
    return cli_run(argc, argv, open_letter);
}
