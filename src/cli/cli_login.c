#include "cli/cli_client.h"
#include "cli/cli_options.h"
#include "cli/cli_output.h"
#include "cli/cli_prompt.h"
#include "cli/cli_proof.h"
#include "cli/cli_url.h"
#include "cli/commands.h"

#include <limits.h>
#include <stdlib.h>

struct login_options {
    const char *login;
    const char *password_file;
    const char *totp;
    const char *ca_file;
    bool insecure_http;
    bool json;
    const char *url;
};

/* --- login --- */

static bool parse_login(int argc, char **argv, struct login_options *o, enum cli_exit *exit)
{
    const struct cli_option options[] = {
        {"login", 'l', "NAME", "username or e-mail address; asked for otherwise",
         .value = &o->login},
        {"password-file", 0, "F", "first line of F is the password ('-': standard input)",
         .value = &o->password_file},
        {"totp", 0, "CODE", "the authenticator app's code, where the second factor is on",
         .value = &o->totp},
        {"ca-file", 0, "F", "trust the certificate authorities in F (PEM)", .value = &o->ca_file},
        {"insecure-http", 0, NULL, "allow http:// to another machine", .flag = &o->insecure_http},
        {"json", 0, NULL, "print JSON", .flag = &o->json},
    };
    const struct cli_syntax syntax = {
        .synopsis = "login URL [--login NAME] [--password-file F] [--totp CODE]",
        .summary = "Signs in to the server at URL. The session is kept until logout.",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .operands_min = 1,
        .operands_max = 1,
    };
    char **operands;
    if (!cli_options_parse(&syntax, argc, argv, &operands, exit))
        return false;
    o->url = operands[0];
    return true;
}

/* Relative names would mean another file once the next command runs elsewhere. */
static const char *absolute(struct arena *arena, const char *path)
{
    char resolved[PATH_MAX];
    if (path == NULL || realpath(path, resolved) == NULL)
        return path;
    return arena_str(arena, bytes_of_str(resolved));
}

static enum cli_exit ask_login(struct cli *cli, struct login_options *o)
{
    struct buffer answer;
    buffer_init(&answer, 512);
    enum cli_exit exit = cli_prompt("Username or e-mail: ", false, "--login", &answer);
    if (exit == CLI_OK)
        o->login = arena_str(&cli->arena, buffer_bytes(&answer));
    buffer_fini(&answer);
    return exit;
}

static enum cli_exit request_session(struct cli *cli, const struct login_options *o,
                                     json_t **answer)
{
    struct buffer password;
    enum cli_exit exit = cli_prompt_password(o->password_file, false, &password);
    if (exit == CLI_OK) {
        json_t *body =
            json_pack("{s:s, s:s%}", "login", o->login, "password", password.p, password.n);
        exit = body == NULL ? cli_fail(CLI_FAILED, "The name and the password must be UTF-8 text.")
                            : cli_proof_call(cli, CLI_TOKEN_NONE, "POST", "/v1/sessions", body,
                                             o->totp, answer);
        json_decref(body);
    }
    buffer_fini(&password);
    return exit;
}

static enum cli_exit keep_session(struct cli *cli, const json_t *answer)
{
    const json_t *user = json_object_get(answer, "user");
    struct cli_session *s = &cli->session;
    *s = (struct cli_session){
        .url = cli->http.url,
        .ca_file = cli->http.ca_file,
        .user_id = arena_str(&cli->arena, bytes_of_str(cli_client_string(user, "id"))),
        .username = arena_str(&cli->arena, bytes_of_str(cli_client_string(user, "username"))),
    };
    if (*s->user_id == '\0' || *s->username == '\0' ||
        !cli_session_take_tokens(&cli->arena, s, answer))
        return cli_fail(CLI_FAILED, "The server's answer holds no session.");
    int lock = -1;
    enum cli_exit exit = cli_session_lock(&cli->arena, &lock);
    if (exit != CLI_OK)
        return exit;
    exit = cli_session_save(&cli->arena, s);
    cli_session_unlock(lock);
    return exit;
}

