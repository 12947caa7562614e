#include "cli/cli_client.h"
#include "cli/cli_options.h"
#include "cli/cli_output.h"
#include "cli/cli_prompt.h"
#include "cli/cli_url.h"
#include "cli/commands.h"

struct account_options {
    const char *username;
    const char *email;
    const char *password_file;
    const char *ca_file;
    bool insecure_http;
    bool json;
    const char *url;
    const char *code;
};

static enum cli_exit connect_to(struct cli *cli, const struct account_options *o)
{
    const char *url = NULL;
    enum cli_exit exit = cli_url_check(&cli->arena, o->url, o->insecure_http, &url);
    return exit == CLI_OK ? cli_client_connect(cli, url, o->ca_file) : exit;
}

/* Prints text, or value as JSON. */
static enum cli_exit tell(const struct account_options *o, const json_t *value, const char *text)
{
    return o->json ? cli_output_json(value) : cli_output_text(bytes_of_str(text));
}

/* --- signup --- */

static bool parse_signup(int argc, char **argv, struct account_options *o, enum cli_exit *exit)
{
    const struct cli_option options[] = {
        {"username", 'u', "U", "the name under which others write to you", .value = &o->username},
        {"email", 'e', "E", "where the confirmation code goes", .value = &o->email},
        {"password-file", 0, "F", "first line of F is the password ('-': standard input)",
         .value = &o->password_file},
        {"ca-file", 0, "F", "trust the certificate authorities in F (PEM)", .value = &o->ca_file},
        {"insecure-http", 0, NULL, "allow http:// to another machine", .flag = &o->insecure_http},
        {"json", 0, NULL, "print JSON", .flag = &o->json},
    };
    const struct cli_syntax syntax = {
        .synopsis = "signup URL --username U --email E [--password-file F]",
        .summary = "Makes an account on the server at URL. Its code then comes by e-mail.",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .operands_min = 1,
        .operands_max = 1,
    };
    char **operands;
    if (!cli_options_parse(&syntax, argc, argv, &operands, exit))
        return false;
    if (o->username == NULL || o->email == NULL) {
        *exit = cli_options_refuse(&syntax, "signup needs --username and --email.");
        return false;
    }
    o->url = operands[0];
    return true;
}

static enum cli_exit request_account(struct cli *cli, const struct account_options *o,
                                     json_t **answer)
{
    struct buffer password;
    enum cli_exit exit = cli_prompt_password(o->password_file, true, &password);
    if (exit == CLI_OK) {
        json_t *body = json_pack("{s:s, s:s, s:s%}", "username", o->username, "email", o->email,
                                 "password", password.p, password.n);
        exit = body == NULL
                   ? cli_fail(CLI_FAILED, "Name, address and password must be UTF-8 text.")
                   : cli_client_call(cli, CLI_TOKEN_NONE, "POST", "/v1/accounts", body, answer);
        json_decref(body);
    }
    buffer_fini(&password);
    return exit;
}

static enum cli_exit sign_up(struct cli *cli, int argc, char **argv)
{
    struct account_options o = {0};
    json_t *answer = NULL;
    enum cli_exit exit = CLI_OK;
    if (!parse_signup(argc, argv, &o, &exit))
        return exit;
    exit = connect_to(cli, &o);
    if (exit == CLI_OK)
        exit = request_account(cli, &o, &answer);
    if (exit == CLI_OK) {
        const char *destination =
            cli_client_string(json_object_get(answer, "delivery"), "destination");
        exit = tell(&o, answer,
                    arena_printf(&cli->arena,
                                 "A code is on its way to %s. Then:\n"
                                 "    letterlock confirm %s --username %s CODE\n",
                                 *destination == '\0' ? o.email : destination, cli->http.url,
                                 o.username));
    }
    json_decref(answer);
    return exit;
}

int cli_signup_main(int argc, char **argv)
{
    return cli_run(argc, argv, sign_up);
}

/* --- confirm --- */

static bool parse_confirm(int argc, char **argv, struct account_options *o, enum cli_exit *exit)
{
    const struct cli_option options[] = {
        {"username", 'u', "U", "the name chosen at signup", .value = &o->username},
        {"ca-file", 0, "F", "trust the certificate authorities in F (PEM)", .value = &o->ca_file},
        {"insecure-http", 0, NULL, "allow http:// to another machine", .flag = &o->insecure_http},
        {"json", 0, NULL, "print JSON", .flag = &o->json},
    };
    const struct cli_syntax syntax = {
        .synopsis = "confirm URL --username U CODE",
        .summary = "Confirms a new account with the code from the e-mail.",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .operands_min = 2,
        .operands_max = 2,
    };
    char **operands;
    if (!cli_options_parse(&syntax, argc, argv, &operands, exit))
        return false;
    if (o->username == NULL) {
        *exit = cli_options_refuse(&syntax, "confirm needs --username.");
        return false;
    }
    o->url = operands[0];
    o->code = operands[1];
    return true;
}

static enum cli_exit confirm(struct cli *cli, int argc, char **argv)
{
    struct account_options o = {0};
    enum cli_exit exit = CLI_OK;
    if (!parse_confirm(argc, argv, &o, &exit))
        return exit;
    exit = connect_to(cli, &o);
    if (exit != CLI_OK)
        return exit;
    json_t *body = json_pack("{s:s, s:s}", "username", o.username, "code", o.code);
    if (body == NULL)
        return cli_fail(CLI_FAILED, "The name and the code must be UTF-8 text.");
    exit = cli_client_call(cli, CLI_TOKEN_NONE, "POST", "/v1/accounts/confirm", body, NULL);
    if (exit == CLI_OK) {
        json_t *result = json_pack("{s:s, s:b}", "username", o.username, "confirmed", true);
        exit = tell(&o, result,
                    arena_printf(&cli->arena,
                                 "The account is ready. Sign in:\n"
                                 "    letterlock login %s --login %s\n",
                                 cli->http.url, o.username));
        json_decref(result);
    }
    json_decref(body);
    return exit;
}

int cli_confirm_main(int argc, char **argv)
{
    return cli_run(argc, argv, confirm);
}
