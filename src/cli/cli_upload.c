#include "cli/cli_upload.h"

#include "base/encode.h"
#include "cli/cli_retry.h"
#include "cli/cli_upload_state.h"

#include <string.h>

#define TUS_HEADER "Tus-Resumable: 1.0.0"
#define METADATA_MAX_BYTES (8u << 10)

enum { BEGINNINGS_MAX = 3 };

/* One upload on its way. */
struct work {
    struct cli *cli;
    const struct cli_letter *letter;
    const char *key;
    struct cli_source *source;
    uint64_t length;
    struct cli_upload_state state;
    char letter_id[64]; /* "" until there is a letter */
    struct cli_retry retry;
    int beginnings;
};

enum cli_exit cli_upload_is_offered(struct cli *cli, bool *offered)
{
    json_t *config = NULL;
    enum cli_exit exit = cli_client_call(cli, CLI_TOKEN_NONE, "GET", "/v1/config", NULL, &config);
    *offered = json_is_true(json_object_get(config, "uploads"));
    json_decref(config);
    return exit;
}

/* Sends a request again until there is an answer. */
static enum cli_exit perform(struct work *w, struct cli_http_request *request,
                             struct cli_http_response *response)
{
    for (;;) {
        enum cli_exit exit = cli_client_perform(w->cli, request, CLI_TOKEN_ID, response);
        if (!cli_retry_is_due(&w->retry, exit, response, false))
            return exit == CLI_NETWORK ? cli_client_network_failed(w->cli, response) : exit;
        cli_http_response_fini(response);
    }
}

/* --- beginning --- */

static void add_pair(struct buffer *out, const char *name, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    if (out->n > 0)
        buffer_append_u8(out, ',');
    buffer_append_str(out, name);
    buffer_append_u8(out, ' ');
    encode_base64(out, bytes_of_str(value));
}

static const char *metadata_of(const struct work *w)
{
    const struct cli_letter *o = w->letter;
    struct arena *arena = &w->cli->arena;
    struct buffer text;
    buffer_init(&text, METADATA_MAX_BYTES);
    add_pair(&text, "to", o->to);
    add_pair(&text, "filename", w->source->form.file_name);
    add_pair(&text, "text", o->text);
    add_pair(&text, "copy", o->no_copy ? "false" : NULL);
    if (o->expires_in_s > 0)
        add_pair(&text, "expires_in", arena_printf(arena, "%lld", (long long)o->expires_in_s));
    const char *header =
        arena_printf(arena, "Upload-Metadata: %.*s", BYTES_FMT(buffer_bytes(&text)));
    buffer_fini(&text);
    return header;
}

static enum cli_exit take_address(struct work *w, const struct cli_http_response *response)
{
    size_t n = strlen(response->location);
    /* Tokens go to this server only. */
    if (response->location[0] != '/' || n >= sizeof w->state.address)
        return cli_fail(CLI_FAILED, "The server's answer names no upload.");
    memcpy(w->state.address, response->location, n + 1);
    return cli_upload_state_save(w->cli, &w->state);
}

static enum cli_exit begin(struct work *w)
{
    struct arena *arena = &w->cli->arena;
    struct cli_http_request request = {
        .method = "POST",
        .path = "/v1/uploads",
        .headers = {TUS_HEADER, metadata_of(w),
                    arena_printf(arena, "Upload-Length: %llu", (unsigned long long)w->length),
                    arena_printf(arena, "Idempotency-Key: %s", w->key)},
    };
    struct cli_http_response response = {0};
    w->beginnings++;
    enum cli_exit exit = perform(w, &request, &response);
    if (exit == CLI_OK)
        exit = cli_client_refused(&response);
    if (exit == CLI_OK)
        exit = take_address(w, &response);
    cli_http_response_fini(&response);
    return exit == CLI_OK ? cli_source_go_to(w->source, 0) : exit;
}

/* --- asking --- */

static bool is_gone(const struct cli_http_response *response)
{
    return response->status == 404 || response->status == 410;
}

