/* What people and scripts see on standard output. */
#ifndef LETTERLOCK_CLI_CLI_OUTPUT_H
#define LETTERLOCK_CLI_CLI_OUTPUT_H

#include "base/arena.h"
#include "base/json.h"
#include "cli/cli_exit.h"

#define CLI_SIZE_BYTES 16u /* "999.9 MB" and its NUL, with room */
#define CLI_TIME_BYTES 32u

/* Writes a number of bytes in decimal units: "0 B", "999 B", "1.0 kB", "12.3 MB", … "9.2 EB". */
void cli_output_size(uint64_t size_bytes, char out[CLI_SIZE_BYTES]);

/* Writes a time (RFC 3339 as the server sends it) as local "2026-11-24 14:50"; "-" for anything
 * else. */
void cli_output_time(const char *rfc3339, char out[CLI_TIME_BYTES]);

/* --- a table with aligned columns --- */

#define CLI_TABLE_COLUMNS_MAX 8u

struct cli_table {
    struct arena *arena;
    size_t columns;
    unsigned right; /* bit i: column i is aligned to the right */
    size_t rows;
    size_t capacity;
    const char **cells;
};

/* An empty table; everything it keeps lives in arena. */
struct cli_table cli_table_of(struct arena *arena, size_t columns, unsigned right);

/* Adds a row; cells (columns of them, UTF-8) are copied, cleaned of control characters. */
void cli_table_add(struct cli_table *table, const char *const *cells);

/* Appends the lines to out: two spaces between columns, none at the end of a line. */
void cli_table_write(const struct cli_table *table, struct buffer *out);

/* --- writing --- */

/* Writes data to standard output. CLI_LOCAL, with a message, when it does not go. */
enum cli_exit cli_output_bytes(struct bytes data) MUST_CHECK;

/* Writes a text of a letter: cleaned and with an end of line for a terminal, as it is otherwise. */
enum cli_exit cli_output_text(struct bytes text) MUST_CHECK;

/* Writes value as one line of JSON. Borrows value. */
enum cli_exit cli_output_json(const json_t *value) MUST_CHECK;

#endif
