#include "cli/cli_client.h"
#include "cli/cli_options.h"
#include "cli/cli_output.h"
#include "cli/commands.h"

static enum cli_exit print_people(struct cli *cli, const json_t *list)
{
    struct cli_table table = cli_table_of(&cli->arena, 2, 0);
    size_t i;
    json_t *person;
    cli_table_add(&table, (const char *const[]){"USERNAME", "ID"});
    json_array_foreach(json_object_get(list, "items"), i, person)
    {
        cli_table_add(&table, (const char *const[]){cli_client_string(person, "username"),
                                                    cli_client_string(person, "id")});
    }
    if (table.rows == 1)
        return cli_output_bytes(BYTES_LIT("There is nobody of that name.\n"));
    struct buffer text;
    buffer_init(&text, 16u << 20);
    cli_table_write(&table, &text);
    if (json_is_true(json_object_get(list, "more")))
        buffer_append_str(&text, "There are more: give a PREFIX or a larger --limit.\n");
    enum cli_exit exit = cli_output_bytes(buffer_bytes(&text));
    buffer_fini(&text);
    return exit;
}

static enum cli_exit list_people(struct cli *cli, int argc, char **argv)
{
    bool as_json = false;
    int64_t limit = 100;
    const struct cli_option options[] = {
        {"limit", 'n', "N", "at most N people (100)", .number = &limit},
        {"json", 0, NULL, "print JSON", .flag = &as_json},
    };
    const struct cli_syntax syntax = {
        .synopsis = "people [--limit N] [PREFIX]",
        .summary = "Lists whom letters can be sent to; only names that begin with PREFIX.",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .operands_max = 1,
    };
    char **operands;
    enum cli_exit exit;
    if (!cli_options_parse(&syntax, argc, argv, &operands, &exit))
        return exit;
    exit = cli_client_resume(cli);
    if (exit != CLI_OK)
        return exit;
    struct buffer path;
    buffer_init(&path, 4096);
    buffer_append_str(&path, "/v1/people");
    if (operands[0] != NULL)
        cli_http_append_query(&path, "q", bytes_of_str(operands[0]));
    json_t *list = NULL;
    exit = buffer_ok(&path)
               ? cli_client_list(cli, arena_str(&cli->arena, buffer_bytes(&path)), limit, &list)
               : cli_fail(CLI_USAGE, "The prefix is too long.");
    if (exit == CLI_OK)
        exit = as_json ? cli_output_json(list) : print_people(cli, list);
    json_decref(list);
    buffer_fini(&path);
    return exit;
}

int cli_people_main(int argc, char **argv)
{
    return cli_run(argc, argv, list_people);
}