/* Takes offset and letter out of what the server tells of an upload. */
static enum cli_exit take_status(struct work *w, const struct cli_http_response *response)
{
    int64_t offset = -1;
    int64_t length = -1;
    json_t *status = json_parse_object(buffer_bytes(&response->body));
    const char *id = cli_client_string(status, "letter_id");
    bool valid = json_get_int(status, "offset", &offset) &&
                 json_get_int(status, "length", &length) && offset >= 0 && offset <= length &&
                 (uint64_t)length == w->length && strlen(id) < sizeof w->letter_id;
    if (valid)
        memcpy(w->letter_id, id, strlen(id) + 1);
    json_decref(status);
    if (!valid)
        return cli_fail(CLI_FAILED, "The server's answer does not describe this upload.");
    return w->letter_id[0] == '\0' ? cli_source_go_to(w->source, (uint64_t)offset) : CLI_OK;
}

/* Goes on where the server is. */
static enum cli_exit ask(struct work *w)
{
    struct cli_http_request request = {
        .method = "GET", .path = w->state.address, .headers = {TUS_HEADER}};
    struct cli_http_response response = {0};
    enum cli_exit exit = perform(w, &request, &response);
    if (exit == CLI_OK && is_gone(&response)) {
        cli_upload_state_forget(&w->state);
    } else {
        if (exit == CLI_OK)
            exit = cli_client_refused(&response);
        if (exit == CLI_OK)
            exit = take_status(w, &response);
    }
    cli_http_response_fini(&response);
    return exit;
}

/* --- sending --- */

/* True when the answer says that the server is elsewhere than we thought: ask, and go on. */
static bool is_elsewhere(const struct cli_http_response *response)
{
    return is_gone(response) || response->status == 423 ||
           cli_client_problem_is(response, "offset_mismatch");
}

/* Sends the rest in one request; what becomes of it, asking tells. */
static enum cli_exit send_rest(struct work *w)
{
    struct cli_source *s = w->source;
    uint64_t from = s->from;
    struct cli_http_request request = {
        .method = "PATCH",
        .path = w->state.address,
        .headers = {TUS_HEADER, "Content-Type: application/offset+octet-stream",
                    arena_printf(&w->cli->arena, "Upload-Offset: %llu", (unsigned long long)from)},
        .form = &s->form,
        .progress = &s->progress,
    };
    struct cli_http_response response = {0};
    enum cli_exit exit = cli_client_perform(w->cli, &request, CLI_TOKEN_ID, &response);
    cli_progress_end(&s->progress);
    bool again = cli_retry_is_due(&w->retry, exit, &response, s->consumed > 0);
    if (!again && exit == CLI_NETWORK)
        exit = cli_client_network_failed(w->cli, &response);
    else if (!again && exit == CLI_OK && !is_elsewhere(&response))
        exit = cli_client_refused(&response);
    else if (again)
        exit = CLI_OK;
    if (cli_client_problem_is(&response, "upload_changed"))
        cli_upload_state_forget(&w->state);
    cli_http_response_fini(&response);
    return exit;
}

static enum cli_exit send_all(struct work *w)
{
    enum cli_exit exit = w->state.address[0] == '\0' ? CLI_OK : ask(w);
    while (exit == CLI_OK && w->letter_id[0] == '\0') {
        if (w->state.address[0] == '\0' && w->beginnings == BEGINNINGS_MAX)
            return cli_fail(CLI_FAILED, "The server lost the upload again and again.");
        if (w->state.address[0] == '\0')
            exit = begin(w);
        if (exit == CLI_OK)
            exit = send_rest(w);
        if (exit == CLI_OK)
            exit = ask(w);
    }
    return exit;
}

enum cli_exit cli_upload_letter(struct cli *cli, const struct cli_letter *letter, const char *key,
                                struct cli_source *source, json_t **stored)
{
    struct work w = {.cli = cli,
                     .letter = letter,
                     .key = key,
                     .source = source,
                     .length = (uint64_t)source->form.size};
    source->form.bare = true;
    enum cli_exit exit = cli_upload_state_load(cli, letter, source, &w.state);
    if (exit == CLI_OK && w.state.address[0] != '\0')
        cli_note("Going on with an upload that was interrupted.");
    if (exit == CLI_OK)
        exit = send_all(&w);
    if (exit != CLI_OK)
        return exit;
    cli_upload_state_forget(&w.state);
    return cli_client_call(cli, CLI_TOKEN_ACCESS, "GET",
                           arena_printf(&cli->arena, "/v1/letters/%s", w.letter_id), NULL, stored);
}
