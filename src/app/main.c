/* letterlock: one program, many commands. */
#include "app/commands.h"
#include "app/env_file.h"
#include "app/process.h"
#include "cli/commands.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*main)(int argc, char **argv);
    const char *help;
} server_commands[] = {
    {"serve", serve_main, "serve the API and the web client"},
    {"lambda", lambda_main, "serve the API as an AWS Lambda function"},
    {"admin", admin_main, "manage users and invitations"},
    {"backup", backup_main, "copy the data directory, also of a running server"},
    {"restore", restore_main, "bring a backup back"},
    {"check", check_main, "validate the configuration and everything stored"},
    {"health", health_main, "ask the server of this machine whether it is ready"},
};

#define SERVER_COMMANDS (sizeof server_commands / sizeof server_commands[0])

static void help(FILE *out)
{
    (void)fprintf(out, "letterlock " LETTERLOCK_VERSION ": sealed letters between people\n\n"
                       "usage: letterlock COMMAND [OPTION…]\n\nfor users:\n");
    for (size_t i = 0; i < cli_command_count; i++)
        (void)fprintf(out, "  %-9s %s\n", cli_commands[i].name, cli_commands[i].help);
    (void)fprintf(out, "\non the server:\n");
    for (size_t i = 0; i < SERVER_COMMANDS; i++)
        (void)fprintf(out, "  %-9s %s\n", server_commands[i].name, server_commands[i].help);
    (void)fprintf(out, "\n`letterlock COMMAND --help` tells more. Those on the server take their "
                       "settings from the\nenvironment and, with --env-file FILE, from a file of "
                       "NAME=value lines.\n");
}

/* Lambda starts the file "bootstrap" of a package, without arguments. */
static bool is_lambda_bootstrap(const char *program)
{
    const char *slash = strrchr(program, '/');
    return strcmp(slash == NULL ? program : slash + 1, "bootstrap") == 0;
}

/* Their settings may come from a file. */
static int run_server_command(size_t i, int argc, char **argv)
{
    return env_file_take(&argc, argv) ? server_commands[i].main(argc, argv) : APP_EXIT_USAGE;
}

int main(int argc, char **argv)
{
    process_protect();
    if (is_lambda_bootstrap(argv[0]))
        return lambda_main(1, argv);
    if (argc < 2) {
        help(stderr);
        return APP_EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0) {
        help(stdout);
        return APP_EXIT_OK;
    }
    if (strcmp(name, "--version") == 0)
        name = "version";
    for (size_t i = 0; i < SERVER_COMMANDS; i++) {
        if (strcmp(name, server_commands[i].name) == 0)
            return run_server_command(i, argc - 1, argv + 1);
    }
    const struct cli_command *command = cli_find(name);
    if (command != NULL)
        return command->main(argc - 1, argv + 1);
    (void)fprintf(stderr, "letterlock: there is no command \"%s\"; see letterlock --help\n", name);
    return APP_EXIT_USAGE;
}
