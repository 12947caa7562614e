#include "cli/cli_options.h"
#include "cli/cli_output.h"
#include "cli/cli_prompt.h"
#include "cli/cli_proof.h"
#include "cli/commands.h"

#include <string.h>

enum { SECRET_GROUP = 4 };

struct totp_options {
    const char *password_file;
    const char *totp;
    bool on;
    bool json;
};

static bool parse(int argc, char **argv, struct totp_options *o, enum cli_exit *exit)
{
    const struct cli_option options[] = {
        {"password-file", 0, "F", "first line of F is the password ('-': standard input)",
         .value = &o->password_file},
        {"totp", 0, "CODE", "the authenticator app's code; asked for otherwise", .value = &o->totp},
        {"json", 0, NULL, "print JSON", .flag = &o->json},
    };
    const struct cli_syntax syntax = {
        .synopsis = "totp on|off [--password-file F] [--totp CODE]",
        .summary = "Turns the second factor on or off: a code of an authenticator app at every\n"
                   "sign-in. 'on' prints a secret for the app and asks for its first code; with\n"
                   "--json it ends there, and 'on --totp CODE' is the second step.",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .operands_min = 1,
        .operands_max = 1,
    };
    char **operands;
    if (!cli_options_parse(&syntax, argc, argv, &operands, exit))
        return false;
    o->on = strcmp(operands[0], "on") == 0;
    if (!o->on && strcmp(operands[0], "off") != 0)
        *exit = cli_options_refuse(&syntax, "There is no command 'totp %s'.", operands[0]);
    return *exit == CLI_OK;
}

static enum cli_exit print_secret(const struct totp_options *o, const json_t *made)
{
    const char *secret = cli_client_string(made, "secret");
    if (o->json)
        return cli_output_json(made);
    struct buffer text;
    buffer_init(&text, 4096);
    buffer_append_str(&text, "Add this to your authenticator app:\n\n   ");
    for (size_t i = 0; secret[i] != '\0'; i++) {
        if (i % SECRET_GROUP == 0)
            buffer_append_u8(&text, ' ');
        buffer_append_u8(&text, (uint8_t)secret[i]);
    }
    buffer_printf(&text, "\n\n    %s\n\n", cli_client_string(made, "uri"));
    enum cli_exit exit = cli_output_text(buffer_bytes(&text));
    buffer_fini(&text);
    return exit;
}

static enum cli_exit done(const struct totp_options *o)
{
    if (o->json)
        return cli_output_bytes(BYTES_LIT("{}\n"));
    return cli_output_bytes(o->on ? BYTES_LIT("The second factor is on.\n")
                                  : BYTES_LIT("The second factor is off.\n"));
}

static enum cli_exit turn_on(struct cli *cli, const struct totp_options *o, json_t *body)
{
    json_t *made = NULL;
    enum cli_exit exit = CLI_OK;
    if (o->totp == NULL) {
        exit = cli_client_call(cli, CLI_TOKEN_ID, "POST", "/v1/me/totp", body, &made);
        if (exit == CLI_OK)
            exit = print_secret(o, made);
        json_decref(made);
        if (exit != CLI_OK || o->json)
            return exit;
        exit = cli_proof_ask_totp(body);
    }
    if (exit == CLI_OK)
        exit =
            cli_proof_call(cli, CLI_TOKEN_ID, "POST", "/v1/me/totp/confirm", body, o->totp, NULL);
    return exit == CLI_OK ? done(o) : exit;
}

static enum cli_exit turn(struct cli *cli, int argc, char **argv)
{
    struct totp_options o = {0};
    struct buffer password = {0};
    enum cli_exit exit = CLI_OK;
    if (!parse(argc, argv, &o, &exit))
        return exit;
    exit = cli_client_resume(cli);
    if (exit != CLI_OK)
        return exit;
    exit = cli_prompt_password(o.password_file, false, &password);
    json_t *body = exit == CLI_OK ? json_pack("{s:s%}", "password", password.p, password.n) : NULL;
    buffer_fini(&password);
    if (exit == CLI_OK && body == NULL)
        exit = cli_fail(CLI_FAILED, "The password must be UTF-8 text.");
    if (exit == CLI_OK && o.on)
        exit = turn_on(cli, &o, body);
    else if (exit == CLI_OK) {
        exit = cli_proof_call(cli, CLI_TOKEN_ID, "DELETE", "/v1/me/totp", body, o.totp, NULL);
        exit = exit == CLI_OK ? done(&o) : exit;
    }
    json_decref(body);
    return exit;
}

int cli_totp_main(int argc, char **argv)
{
    return cli_run(argc, argv, turn);
}