/* The server makes the recovery key once and keeps no copy: here is the only chance to note it. */
static enum cli_exit tell(struct cli *cli, const json_t *answer, bool as_json)
{
    const char *recovery_key = cli_client_string(answer, "recovery_key");
    struct buffer text;
    buffer_init(&text, 4096);
    if (as_json) {
        json_t *result = json_pack("{s:s, s:{s:s, s:s}, s:s*}", "url", cli->session.url, "user",
                                   "id", cli->session.user_id, "username", cli->session.username,
                                   "recovery_key", *recovery_key == '\0' ? NULL : recovery_key);
        json_write(&text, result);
        json_decref(result);
        buffer_append_str(&text, "\n");
    } else {
        buffer_printf(&text, "Signed in to %s as %s.\n", cli->session.url, cli->session.username);
    }
    if (!as_json && *recovery_key != '\0') {
        buffer_append_str(&text, "\nYour recovery key:\n\n    ");
        buffer_append_str(&text, recovery_key);
        buffer_append_str(&text,
                          "\n\nKeep it on paper. If you forget your password, your letters can\n"
                          "only be opened again with it. It is not shown a second time.\n");
    }
    enum cli_exit exit = cli_output_bytes(buffer_bytes(&text));
    buffer_fini(&text);
    return exit;
}

static enum cli_exit sign_in(struct cli *cli, int argc, char **argv)
{
    struct login_options o = {0};
    const char *url = NULL;
    json_t *answer = NULL;
    enum cli_exit exit = CLI_OK;
    if (!parse_login(argc, argv, &o, &exit))
        return exit;
    exit = cli_url_check(&cli->arena, o.url, o.insecure_http, &url);
    if (exit == CLI_OK)
        exit = cli_client_connect(cli, url, absolute(&cli->arena, o.ca_file));
    if (exit == CLI_OK && o.login == NULL)
        exit = ask_login(cli, &o);
    if (exit == CLI_OK)
        exit = request_session(cli, &o, &answer);
    if (exit == CLI_OK)
        exit = keep_session(cli, answer);
    if (exit == CLI_OK)
        exit = tell(cli, answer, o.json);
    json_decref(answer);
    return exit;
}

int cli_login_main(int argc, char **argv)
{
    return cli_run(argc, argv, sign_in);
}

/* --- logout --- */

static enum cli_exit end_on_server(struct cli *cli)
{
    struct cli_http_request request = {.method = "DELETE", .path = "/v1/sessions/current"};
    struct cli_http_response response;
    enum cli_exit exit = cli_client_perform(cli, &request, CLI_TOKEN_ACCESS, &response);
    if (exit == CLI_NETWORK)
        exit = cli_client_network_failed(cli, &response);
    else if (exit == CLI_OK && response.status != 401)
        exit = cli_client_refused(&response);
    else if (exit == CLI_NOT_SIGNED_IN)
        exit = CLI_OK; /* it had ended already */
    cli_http_response_fini(&response);
    return exit;
}

static enum cli_exit sign_out(struct cli *cli, int argc, char **argv)
{
    bool as_json = false;
    const struct cli_option options[] = {
        {.name = "json", .help = "print JSON", .flag = &as_json},
    };
    const struct cli_syntax syntax = {
        .synopsis = "logout [--json]",
        .summary = "Ends the session on the server and forgets it here.",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    char **operands;
    enum cli_exit exit;
    if (!cli_options_parse(&syntax, argc, argv, &operands, &exit))
        return exit;
    exit = cli_client_resume(cli);
    if (exit != CLI_OK)
        return exit;
    /* Whatever the server says: after logout no token may lie here any more. */
    enum cli_exit on_server = end_on_server(cli);
    exit = cli_session_remove(&cli->arena);
    if (on_server != CLI_OK)
        return cli_fail(on_server, "Forgotten here, but the server was not told: its session "
                                   "lasts until it expires. End it from the web client.");
    if (exit == CLI_OK)
        exit = cli_output_bytes(as_json ? BYTES_LIT("{}\n") : BYTES_LIT("Signed out.\n"));
    return exit;
}

int cli_logout_main(int argc, char **argv)
{
    return cli_run(argc, argv, sign_out);
}
