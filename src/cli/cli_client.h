/* One run of a client command: its memory, its HTTP client, its session; and the calls to the API
 * with tokens kept fresh and refusals explained. */
#ifndef LETTERLOCK_CLI_CLI_CLIENT_H
#define LETTERLOCK_CLI_CLI_CLIENT_H

#include "base/json.h"
#include "cli/cli_http.h"
#include "cli/cli_session.h"

enum cli_token {
    CLI_TOKEN_NONE,
    CLI_TOKEN_ACCESS, /* lists and sends */
    CLI_TOKEN_ID,     /* opens letters too */
};

struct cli {
    struct arena arena;
    struct cli_http http;
    struct cli_session session;
    bool connected;
};

/* Runs body with signals watched and a fresh struct cli, then frees everything; ends the process by
 * a signal that came meanwhile. Gives body's result: the process's exit status. */
int cli_run(int argc, char **argv, enum cli_exit (*body)(struct cli *cli, int argc, char **argv));

/* Sets the HTTP client up for a server (no session yet). ca_file may be NULL; it must be readable.
 */
enum cli_exit cli_client_connect(struct cli *cli, const char *url, const char *ca_file) MUST_CHECK;

/* Loads the session and sets the HTTP client up for its server. */
enum cli_exit cli_client_resume(struct cli *cli) MUST_CHECK;

/* As cli_http_perform, with the session's token of that kind. Tokens are refreshed when they are
 * about to expire or the server says so. Refusals are answers too: see cli_client_refused. */
enum cli_exit cli_client_perform(struct cli *cli, struct cli_http_request *request,
                                 enum cli_token token,
                                 struct cli_http_response *response) MUST_CHECK;

/* CLI_OK for a 2xx; otherwise prints the problem document's text (RFC 9457) and gives the exit code
 * that it stands for. */
enum cli_exit cli_client_refused(const struct cli_http_response *response) MUST_CHECK;

/* True when the answer is a problem document with that code. */
bool cli_client_problem_is(const struct cli_http_response *response, const char *code);

/* Prints why the network failed. Gives CLI_NETWORK. */
enum cli_exit cli_client_network_failed(const struct cli *cli,
                                        const struct cli_http_response *response);

/* A whole call with JSON both ways. body (borrowed) and answer may be NULL; *answer is NULL or a
 * reference for json_decref. Every failure was printed. */
enum cli_exit cli_client_call(struct cli *cli, enum cli_token token, const char *method,
                              const char *path, const json_t *body, json_t **answer) MUST_CHECK;

/* The same, but a refusal with that code (NULL: none) is not printed: CLI_OK, and *met. */
enum cli_exit cli_client_call_unless(struct cli *cli, enum cli_token token, const char *method,
                                     const char *path, const json_t *body, const char *code,
                                     bool *met, json_t **answer) MUST_CHECK;

/* Collects the items of a list (path with or without a query) over its pages, at most limit. Gives
 * {"items": […], "more": bool}. */
enum cli_exit cli_client_list(struct cli *cli, const char *path, int64_t limit,
                              json_t **list) MUST_CHECK;

/* The string member, borrowed from object; "" when it is absent. */
const char *cli_client_string(const json_t *object, const char *name);

#endif
