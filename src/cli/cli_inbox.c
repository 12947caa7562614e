#include "cli/cli_client.h"
#include "cli/cli_options.h"
#include "cli/cli_output.h"
#include "cli/commands.h"

struct inbox_options {
    bool unread;
    bool sent;
    bool json;
    int64_t limit;
};

static const char *note_of(const json_t *letter, bool sent)
{
    if (json_is_false(json_object_get(letter, "can_open")))
        return "cannot be opened";
    if (sent)
        return json_has(letter, "read_at") ? "read" : "";
    return json_is_true(json_object_get(letter, "sender_verified")) ? "" : "sender not verified";
}

static void add_letter(struct cli_table *table, const json_t *letter, bool sent)
{
    char size[CLI_SIZE_BYTES];
    char time[CLI_TIME_BYTES];
    int64_t size_bytes = 0;
    if (json_get_int(letter, "size", &size_bytes) && size_bytes >= 0)
        cli_output_size((uint64_t)size_bytes, size);
    else
        size[0] = '\0';
    cli_output_time(cli_client_string(letter, "sent_at"), time);
    const json_t *other = json_object_get(letter, sent ? "to" : "from");
    cli_table_add(table, (const char *const[]){!sent && !json_has(letter, "read_at") ? "*" : "",
                                               cli_client_string(letter, "id"),
                                               cli_client_string(other, "username"), time, size,
                                               note_of(letter, sent)});
}

static enum cli_exit print_letters(struct cli *cli, const struct inbox_options *o,
                                   const json_t *list)
{
    enum { SIZE_COLUMN = 4 };
    struct cli_table table = cli_table_of(&cli->arena, 6, 1u << SIZE_COLUMN);
    size_t i;
    json_t *letter;
    cli_table_add(&table,
                  (const char *const[]){"", "ID", o->sent ? "TO" : "FROM", "SENT", "SIZE", "NOTE"});
    json_array_foreach(json_object_get(list, "items"), i, letter)
        add_letter(&table, letter, o->sent);
    if (table.rows == 1)
        return cli_output_bytes(o->unread ? BYTES_LIT("There are no unread letters.\n")
                                          : BYTES_LIT("There are no letters.\n"));
    struct buffer text;
    buffer_init(&text, 16u << 20);
    cli_table_write(&table, &text);
    if (json_is_true(json_object_get(list, "more")))
        buffer_append_str(&text, "There are older ones: give a larger --limit.\n");
    enum cli_exit exit = cli_output_bytes(buffer_bytes(&text));
    buffer_fini(&text);
    return exit;
}

static bool parse(int argc, char **argv, struct inbox_options *o, enum cli_exit *exit)
{
    const struct cli_option options[] = {
        {"unread", 'u', NULL, "only letters that were not read yet", .flag = &o->unread},
        {"sent", 's', NULL, "letters that you sent", .flag = &o->sent},
        {"limit", 'n', "N", "the newest N (50)", .number = &o->limit},
        {"json", 0, NULL, "print JSON", .flag = &o->json},
    };
    const struct cli_syntax syntax = {
        .synopsis = "inbox [--unread] [--sent] [--limit N]",
        .summary = "Lists letters, newest first. Unread ones have a star.",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    char **operands;
    return cli_options_parse(&syntax, argc, argv, &operands, exit);
}

static enum cli_exit list_letters(struct cli *cli, int argc, char **argv)
{
    struct inbox_options o = {.limit = 50};
    enum cli_exit exit;
    if (!parse(argc, argv, &o, &exit))
        return exit;
    exit = cli_client_resume(cli);
    if (exit != CLI_OK)
        return exit;
    const char *path = arena_printf(&cli->arena, "/v1/letters?box=%s%s", o.sent ? "sent" : "inbox",
                                    o.unread ? "&unread=true" : "");
    json_t *list = NULL;
    exit = cli_client_list(cli, path, o.limit, &list);
    if (exit == CLI_OK)
        exit = o.json ? cli_output_json(list) : print_letters(cli, &o, list);
    json_decref(list);
    return exit;
}

int cli_inbox_main(int argc, char **argv)
{
    return cli_run(argc, argv, list_letters);
}
