#include "cli/cli_client.h"
#include "cli/cli_file.h"
#include "cli/cli_options.h"
#include "cli/cli_output.h"
#include "cli/cli_text.h"
#include "cli/cli_unsealer.h"
#include "cli/commands.h"
#include "envelope/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { KEY_FILE_MAX_BYTES = 256 * 1024 };

struct unseal_options {
    const char *key;
    const char *output; /* NULL: the file's own name, or standard output with raw; "-" the latter */
    const char *message;
    bool raw;
    bool force;
    bool json;
};

/* Where the plaintext goes. */
struct destination {
    struct arena *arena;
    const struct unseal_options *options;
    struct manifest_splitter splitter;
    struct manifest manifest;
    bool manifest_known;
    uint64_t file_bytes;
    struct cli_file file;
    bool to_stdout;
};

static bool parse(int argc, char **argv, struct unseal_options *o, enum cli_exit *exit)
{
    const struct cli_option options[] = {
        {"key", 'k', "KEY", "private keys in PEM, from 'letterlock key export'", .value = &o->key},
        {"raw", 0, NULL, "write the whole plaintext, whatever it is", .flag = &o->raw},
        {"output", 'o', "FILE", "save to FILE ('-': standard output)", .value = &o->output},
        {"force", 'f', NULL, "replace a file that exists", .flag = &o->force},
        {"json", 0, NULL, "print JSON", .flag = &o->json},
    };
    const struct cli_syntax syntax = {
        .synopsis = "unseal --key KEY [--raw] [-o FILE] MESSAGE",
        .summary =
            "Opens a sealed message offline ('-': standard input). Prints the letter's text\n"
            "and saves its file, by default under its own name. Nothing is saved unless\n"
            "every frame was verified.",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .operands_min = 1,
        .operands_max = 1,
    };
    char **operands;
    if (!cli_options_parse(&syntax, argc, argv, &operands, exit))
        return false;
    o->message = operands[0];
    bool to_stdout = o->output == NULL ? o->raw : strcmp(o->output, "-") == 0;
    if (o->key == NULL)
        *exit = cli_options_refuse(&syntax, "unseal needs --key.");
    else if (o->json && to_stdout)
        *exit = cli_options_refuse(&syntax, "--json and the content both want standard output.");
    return *exit == CLI_OK;
}

/* --- plaintext --- */

static enum cli_exit create_file(struct destination *d, const char *name)
{
    if (d->to_stdout)
        return CLI_OK;
    return cli_file_create(&d->file, d->arena, name, 0666, d->options->force);
}

static enum cli_exit write_content(struct destination *d, struct bytes data)
{
    if (data.n == 0)
        return CLI_OK;
    return d->to_stdout ? cli_output_bytes(data) : cli_file_write(&d->file, data);
}

static enum cli_exit take_raw(void *arg, struct bytes plaintext)
{
    return write_content(arg, plaintext);
}

static enum cli_exit not_a_letter(void)
{
    return cli_fail(CLI_INTEGRITY, "The message verifies but holds no letter. Try --raw.");
}

/* Once the manifest is there: opens the file that it announces. */
static enum cli_exit take_manifest(struct destination *d, struct bytes json)
{
    if (manifest_parse(d->arena, json, &d->manifest) != ERR_OK)
        return not_a_letter();
    d->manifest_known = true;
    if (!d->manifest.has_file)
        return CLI_OK;
    const char *name = d->options->output;
    if (name == NULL) {
        struct buffer own;
        buffer_init(&own, 1024);
        cli_text_file_name(&own, d->manifest.file_name, "letter");
        name = arena_str(d->arena, buffer_bytes(&own));
        buffer_fini(&own);
    }
    return create_file(d, name);
}

static enum cli_exit take_letter(void *arg, struct bytes plaintext)
{
    struct destination *d = arg;
    struct bytes file, json;
    enum cli_exit exit = CLI_OK;
    if (manifest_splitter_push(&d->splitter, plaintext, &file) != ERR_OK)
        return not_a_letter();
    if (!d->manifest_known && manifest_splitter_json(&d->splitter, &json))
        exit = take_manifest(d, json);
    if (exit != CLI_OK || file.n == 0)
        return exit;
    d->file_bytes += file.n;
    return d->manifest.has_file ? write_content(d, file) : not_a_letter();
}

