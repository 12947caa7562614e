#include "cli/cli_output.h"

#include "base/clock.h"
#include "cli/cli_text.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void cli_output_size(uint64_t size_bytes, char out[CLI_SIZE_BYTES])
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    if (size_bytes < 1000) {
        snprintf(out, CLI_SIZE_BYTES, "%u B", (unsigned)size_bytes);
        return;
    }
    size_t unit = 0;
    uint64_t tenths = size_bytes / 100; /* of the unit, cut off and not rounded up to "1000.0" */
    for (; tenths >= 10000; unit++)
        tenths /= 1000;
    snprintf(out, CLI_SIZE_BYTES, "%u.%u %s", (unsigned)(tenths / 10), (unsigned)(tenths % 10),
             units[unit]);
}

void cli_output_time(const char *rfc3339, char out[CLI_TIME_BYTES])
{
    int64_t unix_ms = 0;
    struct tm local;
    if (rfc3339 != NULL && clock_from_rfc3339(rfc3339, &unix_ms)) {
        time_t seconds = (time_t)(unix_ms / 1000);
        if (localtime_r(&seconds, &local) != NULL &&
            strftime(out, CLI_TIME_BYTES, "%Y-%m-%d %H:%M", &local) > 0)
            return;
    }
    memcpy(out, "-", 2);
}

struct cli_table cli_table_of(struct arena *arena, size_t columns, unsigned right)
{
    assert(columns > 0 && columns <= CLI_TABLE_COLUMNS_MAX);
    return (struct cli_table){.arena = arena, .columns = columns, .right = right};
}

static void grow(struct cli_table *table)
{
    size_t capacity = table->capacity == 0 ? 32 : table->capacity * 2;
    const char **cells = arena_calloc(table->arena, capacity * table->columns, sizeof *cells);
    if (table->rows > 0)
        memcpy(cells, table->cells, table->rows * table->columns * sizeof *cells);
    table->cells = cells;
    table->capacity = capacity;
}

void cli_table_add(struct cli_table *table, const char *const *cells)
{
    if (table->rows == table->capacity)
        grow(table);
    for (size_t i = 0; i < table->columns; i++) {
        struct buffer clean;
        buffer_init(&clean, 4096);
        cli_text_clean(&clean, bytes_of_str(cells[i]), false);
        table->cells[table->rows * table->columns + i] =
            arena_str(table->arena, buffer_bytes(&clean));
        buffer_fini(&clean);
    }
    table->rows++;
}

static void append_spaces(struct buffer *out, size_t n)
{
    while (n-- > 0)
        buffer_append_u8(out, ' ');
}

static void trim_line(struct buffer *out, size_t line_start)
{
    while (out->n > line_start && out->p[out->n - 1] == ' ')
        out->n--;
}

void cli_table_write(const struct cli_table *table, struct buffer *out)
{
    size_t widths[CLI_TABLE_COLUMNS_MAX] = {0};
    for (size_t i = 0; i < table->rows * table->columns; i++) {
        size_t n = cli_text_length(bytes_of_str(table->cells[i]));
        if (n > widths[i % table->columns])
            widths[i % table->columns] = n;
    }
    for (size_t row = 0; row < table->rows; row++) {
        size_t line_start = out->n;
        for (size_t i = 0; i < table->columns; i++) {
            const char *cell = table->cells[row * table->columns + i];
            size_t pad = widths[i] - cli_text_length(bytes_of_str(cell));
            bool right = (table->right >> i & 1u) != 0;
            append_spaces(out, right ? pad : 0);
            buffer_append_str(out, cell);
            append_spaces(out, (right ? 0 : pad) + 2);
        }
        trim_line(out, line_start);
        buffer_append_u8(out, '\n');
    }
}

enum cli_exit cli_output_bytes(struct bytes data)
{
    if (fwrite(data.p, 1, data.n, stdout) != data.n || fflush(stdout) != 0)
        return cli_fail(CLI_LOCAL, "Standard output cannot be written: %s.", strerror(errno));
    return CLI_OK;
}

enum cli_exit cli_output_text(struct bytes text)
{
    if (isatty(STDOUT_FILENO) != 1)
        return cli_output_bytes(text);
    struct buffer clean;
    buffer_init(&clean, 3 * text.n + 1); /* a bad byte becomes the three of U+FFFD */
    cli_text_clean(&clean, text, true);
    if (clean.n > 0 && clean.p[clean.n - 1] != '\n')
        buffer_append_u8(&clean, '\n');
    enum cli_exit exit = cli_output_bytes(buffer_bytes(&clean));
    buffer_fini(&clean);
    return exit;
}

enum cli_exit cli_output_json(const json_t *value)
{
    struct buffer line;
    buffer_init(&line, 64u << 20);
    json_write(&line, value);
    buffer_append_u8(&line, '\n');
    enum cli_exit exit = buffer_ok(&line)
                             ? cli_output_bytes(buffer_bytes(&line))
                             : cli_fail(CLI_FAILED, "The answer is too long to print.");
    buffer_fini(&line);
    return exit;
}
