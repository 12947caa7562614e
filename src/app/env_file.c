#include "app/env_file.h"

#include "base/ascii.h"
#include "cli/cli_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTION "--env-file"

/* --- a line --- */

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static bool is_text(struct bytes line)
{
    for (size_t i = 0; i < line.n; i++) {
        if ((line.p[i] < ' ' && line.p[i] != '\t') || line.p[i] == 0x7f)
            return false;
    }
    return bytes_is_utf8(line);
}

/* A letter or '_', then digits too. */
static size_t name_length(struct bytes line)
{
    size_t n = 0;
    if (line.n > 0 && line.p[0] >= '0' && line.p[0] <= '9')
        return 0;
    while (n < line.n && (line.p[n] == '_' || ascii_is_alphanumeric(line.p[n])))
        n++;
    return n;
}

/* Gives what is wrong with a value without quotes, or NULL. */
static const char *check_bare(struct bytes value)
{
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] == '\\' || value.p[i] == '$')
            return "a value with \\ or $ has to stand between single quotes";
        if (value.p[i] == '#' && i > 0 && is_blank(value.p[i - 1]))
            return "a value with # behind a space has to stand between quotes";
    }
    return NULL;
}

/* The same for what stands between quotes. */
static const char *check_quoted(struct bytes value, uint8_t quote)
{
    if (quote == '\'')
        return value.n > 0 && value.p[value.n - 1] == '\\' ? "\\ stands before the closing quote"
                                                           : NULL;
    if (bytes_find(value, '\\', 0) != SIZE_MAX || bytes_find(value, '$', 0) != SIZE_MAX)
        return "a value with \\ or $ has to stand between single quotes, not double ones";
    return NULL;
}

static const char *parse_value(struct bytes text, struct bytes *out)
{
    uint8_t quote = text.n > 0 ? text.p[0] : 0;
    if (quote != '\'' && quote != '"') {
        *out = text;
        return check_bare(text);
    }
    size_t end = bytes_find(text, quote, 1);
    if (end == SIZE_MAX)
        return "the closing quote is missing";
    if (end + 1 != text.n)
        return "something stands behind the closing quote";
    *out = bytes_slice(text, 1, end - 1);
    return check_quoted(*out, quote);
}

/* Gives what is wrong with a line, or NULL; name.n is 0 when the line sets nothing. */
static const char *parse_line(struct bytes line, struct bytes *name, struct bytes *value)
{
    *name = (struct bytes){0};
    line = bytes_trim(line);
    if (!is_text(line))
        return "it is not UTF-8, or has control characters";
    if (line.n == 0 || line.p[0] == '#')
        return NULL;
    struct bytes start = bytes_slice(line, 0, name_length(line));
    if (start.n == 0 || start.n == line.n || line.p[start.n] != '=')
        return "it is neither NAME=value nor a comment";
    *name = start;
    return parse_value(bytes_trim(bytes_slice(line, start.n + 1, line.n)), value);
}

/* --- a file --- */

static size_t count_lines(struct bytes text)
{
    size_t count = 1;
    for (size_t i = 0; i < text.n; i++)
        count += text.p[i] == '\n';
    return count;
}

bool env_file_parse(struct bytes text, struct arena *arena, struct env_file *out)
{
    *out = (struct env_file){0};
    out->settings = arena_calloc(arena, count_lines(text), sizeof *out->settings);
    while (text.n > 0) {
        struct bytes line = bytes_slice(text, 0, bytes_find(text, '\n', 0));
        text = bytes_slice(text, line.n + 1, text.n);
        if (line.n > 0 && line.p[line.n - 1] == '\r')
            line.n--;
        struct bytes name;
        struct bytes value;
        out->line++;
        out->fault = parse_line(line, &name, &value);
        if (out->fault != NULL)
            return false;
        if (name.n > 0)
            out->settings[out->count++] = (struct env_setting){
                arena_str(arena, name),
                arena_str(arena, value),
            };
    }
    return true;
}

/* From the last to the first: what is set already stays. */
static void apply(const struct env_file *file)
{
    for (size_t i = file->count; i-- > 0;) {
        if (setenv(file->settings[i].name, file->settings[i].value, 0) != 0)
            abort(); /* no memory */
    }
}

static bool load(const char *path)
{
    struct arena arena = {0};
    struct buffer text;
    struct env_file file = {0};
    buffer_init(&text, ENV_FILE_MAX_BYTES);
    bool ok = cli_file_load(path, ENV_FILE_MAX_BYTES, false, &text) == CLI_OK;
    if (ok && !env_file_parse(buffer_bytes(&text), &arena, &file)) {
        (void)fprintf(stderr, "letterlock: %s: line %zu: %s\n", path, file.line, file.fault);
        ok = false;
    }
    if (ok)
        apply(&file);
    buffer_fini(&text);
    arena_fini(&arena);
    return ok;
}

/* --- the option --- */

/* Takes count arguments out of the command line, from index first on. */
static void remove_arguments(int *argc, char **argv, int first, int count)
{
    *argc -= count;
    for (int i = first; i <= *argc; i++) /* the NULL at the end too */
        argv[i] = argv[i + count];
}

bool env_file_take(int *argc, char **argv)
{
    const char *path = NULL;
    for (int i = 1; i < *argc;) {
        const char *given = NULL;
        int count = 1;
        if (strcmp(argv[i], OPTION) == 0) {
            given = i + 1 < *argc ? argv[i + 1] : "";
            count = i + 1 < *argc ? 2 : 1;
        } else if (strncmp(argv[i], OPTION "=", sizeof OPTION) == 0) {
            given = argv[i] + sizeof OPTION;
        } else {
            i++;
            continue;
        }
        if (path != NULL || given[0] == '\0') {
            (void)fputs("letterlock: " OPTION " takes the name of one file\n", stderr);
            return false;
        }
        path = given;
        remove_arguments(argc, argv, i, count);
    }
    return path == NULL || load(path);
}