/* --- the end --- */

static enum cli_exit tell_letter(struct destination *d)
{
    const struct manifest *m = &d->manifest;
    if (!d->options->json)
        return m->has_text && !(d->to_stdout && m->has_file) ? cli_output_text(m->text) : CLI_OK;
    json_t *result = json_object();
    if (m->has_text)
        json_object_set_new(result, "text", json_from_bytes(m->text));
    if (m->has_file)
        json_object_set_new(result, "file",
                            json_pack("{s:o, s:o, s:I}", "name", json_from_bytes(m->file_name),
                                      "media_type", json_from_bytes(m->media_type), "size",
                                      (json_int_t)d->file_bytes));
    json_object_set_new(result, "saved_as",
                        m->has_file ? json_from_bytes(bytes_of_str(d->file.target)) : json_null());
    enum cli_exit exit = cli_output_json(result);
    json_decref(result);
    return exit;
}

static enum cli_exit finish_letter(struct destination *d)
{
    const struct manifest *m = &d->manifest;
    if (!d->manifest_known || (m->has_file_size && m->file_size_bytes != d->file_bytes))
        return not_a_letter();
    /* A letter without a file, but a file asked for: the text is the content. */
    if (!m->has_file && d->options->output != NULL && !d->to_stdout) {
        enum cli_exit exit = create_file(d, d->options->output);
        if (exit == CLI_OK)
            exit = cli_file_write(&d->file, m->text);
        return exit == CLI_OK ? cli_file_commit(&d->file) : exit;
    }
    if (m->has_file && !d->to_stdout) {
        enum cli_exit exit = cli_file_commit(&d->file);
        if (exit != CLI_OK)
            return exit;
    }
    return tell_letter(d);
}

static enum cli_exit run_raw(struct destination *d, int fd, const struct cli_unsealer_keys *keys)
{
    enum cli_exit exit = create_file(d, d->options->output);
    if (exit == CLI_OK)
        exit = cli_unsealer_run(fd, keys, take_raw, d);
    return exit == CLI_OK && !d->to_stdout ? cli_file_commit(&d->file) : exit;
}

static enum cli_exit run_letter(struct destination *d, int fd, const struct cli_unsealer_keys *keys)
{
    manifest_splitter_init(&d->splitter);
    enum cli_exit exit = cli_unsealer_run(fd, keys, take_letter, d);
    if (exit == CLI_OK)
        exit = finish_letter(d);
    manifest_splitter_fini(&d->splitter);
    return exit;
}

static enum cli_exit run_on(struct cli *cli, const struct unseal_options *o,
                            const struct cli_unsealer_keys *keys)
{
    bool from_stdin = strcmp(o->message, "-") == 0;
    int fd = from_stdin ? STDIN_FILENO : open(o->message, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return cli_fail(CLI_LOCAL, "Cannot open %s: %s.", o->message, strerror(errno));
    struct destination d = {
        .arena = &cli->arena,
        .options = o,
        .file = {.fd = -1},
        .to_stdout = o->output == NULL ? o->raw : strcmp(o->output, "-") == 0,
    };
    enum cli_exit exit = o->raw ? run_raw(&d, fd, keys) : run_letter(&d, fd, keys);
    cli_file_discard(&d.file);
    if (!from_stdin)
        close(fd);
    return exit;
}

static enum cli_exit unseal(struct cli *cli, int argc, char **argv)
{
    struct unseal_options o = {0};
    struct cli_unsealer_keys keys = {0};
    struct buffer pem;
    enum cli_exit exit = CLI_OK;
    if (!parse(argc, argv, &o, &exit))
        return exit;
    buffer_init(&pem, KEY_FILE_MAX_BYTES);
    exit = cli_file_load(o.key, KEY_FILE_MAX_BYTES, false, &pem);
    if (exit == CLI_OK)
        exit = cli_unsealer_keys_read(&keys, buffer_bytes(&pem), o.key);
    if (exit == CLI_OK)
        exit = run_on(cli, &o, &keys);
    cli_unsealer_keys_fini(&keys);
    buffer_fini(&pem);
    return exit;
}

int cli_unseal_main(int argc, char **argv)
{
    return cli_run(argc, argv, unseal);
}
