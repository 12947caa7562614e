#include "cli/cli_post.h"

#include "base/uuid.h"
#include "cli/cli_file.h"
#include "cli/cli_interrupt.h"
#include "cli/cli_output.h"
#include "cli/cli_retry.h"
#include "cli/cli_text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FIELDS_MAX = 4,
    TEXT_MAX_BYTES = 4 << 20, /* of the JSON; the server takes less */
};

/* The file being sent. form is first: its callbacks get a pointer to it. */
struct source {
    struct cli_http_form form;
    struct cli_http_field fields[FIELDS_MAX];
    int fd;
    off_t start; /* of the file's first byte to send; -1 when it cannot be read twice */
    uint64_t consumed;
    struct cli_progress progress;
};

/* --- a file --- */

static struct source *source_of(struct cli_http_form *form)
{
    return (struct source *)form;
}

static size_t read_source(struct cli_http_form *form, uint8_t *p, size_t n)
{
    struct source *s = source_of(form);
    if (form->size >= 0 && (uint64_t)form->size - s->consumed < n)
        n = (size_t)((uint64_t)form->size - s->consumed);
    ssize_t got = 0;
    if (n > 0) {
        do
            got = read(s->fd, p, n);
        while (got < 0 && errno == EINTR && !cli_interrupted());
    }
    if (got < 0 && !cli_interrupted())
        cli_fail(CLI_LOCAL, "Cannot read the file: %s.", strerror(errno));
    if (got == 0 && n > 0 && form->size >= 0) {
        cli_fail(CLI_LOCAL, "The file became shorter while it was sent.");
        return SIZE_MAX;
    }
    if (got < 0)
        return SIZE_MAX;
    s->consumed += (uint64_t)got;
    s->progress.done = s->consumed;
    return (size_t)got;
}

static bool restart_source(struct cli_http_form *form)
{
    struct source *s = source_of(form);
    if (s->consumed == 0)
        return true;
    if (s->start < 0 || lseek(s->fd, s->start, SEEK_SET) != s->start)
        return false;
    s->consumed = 0;
    s->progress.done = 0;
    return true;
}

static enum cli_exit open_source(struct source *s, const char *path)
{
    struct stat st;
    s->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (s->fd < 0 || fstat(s->fd, &st) != 0)
        return cli_fail(CLI_LOCAL, "Cannot open %s: %s.", path, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return cli_fail(CLI_LOCAL, "%s is a directory. Pack it first, for example with tar.", path);
    s->start = -1;
    s->form.size = -1;
    if (S_ISREG(st.st_mode)) {
        s->start = lseek(s->fd, 0, SEEK_CUR);
        s->form.size = st.st_size > s->start ? st.st_size - s->start : 0;
    }
    s->form.read = read_source;
    s->form.restart = restart_source;
    return CLI_OK;
}

static void add_field(struct source *s, const char *name, const char *value)
{
    s->fields[s->form.field_count++] = (struct cli_http_field){name, bytes_of_str(value)};
    s->form.fields = s->fields;
}

/* The server reads a form as it comes: the fields must stand before the file. */
static void describe(struct cli *cli, const struct cli_letter *o, struct source *s)
{
    add_field(s, "to", o->to);
    if (o->text != NULL)
        add_field(s, "text", o->text);
    if (o->no_copy)
        add_field(s, "copy", "false");
    if (o->expires_in_s > 0)
        add_field(s, "expires_in", arena_printf(&cli->arena, "%lld", (long long)o->expires_in_s));
    s->form.file_name = o->file_name;
    if (o->file_name == NULL)
        s->form.file_name = strcmp(o->file, "-") == 0 ? "stdin" : cli_file_base_name(o->file);
}

/* --- posting --- */

static bool can_restart(const struct source *s)
{
    return s == NULL || s->start >= 0 || s->consumed == 0;
}

/* Posts until there is an answer; s is NULL for a text. A retry has the same Idempotency-Key:
 * should the first attempt have arrived after all, the server gives its letter and makes no second
 * one. The ID token lets the server seal with our own key: a copy for us, a proof for the
 * recipient. */
static enum cli_exit post(struct cli *cli, const char *key, struct cli_http_request *request,
                          struct source *s, struct cli_http_response *response)
{
    struct cli_retry retry = {0};
    request->method = "POST";
    request->path = "/v1/letters";
    request->headers[0] = arena_printf(&cli->arena, "Idempotency-Key: %s", key);
    for (;;) {
        enum cli_exit exit = cli_client_perform(cli, request, CLI_TOKEN_ID, response);
        if (s != NULL)
            cli_progress_end(&s->progress);
        if (!can_restart(s) || !cli_retry_is_due(&retry, exit, response, false))
            return exit;
        cli_http_response_fini(response);
        if (s != NULL && !restart_source(&s->form))
            return cli_fail(CLI_LOCAL, "Cannot read the file from its beginning again: %s.",
                            strerror(errno));
    }
}

/* Posts and takes the letter out of the answer. */
static enum cli_exit post_letter(struct cli *cli, const char *key, struct cli_http_request *request,
                                 struct source *s, json_t **letter)
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

static enum cli_exit send_file(struct cli *cli, const struct cli_letter *o, const char *key,
                               json_t **letter)
{
    struct source s = {.fd = -1};
    struct buffer label;
    buffer_init(&label, 4096);
    enum cli_exit exit = open_source(&s, o->file);
    if (exit == CLI_OK) {
        describe(cli, o, &s);
        cli_text_clean(&label, bytes_of_str(s.form.file_name), false);
        s.progress = cli_progress_start(buffer_bytes(&label), 0, s.form.size);
        struct cli_http_request request = {.form = &s.form, .progress = &s.progress};
        exit = post_letter(cli, key, &request, &s, letter);
    }
    if (s.fd > STDIN_FILENO)
        close(s.fd);
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
