#include "cli/cli_post.h"

#include "base/uuid.h"
#include "cli/cli_file.h"
#include "cli/cli_output.h"
#include "cli/cli_retry.h"
#include "cli/cli_source.h"
#include "cli/cli_text.h"
#include "cli/cli_upload.h"

#include <errno.h>
#include <string.h>

enum {
    FIELDS_MAX = 4,
    TEXT_MAX_BYTES = 4 << 20, /* of the JSON; the server takes less */
};

struct fields {
    struct cli_http_field list[FIELDS_MAX];
    size_t count;
};

static void add_field(struct fields *fields, const char *name, const char *value)
{
    fields->list[fields->count++] = (struct cli_http_field){name, bytes_of_str(value)};
}

/* The server reads a form as it comes: the fields must stand before the file. */
static void describe(struct cli *cli, const struct cli_letter *o, struct fields *fields)
{
    add_field(fields, "to", o->to);
    if (o->text != NULL)
        add_field(fields, "text", o->text);
    if (o->no_copy)
        add_field(fields, "copy", "false");
    if (o->expires_in_s > 0)
        add_field(fields, "expires_in",
                  arena_printf(&cli->arena, "%lld", (long long)o->expires_in_s));
}

/* --- posting --- */

/* Posts until there is an answer; s is NULL for a text. A retry has the same Idempotency-Key:
 * should the first attempt have arrived after all, the server gives its letter and makes no second
 * one. The ID token lets the server seal with our own key: a copy for us, a proof for the
 * recipient. */
static enum cli_exit post(struct cli *cli, const char *key, struct cli_http_request *request,
                          struct cli_source *s, struct cli_http_response *response)
{
    struct cli_retry retry = {0};
    request->method = "POST";
    request->path = "/v1/letters";
    request->headers[0] = arena_printf(&cli->arena, "Idempotency-Key: %s", key);
    for (;;) {
        enum cli_exit exit = cli_client_perform(cli, request, CLI_TOKEN_ID, response);
        if (s != NULL)
            cli_progress_end(&s->progress);
        if ((s != NULL && !cli_source_can_restart(s)) ||
            !cli_retry_is_due(&retry, exit, response, false))
            return exit;
        cli_http_response_fini(response);
        if (s != NULL && !s->form.restart(&s->form))
            return cli_fail(CLI_LOCAL, "Cannot read the file from its beginning again: %s.",
                            strerror(errno));
    }
}

/* Posts and takes the letter out of the answer. */
static enum cli_exit post_letter(struct cli *cli, const char *key, struct cli_http_request *request,
                                 struct cli_source *s, json_t **letter)
{
    struct cli_http_response response = {0};
    enum cli_exit exit = post(cli, key, request, s, &response);
    if (exit == CLI_NETWORK)
        exit = cli_client_network_failed(cli, &response);
    else if (exit == CLI_OK)
        exit = cli_client_refused(&response);
    if (exit == CLI_OK) {
        *letter = json_parse_object(buffer_bytes(&response.body));
        if (*letter == NULL)
            exit = cli_fail(CLI_FAILED, "The server's answer is not JSON.");
    }
    cli_http_response_fini(&response);
    return exit;
}

static enum cli_exit send_text(struct cli *cli, const struct cli_letter *o, const char *key,
                               json_t **letter)
{
    json_t *body = json_pack("{s:s, s:s}", "to", o->to, "text", o->text);
    if (body == NULL)
        return cli_fail(CLI_FAILED, "The text must be UTF-8.");
    if (o->no_copy)
        json_object_set_new(body, "copy", json_false());
    if (o->expires_in_s > 0)
        json_object_set_new(body, "expires_in", json_integer(o->expires_in_s));
    struct buffer text;
    buffer_init(&text, TEXT_MAX_BYTES);
    json_write(&text, body);
    struct cli_http_request request = {.json = buffer_bytes(&text)};
    enum cli_exit exit = buffer_ok(&text)
                             ? post_letter(cli, key, &request, NULL, letter)
                             : cli_fail(CLI_FAILED, "The text is too long. Send it as a file.");
    buffer_fini(&text);
    json_decref(body);
    return exit;
}

static enum cli_exit send_form(struct cli *cli, const struct cli_letter *o, const char *key,
                               struct cli_source *s, json_t **letter)
{
    struct fields fields = {.count = 0};
    describe(cli, o, &fields);
    s->form.fields = fields.list;
    s->form.field_count = fields.count;
    struct cli_http_request request = {.form = &s->form, .progress = &s->progress};
    return post_letter(cli, key, &request, s, letter);
}

/* Large files go by an upload that can be resumed, where the server takes such; a long text does
 * not fit the headers that begin one. */
static enum cli_exit send_opened(struct cli *cli, const struct cli_letter *o, const char *key,
                                 struct cli_source *s, json_t **letter)
{
    bool offered = false;
    enum cli_exit exit = CLI_OK;
    if (cli_source_can_restart(s) && s->form.size >= CLI_UPLOAD_LEAST_BYTES &&
        (o->text == NULL || strlen(o->text) <= CLI_UPLOAD_TEXT_MAX_BYTES))
        exit = cli_upload_is_offered(cli, &offered);
    if (exit != CLI_OK)
        return exit;
    return offered ? cli_upload_letter(cli, o, key, s, letter) : send_form(cli, o, key, s, letter);
}

static enum cli_exit send_file(struct cli *cli, const struct cli_letter *o, const char *key,
                               json_t **letter)
{
    struct cli_source s;
    struct buffer label;
    buffer_init(&label, 4096);
    enum cli_exit exit = cli_source_open(&s, o->file);
    if (exit == CLI_OK) {
        s.form.file_name = o->file_name;
        if (o->file_name == NULL)
            s.form.file_name = strcmp(o->file, "-") == 0 ? "stdin" : cli_file_base_name(o->file);
        cli_text_clean(&label, bytes_of_str(s.form.file_name), false);
        s.progress = cli_progress_start(buffer_bytes(&label), 0, s.form.size);
        exit = send_opened(cli, o, key, &s, letter);
    }
    cli_source_close(&s);
    buffer_fini(&label);
    return exit;
}

enum cli_exit cli_post_letter(struct cli *cli, const struct cli_letter *letter, json_t **stored)
{
    char random[UUID_TEXT_BYTES];
    struct uuid id = uuid_random();
    uuid_format(&id, random);
    const char *key = letter->idempotency_key == NULL ? random : letter->idempotency_key;
    return letter->file == NULL ? send_text(cli, letter, key, stored)
                                : send_file(cli, letter, key, stored);
}
