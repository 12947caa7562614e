#include "cli/cli_client.h"
#include "cli/cli_file.h"
#include "cli/cli_key_ring.h"
#include "cli/cli_options.h"
#include "cli/cli_output.h"
#include "cli/cli_prompt.h"
#include "cli/commands.h"

#include <string.h>

enum { PEM_MAX_BYTES = 256 * 1024 };

struct export_options {
    const char *output;
    const char *password_file;
    bool force;
    bool json;
};

static bool parse(int argc, char **argv, struct export_options *o, enum cli_exit *exit)
{
    const struct cli_option options[] = {
        {"output", 'o', "FILE", "where the keys go ('-': standard output)", .value = &o->output},
        {"password-file", 0, "F", "first line of F is the password ('-': standard input)",
         .value = &o->password_file},
        {"force", 'f', NULL, "replace a file that exists", .flag = &o->force},
        {"json", 0, NULL, "print JSON", .flag = &o->json},
    };
    const struct cli_syntax syntax = {
        .synopsis = "key export -o FILE [--password-file F]",
        .summary = "Writes your own private keys as PKCS#8 PEM, readable by you only. Who has\n"
                   "this file can open your letters, without a password.",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .operands_min = 1,
        .operands_max = 1,
    };
    char **operands;
    if (!cli_options_parse(&syntax, argc, argv, &operands, exit))
        return false;
    if (strcmp(operands[0], "export") != 0)
        *exit = cli_options_refuse(&syntax, "There is no command 'key %s'.", operands[0]);
    else if (o->output == NULL)
        *exit = cli_options_refuse(&syntax, "key export needs -o FILE.");
    else if (o->json && strcmp(o->output, "-") == 0)
        *exit = cli_options_refuse(&syntax, "--json and -o - both want standard output.");
    return *exit == CLI_OK;
}

static enum cli_exit save(struct cli *cli, const struct export_options *o, struct bytes pem,
                          size_t count)
{
    if (strcmp(o->output, "-") == 0)
        return cli_output_bytes(pem);
    enum cli_exit exit = cli_file_save(&cli->arena, o->output, pem, 0600, o->force);
    if (exit != CLI_OK)
        return exit;
    if (!o->json)
        return cli_output_text(
            bytes_of_str(arena_printf(&cli->arena, "%zu private key%s saved to %s. Keep it safe.\n",
                                      count, count == 1 ? "" : "s", o->output)));
    json_t *result = json_pack("{s:o, s:I}", "saved_as", json_from_bytes(bytes_of_str(o->output)),
                               "keys", (json_int_t)count);
    exit = cli_output_json(result);
    json_decref(result);
    return exit;
}

static enum cli_exit unseal_and_save(struct cli *cli, const struct export_options *o,
                                     const json_t *ring)
{
    struct uuid user;
    struct buffer password = {0};
    struct buffer pem;
    size_t count = 0;
    if (!uuid_parse(bytes_of_str(cli->session.user_id), &user))
        return cli_fail(CLI_FAILED, "This server's user ids have a form that is not known.");
    buffer_init(&pem, PEM_MAX_BYTES);
    enum cli_exit exit = cli_prompt_password(o->password_file, false, &password);
    if (exit == CLI_OK)
        exit = cli_key_ring_open(&cli->arena, ring, &user, buffer_bytes(&password), &pem, &count);
    if (exit == CLI_OK)
        exit = save(cli, o, buffer_bytes(&pem), count);
    buffer_fini(&password);
    buffer_fini(&pem);
    return exit;
}

static enum cli_exit export_keys(struct cli *cli, int argc, char **argv)
{
    struct export_options o = {0};
    json_t *ring = NULL;
    enum cli_exit exit = CLI_OK;
    if (!parse(argc, argv, &o, &exit))
        return exit;
    exit = cli_client_resume(cli);
    if (exit == CLI_OK)
        exit = cli_client_call(cli, CLI_TOKEN_ACCESS, "GET", "/v1/me/key-ring", NULL, &ring);
    if (exit == CLI_OK)
        exit = unseal_and_save(cli, &o, ring);
    json_decref(ring);
    return exit;
}

int cli_key_main(int argc, char **argv)
{
    return cli_run(argc, argv, export_keys);
}
