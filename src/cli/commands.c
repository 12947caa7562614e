#include "cli/commands.h"

#include "cli/cli_options.h"
#include "cli/cli_output.h"

#include <stdio.h>
#include <string.h>

const struct cli_command cli_commands[] = {
    {"signup", cli_signup_main, "make an account on a server"},
    {"confirm", cli_confirm_main, "confirm the account with the code from the e-mail"},
    {"login", cli_login_main, "sign in"},
    {"logout", cli_logout_main, "sign out"},
    {"totp", cli_totp_main, "turn the second factor on or off"},
    {"people", cli_people_main, "list whom letters can be sent to"},
    {"send", cli_send_main, "send a text, a file, or both"},
    {"inbox", cli_inbox_main, "list letters"},
    {"open", cli_open_main, "read a letter, save its file"},
    {"export", cli_export_main, "save every letter that you can open"},
    {"import", cli_import_main, "take letters of an export along to another server"},
    {"key", cli_key_main, "export your own private keys"},
    {"unseal", cli_unseal_main, "open a sealed message offline, with an exported key"},
    {"version", cli_version_main, "print the version"},
};

const size_t cli_command_count = sizeof cli_commands / sizeof cli_commands[0];

const struct cli_command *cli_find(const char *name)
{
    for (size_t i = 0; i < cli_command_count; i++)
        if (strcmp(cli_commands[i].name, name) == 0)
            return &cli_commands[i];
    return NULL;
}

int cli_version_main(int argc, char **argv)
{
    bool as_json = false;
    const struct cli_option options[] = {
        {.name = "json", .help = "print JSON", .flag = &as_json},
    };
    const struct cli_syntax syntax = {
        .synopsis = "version [--json]",
        .summary = "Prints the version of Letterlock.",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    char **operands;
    enum cli_exit exit;
    if (!cli_options_parse(&syntax, argc, argv, &operands, &exit))
        return (int)exit;
    if (!as_json)
        return (int)cli_output_bytes(BYTES_LIT("letterlock " LETTERLOCK_VERSION "\n"));
    json_t *version = json_pack("{s:s}", "version", LETTERLOCK_VERSION);
    exit = cli_output_json(version);
    json_decref(version);
    return (int)exit;
}
