#include "cli/cli_client.h"

#include "base/clock.h"
#include "cli/cli_interrupt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    REFRESH_BEFORE_MS = 60 * 1000,
    REQUEST_MAX_BYTES = 4 << 20,
    PAGE_MAX = 100,
};

int cli_run(int argc, char **argv, enum cli_exit (*body)(struct cli *cli, int argc, char **argv))
{
    struct cli cli = {0};
    cli_interrupt_watch();
    enum cli_exit exit = body(&cli, argc, argv);
    if (cli.connected)
        cli_http_fini(&cli.http);
    arena_fini(&cli.arena);
    cli_interrupt_leave();
    return (int)exit;
}

enum cli_exit cli_client_connect(struct cli *cli, const char *url, const char *ca_file)
{
    if (ca_file != NULL && access(ca_file, R_OK) != 0)
        return cli_fail(CLI_LOCAL, "Cannot read %s: %s.", ca_file, strerror(errno));
    cli_http_init(&cli->http, &cli->arena, url, ca_file);
    cli->connected = true;
    return CLI_OK;
}

enum cli_exit cli_client_resume(struct cli *cli)
{
    enum cli_exit exit = cli_session_load(&cli->arena, &cli->session);
    if (exit != CLI_OK)
        return exit;
    return cli_client_connect(cli, cli->session.url, cli->session.ca_file);
}

const char *cli_client_string(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value == NULL ? "" : value;
}

/* --- refusals --- */

static enum cli_exit exit_of(long status, const char *code)
{
    if (strcmp(code, "letter_damaged") == 0)
        return CLI_INTEGRITY;
    if (strcmp(code, "bad_credentials") == 0 || strcmp(code, "totp_required") == 0 ||
        strcmp(code, "totp_mismatch") == 0)
        return CLI_FAILED;
    switch (status) {
    case 401:
        return CLI_NOT_SIGNED_IN;
    case 404:
        return CLI_NOT_FOUND;
    case 408:
    case 502: /* a proxy speaks for a server that does not */
    case 504:
        return CLI_NETWORK;
    default:
        return CLI_FAILED;
    }
}

enum cli_exit cli_client_refused(const struct cli_http_response *response)
{
    if (response->status >= 200 && response->status < 300)
        return CLI_OK;
    json_t *problem = json_parse_object(buffer_bytes(&response->body));
    const char *title = cli_client_string(problem, "title");
    const char *detail = cli_client_string(problem, "detail");
    enum cli_exit exit = exit_of(response->status, cli_client_string(problem, "code"));
    if (*title == '\0' && *detail == '\0')
        cli_fail(exit, "The server answered with status %ld and no explanation.", response->status);
    else
        cli_fail(exit, "%s%s%s", title, *title != '\0' && *detail != '\0' ? " " : "", detail);
    json_decref(problem);
    return exit;
}

bool cli_client_problem_is(const struct cli_http_response *response, const char *code)
{
    json_t *problem = json_parse_object(buffer_bytes(&response->body));
    bool is = strcmp(cli_client_string(problem, "code"), code) == 0;
    json_decref(problem);
    return is;
}

enum cli_exit cli_client_network_failed(const struct cli *cli,
                                        const struct cli_http_response *response)
{
    return cli_fail(CLI_NETWORK, "%s: %s.", cli->http.url, response->message);
}

/* --- calls --- */

/* One exchange of JSON with the given token, without refreshing. */
static enum cli_exit exchange(struct cli *cli, const char *method, const char *path,
                              const json_t *body, struct cli_http_response *response)
{
    struct buffer text;
    buffer_init(&text, REQUEST_MAX_BYTES);
    json_write(&text, body);
    struct cli_http_request request = {.method = method, .path = path, .json = buffer_bytes(&text)};
    enum cli_exit exit = cli_http_perform(&cli->http, &request, response);
    buffer_fini(&text);
    return exit;
}

static enum cli_exit end_session(struct cli *cli)
{
    enum cli_exit exit = cli_session_remove(&cli->arena);
    if (exit != CLI_OK)
        return exit;
    return cli_fail(CLI_NOT_SIGNED_IN, "The session has ended. Sign in again: letterlock login %s",
                    cli->session.url);
}

/* CLI_NETWORK is not printed, so that a transfer can try again; response then holds its message. */
static enum cli_exit rotate(struct cli *cli, struct cli_http_response *response)
{
    json_t *body = json_pack("{s:s}", "refresh_token", cli->session.refresh_token);
    enum cli_exit exit = exchange(cli, "POST", "/v1/sessions/refresh", body, response);
    json_decref(body);
    if (exit != CLI_OK)
        return exit;
    if (response->status == 401)
        return end_session(cli);
    exit = cli_client_refused(response);
    if (exit != CLI_OK)
        return exit == CLI_NETWORK ? CLI_FAILED : exit;
    json_t *answer = json_parse_object(buffer_bytes(&response->body));
    exit = cli_session_take_tokens(&cli->arena, &cli->session, answer)
               ? cli_session_save(&cli->arena, &cli->session)
               : cli_fail(CLI_FAILED, "The server's answer holds no tokens.");
    json_decref(answer);
    return exit;
}

/* Another command may have refreshed since we read the file: then its tokens are the ones. Leaves
 * response without a body. */
