/* --env-file FILE: settings from a file of NAME=value lines, for every command of the server. */
#ifndef LETTERLOCK_APP_ENV_FILE_H
#define LETTERLOCK_APP_ENV_FILE_H

#include "base/arena.h"

#include <stdbool.h>

#define ENV_FILE_MAX_BYTES ((size_t)64 << 10)

struct env_setting {
    const char *name;
    const char *value;
};

/* What a file says, in its order; a name may come twice, and then its last value counts. */
struct env_file {
    struct env_setting *settings;
    size_t count;
    size_t line;       /* on failure: the faulty one, from 1 */
    const char *fault; /* on failure: what is wrong with it; never a part of the file */
};

/* Reads text where systemd's EnvironmentFile= (systemd.exec(5)) and Docker Compose's env_file read
 * the same: NAME=value, blank lines, lines that begin with '#'; a value may stand between single or
 * double quotes. False, with line and fault set, for what one of the two reads in another way.
 * Settings live in the arena. */
bool env_file_parse(struct bytes text, struct arena *arena, struct env_file *out);

/* Takes "--env-file FILE" (or "--env-file=FILE"; "-" is standard input) out of the command line,
 * when it is there, and puts the file's settings into the process environment; variables that are
 * set already keep their values. To be called before any thread is there. False, with a message on
 * standard error, when the option, the file or a line of it is faulty; nothing is set then. */
bool env_file_take(int *argc, char **argv);

#endif
