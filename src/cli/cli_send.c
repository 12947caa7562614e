#include "cli/cli_options.h"
#include "cli/cli_output.h"
#include "cli/cli_post.h"
#include "cli/commands.h"

struct send_options {
    struct cli_letter letter;
    bool json;
};

static bool parse(int argc, char **argv, struct send_options *o, enum cli_exit *exit)
{
    const struct cli_option options[] = {
        {"to", 't', "NAME", "the recipient's username or id", .value = &o->letter.to},
        {"text", 'm', "T", "the text of the letter", .value = &o->letter.text},
        {"name", 0, "N", "the file's name as the recipient sees it", .value = &o->letter.file_name},
        {"no-copy", 0, NULL, "keep no copy that you could open", .flag = &o->letter.no_copy},
        {"expires-in", 0, "S", "delete the letter after S seconds",
         .number = &o->letter.expires_in_s},
        {"json", 0, NULL, "print JSON", .flag = &o->json},
    };
    const struct cli_syntax syntax = {
        .synopsis = "send --to NAME [--text T] [FILE|-]",
        .summary = "Sends a letter: a text, a file of any size ('-': standard input), or both.",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .operands_max = 1,
    };
    char **operands;
    if (!cli_options_parse(&syntax, argc, argv, &operands, exit))
        return false;
    o->letter.file = operands[0];
    if (o->letter.to == NULL)
        *exit = cli_options_refuse(&syntax, "send needs --to.");
    else if (o->letter.file == NULL && o->letter.text == NULL)
        *exit = cli_options_refuse(&syntax, "send needs --text or a FILE.");
    return *exit == CLI_OK;
}

/* --- the command --- */

static enum cli_exit tell(struct cli *cli, const struct send_options *o, const json_t *letter)
{
    if (o->json)
        return cli_output_json(letter);
    char size[CLI_SIZE_BYTES];
    int64_t size_bytes = 0;
    (void)json_get_int(letter, "size", &size_bytes);
    cli_output_size(size_bytes < 0 ? 0 : (uint64_t)size_bytes, size);
    return cli_output_bytes(
        bytes_of_str(arena_printf(&cli->arena, "Sent to %s (%s): %s\n",
                                  cli_client_string(json_object_get(letter, "to"), "username"),
                                  size, cli_client_string(letter, "id"))));
}

static enum cli_exit send_letter(struct cli *cli, int argc, char **argv)
{
    struct send_options o = {0};
    json_t *letter = NULL;
    enum cli_exit exit = CLI_OK;
    if (!parse(argc, argv, &o, &exit))
        return exit;
    exit = cli_client_resume(cli);
    if (exit == CLI_OK)
        exit = cli_post_letter(cli, &o.letter, &letter);
    if (exit == CLI_OK)
        exit = tell(cli, &o, letter);
    json_decref(letter);
    return exit;
}

int cli_send_main(int argc, char **argv)
{
    return cli_run(argc, argv, send_letter);
}