static enum cli_exit refresh(struct cli *cli, struct cli_http_response *response)
{
    int lock = -1;
    enum cli_exit exit = cli_session_lock(&cli->arena, &lock);
    if (exit != CLI_OK)
        return exit;
    struct cli_session stored;
    exit = cli_session_load(&cli->arena, &stored);
    if (exit == CLI_OK && (strcmp(stored.url, cli->session.url) != 0 ||
                           strcmp(stored.user_id, cli->session.user_id) != 0))
        exit = cli_fail(CLI_NOT_SIGNED_IN, "Another account was signed in meanwhile.");
    else if (exit == CLI_OK && strcmp(stored.refresh_token, cli->session.refresh_token) == 0)
        exit = rotate(cli, response);
    else if (exit == CLI_OK)
        cli->session = stored;
    cli_session_unlock(lock);
    cli_http_response_fini(response);
    return exit;
}

static const char *token_of(const struct cli *cli, enum cli_token token)
{
    switch (token) {
    case CLI_TOKEN_ACCESS:
        return cli->session.access_token;
    case CLI_TOKEN_ID:
        return cli->session.id_token;
    case CLI_TOKEN_NONE:
        break;
    }
    return NULL;
}

enum cli_exit cli_client_perform(struct cli *cli, struct cli_http_request *request,
                                 enum cli_token token, struct cli_http_response *response)
{
    *response = (struct cli_http_response){0};
    bool fresh = token == CLI_TOKEN_NONE ||
                 cli->session.expires_unix_ms - clock_unix_ms() > REFRESH_BEFORE_MS;
    enum cli_exit exit = fresh ? CLI_OK : refresh(cli, response);
    if (exit != CLI_OK)
        return exit;
    request->bearer = token_of(cli, token);
    exit = cli_http_perform(&cli->http, request, response);
    if (exit != CLI_OK || token == CLI_TOKEN_NONE || response->status != 401 ||
        !cli_client_problem_is(response, "token_expired"))
        return exit;
    if (request->form != NULL && !request->form->restart(request->form))
        return exit;
    cli_http_response_fini(response);
    exit = refresh(cli, response);
    if (exit != CLI_OK)
        return exit;
    request->bearer = token_of(cli, token);
    return cli_http_perform(&cli->http, request, response);
}

static enum cli_exit take_answer(const struct cli_http_response *response, json_t **answer)
{
    enum cli_exit exit = cli_client_refused(response);
    if (exit != CLI_OK || answer == NULL)
        return exit;
    *answer = json_parse_object(buffer_bytes(&response->body));
    if (*answer == NULL)
        return cli_fail(CLI_FAILED,
                        "The server's answer is not JSON. Is this a Letterlock server?");
    return CLI_OK;
}

enum cli_exit cli_client_call(struct cli *cli, enum cli_token token, const char *method,
                              const char *path, const json_t *body, json_t **answer)
{
    bool met = false;
    return cli_client_call_unless(cli, token, method, path, body, NULL, &met, answer);
}

enum cli_exit cli_client_call_unless(struct cli *cli, enum cli_token token, const char *method,
                                     const char *path, const json_t *body, const char *code,
                                     bool *met, json_t **answer)
{
    struct buffer text;
    buffer_init(&text, REQUEST_MAX_BYTES);
    if (body != NULL)
        json_write(&text, body);
    if (!buffer_ok(&text)) {
        buffer_fini(&text);
        return cli_fail(CLI_FAILED, "The text is too long. Send it as a file.");
    }
    struct cli_http_request request = {.method = method, .path = path, .json = buffer_bytes(&text)};
    struct cli_http_response response;
    enum cli_exit exit = cli_client_perform(cli, &request, token, &response);
    if (exit == CLI_NETWORK)
        exit = cli_client_network_failed(cli, &response);
    else if (exit == CLI_OK) {
        *met = code != NULL && response.status >= 400 && cli_client_problem_is(&response, code);
        exit = *met ? CLI_OK : take_answer(&response, answer);
    }
    cli_http_response_fini(&response);
    buffer_fini(&text);
    return exit;
}

/* Moves a page's items into all; gives the next cursor in the arena, or NULL after the last page.
 */
static const char *take_page(struct cli *cli, const json_t *page, int64_t limit, json_t *all)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(page, "items"), i, item)
    {
        if ((int64_t)json_array_size(all) == limit)
            return "";
        json_array_append(all, item);
    }
    const char *cursor = cli_client_string(page, "next_cursor");
    return *cursor == '\0' ? NULL : arena_str(&cli->arena, bytes_of_str(cursor));
}

enum cli_exit cli_client_list(struct cli *cli, const char *path, int64_t limit, json_t **list)
{
    json_t *all = json_array();
    const char *cursor = NULL;
    enum cli_exit exit = CLI_OK;
    do {
        int64_t left = limit - (int64_t)json_array_size(all);
        struct buffer url;
        buffer_init(&url, 8192);
        buffer_append_str(&url, path);
        const char *count =
            arena_printf(&cli->arena, "%d", (int)(left < PAGE_MAX ? left : PAGE_MAX));
        cli_http_append_query(&url, "limit", bytes_of_str(count));
        if (cursor != NULL)
            cli_http_append_query(&url, "cursor", bytes_of_str(cursor));
        json_t *page = NULL;
        exit = cli_client_call(cli, CLI_TOKEN_ACCESS, "GET",
                               arena_str(&cli->arena, buffer_bytes(&url)), NULL, &page);
        buffer_fini(&url);
        size_t before = json_array_size(all);
        cursor = page == NULL ? NULL : take_page(cli, page, limit, all);
        json_decref(page);
        if (json_array_size(all) == before)
            break; /* an empty page with a cursor would go on for ever */
    } while (cursor != NULL && (int64_t)json_array_size(all) < limit);
    if (exit == CLI_OK)
        *list = json_pack("{s:O, s:b}", "items", all, "more", cursor != NULL);
    json_decref(all);
    return exit;
}
